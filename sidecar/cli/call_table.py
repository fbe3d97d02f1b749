"""Calls for people: a line each, or one call in full."""

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from sidecar.cli.decisions import in_words
from sidecar.cli.moments import clock_time, gone_after, ran_on_for
from sidecar.cli.money import orphaned, spend
from sidecar.cli.output import printable
from sidecar.cli.row_table import Column, filled, print_facts, print_rows
from sidecar.cli.rows import call_row
from sidecar.lifecycle.record import CallRecord

STARTED: Final = "STARTED (UTC)"
OPEN: Final = "open"

STYLES = {
    "orphan": "yellow", "undelivered": "yellow", "upstream_failed": "red", "lost": "red", "rescued": "green", "joined": "green",
}  # fmt: skip


def print_calls(records: Sequence[CallRecord], file: TextIO) -> None:
    """A line for each call, and what the marks mean if there are any."""
    if records:
        print_rows(records, COLUMNS, _style_of, file)
    else:
        file.write("no calls\n")


def print_call(record: CallRecord, file: TextIO) -> None:
    """Everything known of one call, a column of the ledger a line."""
    print_facts(_facts(record), file)


def _facts(record: CallRecord) -> Iterator[tuple[str, object]]:
    """The columns that hold something, the durations that people would work out from them, and what was decided in words."""
    yield from filled(call_row(record))
    if record.outcome is None:
        yield "outcome", OPEN
    decided = in_words(record.decision, record.decision_reason)
    followed = (("left after", _left_after(record)), ("then", decided), ("ran on for", _ran_on_for(record)))
    for name, text in followed:
        if text:
            yield name, text


def _left_after(record: CallRecord) -> str:
    return gone_after(record.started_at, record.left_at)


def _ran_on_for(record: CallRecord) -> str:
    return ran_on_for(record.left_at, record.finished_at)


def _outcome(record: CallRecord) -> str:
    return record.outcome or OPEN


def _style_of(record: CallRecord) -> str | None:
    outcome = _outcome(record)
    return STYLES.get(outcome.partition("_")[0], STYLES.get(outcome))


COLUMNS: Final[Sequence[Column[CallRecord]]] = (
    Column(STARTED, lambda call: clock_time(call.started_at)),
    Column("MODEL", lambda call: printable(call.model), gives_way=True),
    Column("OUTCOME", _outcome),
    Column("LEFT AFTER", _left_after, is_number=True, needs_room=True),
    Column("RAN ON FOR", _ran_on_for, is_number=True, needs_room=True),
    Column("SPEND USD", spend, is_number=True),
    Column("ORPHANED", orphaned, is_number=True),
    Column("CALL", lambda call: call.id),
)
