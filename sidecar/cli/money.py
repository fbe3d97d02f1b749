"""Money for people: six decimals, aligned, marked where it is not exact. Machines get the exact amount elsewhere."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from sidecar.metering.basis import Basis

SMALLEST_SHOWN = Decimal("0.000001")
MARKS = {"estimated": "~", "at_least": ">="}
LEGEND = "~ estimated   >= at least: the end of the reply was never seen"


class Billed(Protocol):
    """What calls and operations alike are known to have cost, in US dollars."""

    spend_usd: Decimal | None
    orphaned_usd: Decimal | None
    basis: str | None
    unpriced_reason: str | None


def amount(usd: Decimal | None, basis: str | None = None) -> str:
    """An amount with six decimals: `0.012346`, `~0.012346`, `<0.000001`; empty when there is none."""
    if usd is None:
        return ""
    mark = MARKS.get(basis or "", "")
    if 0 < usd < SMALLEST_SHOWN / 2:
        return f"{mark}<{SMALLEST_SHOWN}"
    return f"{mark}{usd:.6f}"  # half to even, and of any length, where `quantize` raises past 28 digits


def in_words(usd: Decimal) -> str:
    """Money in a sentence: four decimals, more where it is small."""
    return f"{usd:.4f} USD" if usd >= Decimal("0.001") or not usd else f"{amount(usd)} USD"


def percent(part: Decimal, whole: Decimal) -> str:
    """A share: `14.1 %`. `0 %` and `100 %` only when it is exactly so."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if share in (0, 100):
        return f"{share:.0f} %"
    return f"{min(max(share, Decimal('0.1')), Decimal('99.9')):.1f} %"


def spend(billed: Billed) -> str:
    """The bill, or that there is none although there may have been work."""
    if billed.spend_usd is None:
        return "unpriced" if billed.unpriced_reason else ""
    return amount(billed.spend_usd, billed.basis)


def orphaned(billed: Billed) -> str:
    """The part of the bill that nobody received; nothing for 0, so that the others stand out."""
    return amount(billed.orphaned_usd, billed.basis) if billed.orphaned_usd else ""


def legend(shown: Iterable[Billed]) -> str:
    """What the marks before amounts mean, to stand below a table; empty where none of them stands."""
    has_marks = any(each.spend_usd is not None and each.basis not in {None, Basis.EXACT} for each in shown)
    return f"\n{LEGEND}\n" if has_marks else ""
