"""One bill: the operations of the ledger in the same report as the calls, added up by the same sums.

Calls and operations have rows of their own, so nothing is counted twice: a request that opens an operation is no call.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, localcontext
from typing import Any, Final

from sidecar.ledger.contract import By, ReportLine
from sidecar.ledger.questions import DAY
from sidecar.ledger.totals import EXACT, Facts, add_up
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationRecord


class BillLine(ReportLine, frozen=True, kw_only=True):
    """Sums over calls and operations that have something in common.

    `calls` are calls alone; `delivered`, `orphaned`, `open`, `unpriced` and all money are of both. An operation is `delivered`
    when its caller fetched the result.
    """

    operations: int = 0
    """All of them, settled or not."""


FIGURES: Final = (
    "calls",
    "operations",
    *(name for name in ReportLine.__struct_fields__ if name not in {"key", "calls"}),
)
"""What is summed, in the order in which it is shown."""

_KEYS: Final[Mapping[By, Callable[[OperationRecord], Any]]] = {
    By.MODEL: lambda record: record.served_model or record.model,
    By.CALLER: lambda record: record.caller,
    By.UPSTREAM: lambda record: record.upstream,
    By.KIND: lambda record: record.kind.value,
    By.OUTCOME: lambda record: record.outcome,
    By.DAY: lambda record: record.opened_at // DAY,
}


def bill(calls: Iterable[ReportLine], operations: Iterable[OperationRecord], by: By) -> list[BillLine]:
    """The lines of a report over both, in the order of a report over calls."""
    lines: dict[str | None, list[BillLine]] = {}
    for line in (*map(_of_calls, calls), *_of_operations(operations, by)):
        lines.setdefault(line.key, []).append(line)
    return sorted((total_of(group, key) for key, group in lines.items()), key=_day if by is By.DAY else _loss)


def total_of(lines: Iterable[BillLine], key: str | None = None) -> BillLine:
    """The sums of sums. Every call and operation is in one line, so nothing is counted twice."""
    lines = tuple(lines)
    with localcontext(EXACT):  # the default of 28 digits may round a sum of long fractions
        return BillLine(key=key, **{name: _sum(name, lines) for name in FIGURES})


def _sum(name: str, lines: tuple[BillLine, ...]) -> Any:  # noqa: ANN401  a count, seconds or money: as the figure is
    return sum((getattr(line, name) for line in lines), Decimal(0) if name.endswith("_usd") else 0)


def _of_calls(line: ReportLine) -> BillLine:
    return BillLine(**{name: getattr(line, name) for name in ReportLine.__struct_fields__})


def _of_operations(operations: Iterable[OperationRecord], by: By) -> Iterator[BillLine]:
    key = _KEYS[by]
    for line in add_up((_facts(key(record), record) for record in operations), by):
        figures = {name: getattr(line, name) for name in ReportLine.__struct_fields__}
        yield BillLine(**{**figures, "calls": 0, "operations": line.calls})


def _facts(key: object, record: OperationRecord) -> Facts:
    """An operation in the words of a call's sums: who lost it, and from when to when it ran for nobody."""
    return (
        key,
        _as_outcome(record),
        record.opened_at,
        _lost_at(record),
        record.ended_at,
        _text(record.spend_usd),
        _text(record.orphaned_usd),
        _text(record.avoidable_usd),
        record.basis,
        record.unpriced_reason,
    )


def _as_outcome(record: OperationRecord) -> str | None:
    if record.outcome is None:
        return None
    if is_lost(record):
        return Outcome.ORPHAN_FINISHED
    return Outcome.DELIVERED if record.outcome == OperationState.SUCCEEDED else record.outcome


def is_lost(record: OperationRecord) -> bool:
    """Whether an operation's caller was gone, or never fetched what was billed; settled or not."""
    return bool(record.orphaned_usd) or (record.lapsed_at is not None and record.claimed_at is None)


def _lost_at(record: OperationRecord) -> int | None:
    """When nobody was there any more: of a result that was never fetched, when it was ready."""
    if not is_lost(record):
        return None
    return record.lapsed_at or record.ended_at or record.opened_at


def _text(usd: Decimal | None) -> str | None:
    return None if usd is None else str(usd)


def _day(line: BillLine) -> str:
    return line.key or ""


def _loss(line: BillLine) -> tuple[Decimal, Decimal, int, str]:
    return (-line.orphaned_usd, -line.spend_usd, -line.calls - line.operations, line.key or "")
