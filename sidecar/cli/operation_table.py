"""Operations for people: a line each, or one operation in full with its history."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from sidecar.cli.call_table import WIDE
from sidecar.cli.moments import clock_time, duration
from sidecar.cli.money import LEGEND, amount
from sidecar.cli.operation_rows import operation_row
from sidecar.cli.output import console_on, new_table, print_table, printable
from sidecar.clock import seconds_between
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.metering.basis import Basis

OPENED = "OPENED (UTC)"
STYLES = {"orphaned": "yellow", "cancelling": "yellow", "untraceable": "red", "abandoned": "red", "failed": "red"}


def print_operations(records: Sequence[OperationRecord], file: TextIO) -> None:
    """A line for each operation, and what the marks mean if there are any."""
    if not records:
        file.write("no operations\n")
        return
    is_wide = console_on(file).width >= WIDE
    table = new_table()
    table.add_column(OPENED, no_wrap=True)
    table.add_column("KIND", no_wrap=True)
    table.add_column("MODEL", overflow="ellipsis")
    table.add_column("STATE", no_wrap=True)
    for head in (*(("GONE AFTER", "RAN ON FOR") if is_wide else ()), "SPEND USD", "ORPHANED"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("OPERATION", no_wrap=True)
    for record in records:
        times = (gone_after(record), ran_on_for(record)) if is_wide else ()
        table.add_row(
            clock_time(record.opened_at), record.kind, printable(record.model), record.state, *times, spend(record),
            orphaned(record), record.id, style=STYLES.get(record.state),
        )  # fmt: skip
    print_table(table, file)
    if any(record.spend_usd is not None and record.basis not in {None, Basis.EXACT} for record in records):
        file.write(f"\n{LEGEND}\n")


def print_operation(record: OperationRecord, moves: Sequence[OperationMove], file: TextIO) -> None:
    """Everything known of one operation, a column of the ledger a line, and then how it came to be so."""
    table = new_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in _facts(record):
        table.add_row(name, printable(str(value)))
    print_table(table, file)
    if moves:
        file.write("\n")
        _print_moves(moves, file)


def _print_moves(moves: Sequence[OperationMove], file: TextIO) -> None:
    table = new_table()
    for head in ("AT (UTC)", "EVENT", "STATE", "EVIDENCE"):
        table.add_column(head, no_wrap=head != "EVIDENCE")
    for move in moves:
        table.add_row(clock_time(move.at), move.event, move.state, printable(move.evidence))
    print_table(table, file)


def _facts(record: OperationRecord) -> Iterator[tuple[str, object]]:
    """The columns that hold something, and the durations that people would work out from them."""
    for name, value in operation_row(record).items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        elif value not in (None, ""):
            yield name, value
    for name, text in (("gone after", gone_after(record)), ("ran on for", ran_on_for(record))):
        if text:
            yield name, text


def gone_after(record: OperationRecord) -> str:
    """From the operation's opening to its caller being found gone."""
    return "" if record.lapsed_at is None else duration(seconds_between(record.opened_at, record.lapsed_at))


def ran_on_for(record: OperationRecord) -> str:
    """From its caller being found gone to its end, where the work went on and its end was seen."""
    if record.lapsed_at is None or record.ended_at is None or record.ended_at <= record.lapsed_at:
        return ""
    return duration(seconds_between(record.lapsed_at, record.ended_at))


def spend(record: OperationRecord) -> str:
    """The bill, or that there is none although there may have been work."""
    if record.spend_usd is None:
        return "unpriced" if record.unpriced_reason else ""
    return amount(record.spend_usd, record.basis)


def orphaned(record: OperationRecord) -> str:
    """The part of the bill that nobody received; nothing for 0, so that the others stand out."""
    return amount(record.orphaned_usd, record.basis) if record.orphaned_usd else ""
