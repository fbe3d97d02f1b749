"""The sums of a page as the fields of one log line, for the end: where nobody scrapes the last page, the log still has it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from math import fsum
from typing import Final

from sidecar.metering.money import plain
from sidecar.telemetry import metrics
from sidecar.telemetry.family import Family
from sidecar.telemetry.money import DELIVERED, ORPHANED
from sidecar.telemetry.series import FrozenFamily

BILLIONTH: Final = Decimal("1e-9")
"""Of a dollar. The page's sums are floats: the digits behind are theirs and nobody's bill. (The ledger's are exact.)"""
_WIDE: Final = Context(prec=400)
"""A float may be so long, and rounding must not raise."""
AMOUNTS: Final = {
    "avoidable_usd": metrics.AVOIDABLE_SPEND,
    "rescued_usd": metrics.RESCUED_SPEND,
    "would_rescue_usd": metrics.WOULD_RESCUE_SPEND,
    "reclaimed_usd": metrics.RECLAIMED_SPEND,
    "avoided_usd": metrics.AVOIDED_SPEND,
    "regretted_usd": metrics.REGRETTED_SPEND,
}


def totals_of(families: Iterable[FrozenFamily]) -> dict[str, object]:
    """Calls and operations settled by outcome, those still open, the money in US dollars as decimal text, what has no price."""
    by_name = {frozen.family.name: frozen for frozen in families}

    def sums(family: Family, label: str = "") -> Mapping[str, float]:
        return _sums(by_name[family.name], label)

    spend = sums(metrics.SPEND, "fate")
    return {
        "calls": _counts(sums(metrics.CALLS_SETTLED, "outcome")),
        "calls_in_flight": int(sums(metrics.CALLS_IN_FLIGHT)[""]),
        "operations": _counts(sums(metrics.OPERATIONS_SETTLED, "outcome")),
        "operations_open": int(sums(metrics.OPERATIONS_OPEN)[""]),
        "spend_usd": {fate: _dollars(spend[fate]) for fate in (DELIVERED, ORPHANED)},
        **{name: _dollars(sums(family)[""]) for name, family in AMOUNTS.items()},
        "unpriced": _counts(sums(metrics.UNPRICED, "reason")),
    }


def _sums(frozen: FrozenFamily, label: str) -> Mapping[str, float]:
    """The sum of a family's numbers for each value of a label; under the empty text the sum of all, where no label is named."""
    place = frozen.family.labels.index(label) if label else None
    parts: defaultdict[str, list[float]] = defaultdict(list)
    for labels, value in frozen.children:
        if isinstance(value, int | float):
            parts["" if place is None else labels[place]].append(value)
    return defaultdict(float, {name: fsum(values) for name, values in parts.items()})


def _counts(sums: Mapping[str, float]) -> dict[str, int]:
    return {name: int(count) for name, count in sums.items() if count}


def _dollars(amount: float) -> str:
    return plain(Decimal(amount).quantize(BILLIONTH, context=_WIDE))
