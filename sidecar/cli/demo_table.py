"""The demo's live table: a line for each caller, calls above and operations below, as far as their story has come."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from sidecar.cli.demo_bill import ZERO, counted, usd
from sidecar.cli.output import new_table, printable
from sidecar.cli.performance import Performance, settles
from sidecar.cli.stage import Row
from sidecar.simulator.cast import BY_SIGNAL, Ending, Role, Work

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

WIDE: Final = 100
"""Columns from which on there is room for everything."""
IDLE_WORDS: Final = ("gemini-", "claude-", "-generate-preview")
"""Parts of models' names that say nothing here."""
OPERATION_WORDS: Final = {
    "opening": "opening",
    "running": "running",
    "cancelling": "[yellow]cancelling",
    "cancelled": "[green]cancelled",
    "succeeded": "finished",
}


def demo_table(
    performance: Performance, bill: Mapping[str, Sequence[Row]], width: int, rows: int | None = None
) -> "Table":
    """The table for a terminal of so many columns; with `rows`, no more of them: who has settled first gives way."""
    is_wide = width >= WIDE
    table = new_table()
    table.padding = (0, 1, 0, 0)
    for title in ("caller", "work", "the caller", "outcome"):
        table.add_column(title, no_wrap=True)
    for title in ("on for", "spend", "orphaned", "bill") if is_wide else ("spend", "orphaned"):
        table.add_column(title, justify="right", no_wrap=True)
    shown = _fitting(performance, rows)
    for is_call in (True, False):
        for role in shown:
            if role.work.is_call is is_call:
                cells = list(_cells(performance, role, bill.get(role.name, ())))
                table.add_row(*map(_colored, cells if is_wide else [*cells[:4], *cells[5:7]]))
        if is_call and any(role.work.is_call for role in shown):
            table.add_row()
    return table


def _colored(cell: str) -> "Text":
    """A cell whose marks of color are Rich's; the console itself minds no marks, because names come from requests."""
    from rich.text import Text

    return Text.from_markup(cell)


def _fitting(performance: Performance, rows: int | None) -> Sequence[Role]:
    entered = performance.entered
    spare = 0 if rows is None else len(entered) - rows
    settled = [role for role in entered if role.work.is_call and _is_settled(performance, role)][: max(0, spare)]
    return [role for role in entered if role not in settled]


def _is_settled(performance: Performance, role: Role) -> bool:
    return len(performance.stage.settled.get(role.name, ())) >= settles(role)


def _cells(performance: Performance, role: Role, entries: Sequence[Row]) -> Iterator[str]:
    settled = performance.stage.settled.get(role.name, [])
    yield role.name
    yield _work(role)
    yield story(role, role.name in performance.vanished)
    yield call_state(performance, role, settled) if role.work.is_call else operation_state(performance, role, settled)
    orphaned = counted(settled, "orphaned_usd")
    seconds = max((row.get("orphaned_seconds") or 0.0 for row in settled), default=0.0)
    yield f"{seconds:.1f} s" if seconds and orphaned else ""
    yield usd(counted(settled, "spend_usd")) if settled else ""
    yield f"[red]{usd(orphaned)}" if orphaned else ""
    yield usd(sum((Decimal(entry["usd"]) for entry in entries), ZERO)) if entries else ""


def _work(role: Role) -> str:
    model = role.model
    for word in IDLE_WORDS:
        model = model.replace(word, "")
    kind = f"batch, lease {role.lease_seconds} s" if role.work is Work.LEASED_BATCH else role.work
    return f"{model} {kind}{f' x{len(role.scripts)}' if len(role.scripts) > 1 else ''}"


def story(role: Role, has_vanished: bool) -> str:
    """What the caller has done so far: nobody tells beforehand who will vanish."""
    if role.ending is Ending.STAYS or not has_vanished:
        return "is there"
    if role.ending is Ending.RESTARTED:
        return "kill -9, starts anew"
    if role.ending is Ending.RETRIES:
        return f"timeout {role.leaves_after_seconds:.1f} s, retries"
    return f"{role.ending} {'at' if role.ending in BY_SIGNAL else 'after'} {role.leaves_after_seconds:.1f} s"


def call_state(performance: Performance, role: Role, settled: Sequence[Row]) -> str:
    """The outcome, or how the call stands."""
    live = performance.in_flight.get(role.name)
    if len(settled) < settles(role):
        if live is None:
            return "in flight"
        words = {"orphaned": "[yellow]orphaned", "shelved": "[yellow]waits for a retry"}
        return words.get(live["attachment"], "in flight")
    outcomes = [printable(row["outcome"]) for row in settled]
    if "rescued" in outcomes:
        return "[green]rescued"
    return f"{'[red]' if counted(settled, 'orphaned_usd') else '[green]'}{' '.join(outcomes)}"


def operation_state(performance: Performance, role: Role, settled: Sequence[Row]) -> str:
    """What became of a caller's operations, or how they stand."""
    if len(settled) >= settles(role):
        return _ended(settled)
    states = Counter(_operation_word(row) for row in performance.operations.get(role.name, ()))
    if len(states) == 1:
        return next(iter(states))
    return ", ".join(f"{count} {word}" for word, count in states.items()) or "opening"


def _operation_word(row: Row) -> str:
    if row["state"] != "orphaned":
        return OPERATION_WORDS.get(row["state"], str(row["state"]))
    if row["cancel_result"] == "unsupported":
        return "[red]orphaned, no cancel"
    return "[yellow]orphaned" + ("" if row["kind"] == "batch" and not row["is_lease_asked"] else ", in its grace")


def _ended(settled: Sequence[Row]) -> str:
    last = settled[-1]
    if last["outcome"] == "cancelled":
        return "[green]cancelled"
    if last.get("cancel_result") == "unsupported":
        return "[red]cancel unsupported"
    return "[red]finished, not fetched" if counted(settled, "orphaned_usd") else "[green]finished, fetched"
