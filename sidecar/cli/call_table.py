"""Calls for people: a line each, or one call in full."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TextIO

from sidecar.cli.moments import clock_time, duration
from sidecar.cli.money import LEGEND, amount
from sidecar.cli.output import console_on, new_table, print_table, printable
from sidecar.cli.rows import call_row
from sidecar.clock import seconds_between
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.basis import Basis

WIDE = 118
"""Columns from which on there is room for when the caller left and how long the work ran on."""

STARTED = "STARTED (UTC)"

STYLES = {"orphan": "yellow", "undelivered": "yellow", "upstream_failed": "red", "lost": "red"}


def print_calls(records: Sequence[CallRecord], file: TextIO) -> None:
    """A line for each call, and what the marks mean if there are any."""
    if not records:
        file.write("no calls\n")
        return
    console = console_on(file)
    is_wide = console.width >= WIDE
    table = new_table()
    table.add_column(STARTED, no_wrap=True)
    table.add_column("MODEL", overflow="ellipsis")
    table.add_column("OUTCOME", no_wrap=True)
    for head in ("LEFT AFTER", "RAN ON FOR") if is_wide else ():
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("SPEND USD", "ORPHANED"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("CALL", no_wrap=True)
    for record in records:
        times = (left_after(record), ran_on_for(record)) if is_wide else ()
        outcome = record.outcome or "open"
        table.add_row(
            clock_time(record.started_at), printable(record.model), outcome, *times, spend(record), orphaned(record), record.id,
            style=STYLES.get(outcome.partition("_")[0], STYLES.get(outcome)),
        )  # fmt: skip
    print_table(table, file)
    print_legend(records, file)


def print_legend(records: Iterable[CallRecord], file: TextIO) -> None:
    """What the marks before amounts mean, where any of them stands."""
    if any(record.spend_usd is not None and record.basis not in {None, Basis.EXACT} for record in records):
        file.write(f"\n{LEGEND}\n")


def print_call(record: CallRecord, file: TextIO) -> None:
    """Everything known of one call, a column of the ledger a line."""
    table = new_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in _facts(record):
        table.add_row(name, printable(str(value)))
    print_table(table, file)


def _facts(record: CallRecord) -> Iterator[tuple[str, object]]:
    """The columns that hold something, and the durations that people would work out from them."""
    for name, value in call_row(record).items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        elif value is not None:
            yield name, value
    if record.outcome is None:
        yield "outcome", "open"
    for name, text in (("left after", left_after(record)), ("ran on for", ran_on_for(record))):
        if text:
            yield name, text


def left_after(record: CallRecord) -> str:
    """From the call's start to its caller's leaving."""
    return "" if record.left_at is None else duration(seconds_between(record.started_at, record.left_at))


def ran_on_for(record: CallRecord) -> str:
    """From the caller's leaving to the end of the provider's work, where the work went on and its end was seen."""
    if record.left_at is None or record.finished_at is None or record.finished_at <= record.left_at:
        return ""
    return duration(seconds_between(record.left_at, record.finished_at))


def spend(record: CallRecord) -> str:
    """The bill, or that there is none although there may have been work."""
    if record.spend_usd is None:
        return "unpriced" if record.unpriced_reason else ""
    return amount(record.spend_usd, record.basis)


def orphaned(record: CallRecord) -> str:
    """The part of the bill that nobody received; nothing for 0, so that the others stand out."""
    return amount(record.orphaned_usd, record.basis) if record.orphaned_usd else ""
