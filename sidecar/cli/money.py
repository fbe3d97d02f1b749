"""Money for people: six decimals, aligned, marked where it is not exact. Machines get the exact amount elsewhere."""

from decimal import ROUND_HALF_EVEN, Decimal

SMALLEST_SHOWN = Decimal("0.000001")
MARKS = {"estimated": "~", "at_least": ">="}
LEGEND = "~ estimated   >= at least: the end of the reply was never seen"


def amount(usd: Decimal | None, basis: str | None = None) -> str:
    """An amount with six decimals: `0.012346`, `~0.012346`, `<0.000001`; empty when there is none."""
    if usd is None:
        return ""
    mark = MARKS.get(basis or "", "")
    if 0 < usd < SMALLEST_SHOWN / 2:
        return f"{mark}<{SMALLEST_SHOWN}"
    return f"{mark}{usd.quantize(SMALLEST_SHOWN, ROUND_HALF_EVEN)}"


def percent(part: Decimal, whole: Decimal) -> str:
    """A share: `14.1 %`. `0 %` and `100 %` only when it is exactly so."""
    if not whole:
        return "0 %"
    share = 100 * part / whole
    if share in (0, 100):
        return f"{share:.0f} %"
    return f"{min(max(share, Decimal('0.1')), Decimal('99.9')):.1f} %"
