"""Examples beside the buckets of a histogram: the one call or operation behind a figure, so that a person can look it up.

Built here and nowhere else. OpenMetrics lets an example's label names and values have 128 characters together; the metrics
library raises only while it renders, and the page would be lost for good.
"""

import re
from typing import Final

from prometheus_client.samples import Exemplar

LONGEST_EXEMPLAR: Final = 128
"""Characters (UTF-8 code points, not bytes) of an example's label names and values together."""
TRACE_ID: Final = re.compile("(?!0{32})[0-9a-f]{32}")
"""W3C Trace Context, section 3.2.2.3: 16 bytes in lower-case hex, not all zeros."""


def naming(name: str, id: str, trace_id: str = "") -> dict[str, str]:
    """The labels of an example: the trace where it is known, as Grafana opens it by its id, else the own id under `name`."""
    return {"trace_id": trace_id} if TRACE_ID.fullmatch(trace_id) else {name: id}


def trace_id_in(traceparent: str | None) -> str:
    """The trace id in a `traceparent`, behind its version. Whether what stands there is one, `naming` judges."""
    return (traceparent or "")[3:35]


def exemplar_of(labels: dict[str, str], amount: float, at_seconds: float) -> Exemplar | None:
    """An example with these labels, observed at a moment in Unix seconds; None when it could not be scraped."""
    length = sum(len(name) + len(text) for name, text in labels.items())
    is_clean = all(text.isprintable() for text in labels.values())  # no lone surrogates, which have no UTF-8
    return Exemplar(labels, amount, at_seconds) if is_clean and length <= LONGEST_EXEMPLAR else None
