"""Operations for people: a line each, or one operation in full with its history."""

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from sidecar.cli.moments import clock_time, gone_after, ran_on_for
from sidecar.cli.money import orphaned, spend
from sidecar.cli.operation_rows import operation_row
from sidecar.cli.output import new_table, print_table, printable
from sidecar.cli.row_table import Column, filled, print_facts, print_rows
from sidecar.lifecycle.operation_record import OF_THE_REAPER, OperationMove, OperationRecord

STYLES = {"orphaned": "yellow", "cancelling": "yellow", "untraceable": "red", "abandoned": "red", "failed": "red"}


def print_operations(records: Sequence[OperationRecord], file: TextIO) -> None:
    """A line for each operation, and what the marks mean if there are any."""
    if records:
        print_rows(records, COLUMNS, _style_of, file)
    else:
        file.write("no operations\n")


def print_operation(record: OperationRecord, moves: Sequence[OperationMove], file: TextIO) -> None:
    """What is known of one operation, a column of the ledger a line, and then how it came to be so."""
    print_facts(_facts(record), file)
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
    """The columns that say something, and the durations that people would work out from them.

    A count of 0, a no and an empty text say nothing here: 0 pieces asked for are none that were told. Money is text, so that
    0 dollars stay. What its reaper works by is of no use to anybody once it has settled.
    """
    hidden: frozenset[str] = frozenset() if record.settled_at is None else OF_THE_REAPER
    yield from ((name, value) for name, value in filled(operation_row(record)) if value and name not in hidden)
    for name, text in (("gone after", _gone_after(record)), ("ran on for", _ran_on_for(record))):
        if text:
            yield name, text


def _gone_after(record: OperationRecord) -> str:
    return gone_after(record.opened_at, record.lapsed_at)


def _ran_on_for(record: OperationRecord) -> str:
    return ran_on_for(record.lapsed_at, record.ended_at)


def _style_of(record: OperationRecord) -> str | None:
    return STYLES.get(record.state)


COLUMNS: Final[Sequence[Column[OperationRecord]]] = (
    Column("OPENED (UTC)", lambda operation: clock_time(operation.opened_at)),
    Column("KIND", lambda operation: operation.kind),
    Column("MODEL", lambda operation: printable(operation.model), gives_way=True),
    Column("STATE", lambda operation: operation.state),
    Column("GONE AFTER", _gone_after, is_number=True, needs_room=True),
    Column("RAN ON FOR", _ran_on_for, is_number=True, needs_room=True),
    Column("SPEND USD", spend, is_number=True),
    Column("ORPHANED", orphaned, is_number=True),
    Column("OPERATION", lambda operation: operation.id),
)
