"""PromQL as the pages write it, and as Grafana asks it.

A page names metrics without the variables' matchers, which are the same everywhere: `scoped` puts them into every selector,
as far as the family has the label. A name that is not in the catalogue is an error when the dashboards are written.
"""

import re
from collections.abc import Iterator

from sidecar.telemetry.metrics import CATALOGUE

TARGET_LABELS = ("job", "instance")
"""Every scraped series has them, so every selector is narrowed by them."""
FOREIGN = (
    "up",
    "process_start_time_seconds",
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "process_open_fds",
    "process_max_fds",
)
"""What is not ours and is on the page or made by the scrape; no labels but the target's."""
HISTOGRAM_SUFFIXES = ("_bucket", "_sum", "_count")

_GROUPING = r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)"
_NAME = r"(?P<name>\b[a-z_]+\b)(?P<matchers>\{[^{}]*\})?"
TOKEN = re.compile(f"{_GROUPING}|{_NAME}")


def labels_by_name() -> dict[str, tuple[str, ...]]:
    """The labels of everything that may be asked for, by the sample's name; the bound `le` and the target's are left out."""
    found: dict[str, tuple[str, ...]] = dict.fromkeys(FOREIGN, ())
    for family in CATALOGUE:
        suffixes = HISTOGRAM_SUFFIXES if family.type == "histogram" else ("",)
        found |= {f"{family.name}{suffix}": family.labels for suffix in suffixes}
    return found


LABELS = labels_by_name()


def metrics_in(expr: str) -> Iterator[str]:
    """The names of the metrics that an expression asks for, as often as it does."""
    for found in TOKEN.finditer(expr):
        name = found["name"]
        if name in LABELS:
            yield name


def scoped(expr: str, filters: tuple[str, ...] = ()) -> str:
    """The expression with the matchers of the dashboard's variables in every selector.

    `filters` are the dashboard's variables beside job and instance; those that a family has no label for do not narrow it.

    Raises:
        LookupError: the catalogue has no family of that name.
    """
    return TOKEN.sub(lambda found: _scoped_selector(found, filters), expr)


def _scoped_selector(found: re.Match[str], filters: tuple[str, ...]) -> str:
    name, own = found["name"], (found["matchers"] or "{}")[1:-1]
    if name is None or name not in LABELS:
        if name is not None and name.startswith("inference_sidecar_"):
            raise LookupError(f"no family has the name {name}")
        return found[0]
    shared = [*TARGET_LABELS, *(label for label in filters if label in LABELS[name])]
    matchers = ", ".join([*(f'{label}=~"${label}"' for label in shared), *filter(None, [own])])
    return f"{name}{{{matchers}}}"


# === the few shapes that nearly all panels have ===


def of_sidecars(foreign: str, sidecars: str = "inference_sidecar_build_info") -> str:
    """Of what every process and every target has (`process_*`, `up`), that of the sidecars: All jobs means all of Prometheus."""
    return f"{foreign} and on (job, instance) {sidecars}"


def summed(expr: str, by: str = "") -> str:
    """The sum, over everything or by labels."""
    return f"sum by ({by}) ({expr})" if by else f"sum({expr})"


def rate(counter: str, by: str = "") -> str:
    """What a counter grows by in a second."""
    return summed(f"rate({counter}[$__rate_interval])", by)


def per_minute(counter: str, by: str = "") -> str:
    """What a counter of events grows by in a minute: departures are too rare to be read by the second."""
    return f"60 * {rate(counter, by)}"


def per_hour(counter: str, by: str = "") -> str:
    """What a counter of dollars or seconds grows by in an hour."""
    return f"3600 * {rate(counter, by)}"


def over_range(counter: str, by: str = "") -> str:
    """What a counter grew by in the time range that is looked at.

    A total over the range, hence `$__range` and not `$__rate_interval`. `increase` extrapolates to the range's edges, so that
    it is near the truth and not equal to it; the ledger has the exact sum.
    """
    return summed(f"increase({counter}[$__range])", by)


def quantile(share: float, histogram: str, by: str = "") -> str:
    """A quantile of a histogram's observations, told from its buckets; `histogram` may carry matchers."""
    bounds = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, {rate(bucket_of(histogram), bounds)})"


def bucket_of(histogram: str) -> str:
    """The selector of a histogram's buckets."""
    name, brace, matchers = histogram.partition("{")
    return f"{name}_bucket{brace}{matchers}"


def ratio(part: str, whole: str) -> str:
    """A part of a whole; nothing, and not NaN, where there is no whole."""
    return f"{part} / ({whole} > 0)"
