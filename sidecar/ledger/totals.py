"""Sums over calls and operations while they are added up, and the lines they come to.

Money is added as Decimal, exactly; only the number of seconds is a float, once, at the end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from heapq import nsmallest
from typing import Any, Final, NamedTuple

from sidecar.clock import SECOND, rfc3339
from sidecar.ledger.bill import ZERO, BillLine
from sidecar.ledger.contract import OPEN, By
from sidecar.ledger.questions import DAY

# Wide enough for any sum of money; should a digit ever not fit, that is an error and not a rounding, as is what is no number.
EXACT: Final = Context(prec=100, traps=[Inexact, InvalidOperation])

MONEY: Final = tuple(name for name in BillLine.__struct_fields__ if name.endswith("_usd"))
COUNTS: Final = (
    *(name for name in BillLine.__struct_fields__ if name not in {"key", "orphaned_seconds", *MONEY}), "microseconds",
)  # fmt: skip
"""What is counted of every row; `microseconds` become `orphaned_seconds`."""
Sums = dict[str, Any]
"""A figure for each of these names, or for those of them that are not 0."""


class Added(NamedTuple):
    """All lines that were wanted, the rest in one, and all in one."""

    lines: list[BillLine]
    others: BillLine
    others_count: int
    total: BillLine


def add(sums: Sums, more: Mapping[str, Any]) -> None:
    """Take more into some sums. In the context `EXACT`."""
    for name, figure in more.items():
        if figure:
            sums[name] = sums.get(name, 0) + figure


def line_of(sums: Mapping[str, Any], key: str | None) -> BillLine:
    """The finished line."""
    figures = {name: sums.get(name, ZERO) for name in MONEY}
    counts = {name: sums.get(name, 0) for name in COUNTS if name != "microseconds"}
    return BillLine(key=key, orphaned_seconds=sums.get("microseconds", 0) / SECOND, **counts, **figures)


def add_up(groups: Iterable[tuple[Any, Sums]], by: By, top: int | None) -> Added:
    """The first lines, what the others come to, and the total; in no more memory than the first lines take.

    No key is in `groups` twice. Keys are as rows have them: days are numbers.
    """
    total: Sums = {}
    count = 0

    def counted() -> Iterator[tuple[Any, Sums]]:
        nonlocal count
        for key, sums in groups:
            count += 1
            add(total, sums)
            yield key, sums

    with localcontext(EXACT):
        first = _first(counted(), by, top)
        rest = dict(total)
        for _, sums in first:
            add(rest, {name: -figure for name, figure in sums.items()})
    lines = [line_of(sums, named(key, by)) for key, sums in first]
    return Added(lines, line_of(rest, None), count - len(lines), line_of(total, None))


def _first(groups: Iterable[tuple[Any, Sums]], by: By, top: int | None) -> Sequence[tuple[Any, Sums]]:
    order = _latest_day if by is By.DAY else _by_what_was_lost
    first = sorted(groups, key=order) if top is None else nsmallest(max(top, 1), groups, key=order)[:top]
    return first[::-1] if by is By.DAY else first


def named(key: Any, by: By) -> str | None:  # noqa: ANN401  as the column is
    """A key for people."""
    if by is By.DAY:
        return rfc3339(key * DAY).partition("T")[0]
    return OPEN if by is By.OUTCOME and key is None else key


def _latest_day(group: tuple[Any, Sums]) -> int:
    return -int(group[0])


def _by_what_was_lost(group: tuple[Any, Sums]) -> tuple[Decimal, Decimal, int, str]:
    key, sums = group
    count = sums.get("calls", 0) + sums.get("operations", 0)
    return -sums.get("orphaned_usd", ZERO), -sums.get("spend_usd", ZERO), -count, key or ""
