"""`sidecar report`: what was spent on calls and operations, what of it went to nobody, and the sentence that says so."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from heapq import nlargest
from itertools import chain
from typing import NamedTuple, TextIO

import msgspec

from sidecar.cli.call_table import STARTED
from sidecar.cli.moments import clock_time, ran_on_for
from sidecar.cli.money import amount, in_words, percent
from sidecar.cli.operation_sums import FIGURES, BillLine, bill, total_of
from sidecar.cli.output import new_table, print_table, printable, standard_output
from sidecar.cli.reading import operation_reader_of, reader_of
from sidecar.cli.rows import write_csv, write_object
from sidecar.cli.timeout_report import section, timeouts_object
from sidecar.clock import Moment, rfc3339
from sidecar.ledger.contract import By, CallQuery, LedgerReader
from sidecar.ledger.operations import OperationLedgerReader, OperationQuery
from sidecar.metering.money import plain

DEAREST = 5


class Orphan(NamedTuple):
    """A call or an operation of whose bill nobody got anything, or not all."""

    id: str
    started_at: Moment
    model: str
    ran_on_for: str
    usd: Decimal
    basis: str | None


def report(query: CallQuery, by: By, format: str, config: str | None, ledger: str | None) -> None:
    """Print the sums over the calls asked for, and over the operations of the same time."""
    calls, operations = reader_of(config, ledger), operation_reader_of(config, ledger)
    lines = bill(calls.report(query, by), operations.operations(_of_that_time(query)), by)
    with standard_output() as file:
        match format:
            case "json":
                found = timeouts_object(calls.timeouts(query))
                write_object({**_as_object(query, by, lines), "timeouts": found}, file)
            case "csv":
                write_csv(({by: line.key, **_figures(line)} for line in lines), (by, *FIGURES), file)
            case _:
                dearest, timeouts = dearest_orphans(calls, operations, query), calls.timeouts(query)
                print_report(lines, by, dearest, list(section(timeouts)), file)


def _of_that_time(query: CallQuery) -> OperationQuery:
    return OperationQuery(since=query.since, until=query.until)


def dearest_orphans(calls: LedgerReader, operations: OperationLedgerReader, query: CallQuery) -> list[Orphan]:
    """The calls and operations whose orphaned part cost most, dearest first."""
    found = chain(_orphaned_calls(calls, query), _orphaned_operations(operations, query))
    return nlargest(DEAREST, found, key=lambda orphan: orphan.usd)


def _orphaned_calls(reader: LedgerReader, query: CallQuery) -> Iterator[Orphan]:
    for each in reader.calls(msgspec.structs.replace(query, orphaned_only=True)):
        if each.orphaned_usd:
            time = ran_on_for(each.left_at, each.finished_at)
            yield Orphan(each.id, each.started_at, each.model, time, each.orphaned_usd, each.basis)


def _orphaned_operations(reader: OperationLedgerReader, query: CallQuery) -> Iterator[Orphan]:
    for each in reader.operations(_of_that_time(query)):
        if each.orphaned_usd:
            time = ran_on_for(each.lapsed_at, each.ended_at)
            yield Orphan(each.id, each.opened_at, each.model, time, each.orphaned_usd, each.basis)


def _figures(line: BillLine) -> Mapping[str, object]:
    """Everything but the key, for machines: money as an exact decimal string."""
    figures = {name: getattr(line, name) for name in FIGURES}
    return {name: plain(figure) if isinstance(figure, Decimal) else figure for name, figure in figures.items()}


def _as_object(query: CallQuery, by: By, lines: Sequence[BillLine]) -> Mapping[str, object]:
    return {
        "by": by,
        "since": None if query.since is None else rfc3339(query.since),
        "until": None if query.until is None else rfc3339(query.until),
        "lines": [{by: line.key, **_figures(line)} for line in lines],
        "total": _figures(total_of(lines)),
    }


def print_report(
    lines: Sequence[BillLine], by: By, dearest: Sequence[Orphan], timeouts: Sequence[str], file: TextIO
) -> None:
    """The table, the dearest orphans, the limits that ran out, and the closing sentences."""
    if not lines:
        file.write("no calls and no operations\n")
        return
    total = total_of(lines)
    _print_lines(lines, total, by, file)
    if dearest:
        file.write("\nDearest orphans\n")
        _print_dearest(dearest, file)
    if timeouts:
        file.write("\nTimeouts\n")
        file.writelines(f"{sentence}\n" for sentence in timeouts)
    file.write("\n")
    file.writelines(f"{sentence}\n" for sentence in closing(total))


def _print_lines(lines: Sequence[BillLine], total: BillLine, by: By, file: TextIO) -> None:
    table = new_table()
    table.add_column(by.upper(), overflow="ellipsis")
    has_operations = total.operations > 0
    counts = ("CALLS", "OPERATIONS") if has_operations else ("CALLS",)
    for head in (*counts, "ORPHANED", "SPEND USD", "ORPHANED USD", "SHARE", "AVOIDABLE USD", "UNPRICED"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(printable(line.key or "(unknown)"), *_cells(line, has_operations))
    if len(lines) > 1:
        table.add_row("total", *_cells(total, has_operations), style="bold")
    print_table(table, file)


def _cells(line: BillLine, has_operations: bool) -> tuple[str, ...]:
    mark = "estimated" if line.estimated_usd else None
    counts = (str(line.calls), str(line.operations)) if has_operations else (str(line.calls),)
    return (
        *counts,
        str(line.orphaned),
        amount(line.spend_usd, mark),
        amount(line.orphaned_usd),
        percent(line.orphaned_usd, line.spend_usd),
        amount(line.avoidable_usd),
        str(line.unpriced or ""),
    )


def _print_dearest(orphans: Sequence[Orphan], file: TextIO) -> None:
    table = new_table()
    for head in (STARTED, "MODEL", "RAN ON FOR", "ORPHANED USD", "ID"):
        is_number = head in {"RAN ON FOR", "ORPHANED USD"}
        table.add_column(head, justify="right" if is_number else "left", no_wrap=head != "MODEL", overflow="ellipsis")
    for orphan in orphans:
        usd = amount(orphan.usd, orphan.basis)
        table.add_row(clock_time(orphan.started_at), printable(orphan.model), orphan.ran_on_for, usd, orphan.id)
    print_table(table, file)


def closing(total: BillLine) -> list[str]:
    """The report in plain words."""
    # Two sentences: an answer that was finished and not handed over (`undelivered`) went to nobody too, and is no orphan.
    sentences = [f"{_orphaned_of(total)}. {_went_to_nobody(total)}."]
    if total.rescued:
        sentences.append(f"{_rescued(total)}.")
    if total.estimated_usd:
        sentences.append(f"~ {in_words(total.estimated_usd)} of the spend is estimated, or a lower bound.")
    if total.unpriced:
        sentences.append(f"{_counted(total.unpriced, total)} no known price or usage: not in these sums.")
    if total.open:
        sentences.append(f"{_counted(total.open, total)} not ended yet: not in these sums.")
    return sentences


def _rescued(total: BillLine) -> str:
    done = "1 call was rescued" if total.rescued == 1 else f"{total.rescued} calls were rescued"
    given = "its retry was given its answer" if total.rescued == 1 else "their retries were given their answers"
    return f"{done}: {given}" + (f", and {in_words(total.rescued_usd)} was not paid twice" if total.rescued_usd else "")


def _things(total: BillLine) -> Iterator[str]:
    """What the sums are over: `calls`, `operations`, or both."""
    if total.calls or not total.operations:
        yield "call"
    if total.operations:
        yield "operation"


def _counted(count: int, total: BillLine) -> str:
    if count == 1:
        return f"1 {' or '.join(_things(total))} has"
    return f"{count} {' and '.join(f'{thing}s' for thing in _things(total))} have"


def _orphaned_of(total: BillLine) -> str:
    things, count = list(_things(total)), total.calls + total.operations
    if count == 1:
        return f"The one {things[0]} was {'' if total.orphaned else 'not '}orphaned"
    named = " and ".join(f"{thing}s" for thing in things)
    return f"{total.orphaned or 'None'} of {count} {named} {'was' if total.orphaned == 1 else 'were'} orphaned"


def _went_to_nobody(total: BillLine) -> str:
    if not total.orphaned_usd:
        return f"Nothing of {in_words(total.spend_usd)} went to answers nobody received"
    share = percent(total.orphaned_usd, total.spend_usd)
    return f"{in_words(total.orphaned_usd)} of {in_words(total.spend_usd)} ({share}) went to answers nobody received"
