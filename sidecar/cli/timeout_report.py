"""What `sidecar report` says of callers that leave because a limit of their own ran out; all of it with `--timeouts`."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, TextIO

from msgspec.structs import asdict

from sidecar.cli.money import LEGEND, MARKS, amount, in_words, percent
from sidecar.cli.output import new_table, print_table, printable, standard_output
from sidecar.cli.reading import reader_of
from sidecar.cli.rows import Row, write_csv, write_object
from sidecar.clock import rfc3339
from sidecar.ledger.contract import CallQuery, TimeoutLine, TimeoutReport
from sidecar.ledger.timeouts import is_mismatch
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.metering.money import plain

MOST_IN_SECTION: Final = 5
"""Mismatches that stand in a report about something else."""
COLUMNS: Final = TimeoutLine.__struct_fields__
TEXTS: Final = ("UPSTREAM", "MODEL", "KIND")
NUMBERS: Final = ("LIMIT", "P90", "CALLS", "LEFT", "AT LIMIT", "SHARE", "ORPHANED USD", "REPEATS")


def report_timeouts(query: CallQuery, format: str, config: str | None, ledger: str | None) -> None:
    """Print how long callers say that they wait, against how long the provider takes."""
    found = reader_of(config, ledger).timeouts(query)
    with standard_output() as file:
        match format:
            case "json":
                ends = {"since": query.since, "until": query.until}
                moments = {name: None if end is None else rfc3339(end) for name, end in ends.items()}
                write_object({**moments, **timeouts_object(found)}, file)
            case "csv":
                write_csv(map(timeout_row, found.lines), COLUMNS, file)
            case _:
                print_timeouts(found, file)


def timeouts_object(report: TimeoutReport) -> Row:
    """The report, ready for JSON."""
    return {
        "days": report.days,
        "untold": report.untold,
        "told": report.told,
        "live": report.live,
        "lines": list(map(timeout_row, report.lines)),
    }


def timeout_row(line: TimeoutLine) -> Row:
    """A line, ready for JSON: money as an exact decimal string."""
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in asdict(line).items()}


def print_timeouts(report: TimeoutReport, file: TextIO) -> None:
    """Every limit that was told, and in words which of them ran out."""
    if report.lines:
        _print_lines(report.lines, file)
    else:
        file.write("no calls whose caller told how long it waits\n")
    sentences = [*map(sentence, _mismatches(report)), *_of_the_others(report)]
    if sentences:
        file.write("\n")
        file.writelines(f"{each}\n" for each in sentences)


def section(report: TimeoutReport) -> Iterator[str]:
    """What a report about something else says of it; nothing where no limit ran out."""
    mismatches = _mismatches(report)
    yield from map(sentence, mismatches[:MOST_IN_SECTION])
    if len(mismatches) > MOST_IN_SECTION:
        yield f"{len(mismatches) - MOST_IN_SECTION} more; `sidecar report --timeouts` shows all of them."
    if mismatches:
        yield from _of_the_others(report)


def _mismatches(report: TimeoutReport) -> Sequence[TimeoutLine]:
    return [line for line in report.lines if is_mismatch(line)]


def sentence(line: TimeoutLine) -> str:
    """One mismatch in plain words: the limit, what it is too short for, how often it runs out, and what that costs."""
    is_stream = line.kind == CallKind.STREAM
    who = f"{line.upstream} {line.model}{' streams' if is_stream else ''}"
    share = percent(Decimal(line.left_at_limit), Decimal(line.calls))
    leave = f"{share} of calls leave before the {'first byte' if is_stream else 'answer'}"
    told = f"{line.caller_timeout_seconds:g} s limit, p90 is {_p90_in_words(line)}"
    return printable(", ".join([f"{who}: {told}: {leave}", *_costs(line)]) + ".")


def _p90_in_words(line: TimeoutLine) -> str:
    known = _seconds(line.answer_p90_seconds)
    return f"at least {known}" if line.answer_p90_basis == Basis.AT_LEAST else known


def _costs(line: TimeoutLine) -> Iterator[str]:
    if line.orphaned_usd:
        yield f"{_mark(line)}{in_words(line.orphaned_usd_per_day)}/day"
    if line.unpriced:
        yield f"{line.unpriced} of them of no known price"
    if line.repeats:
        yield f"repeated {_times(line.repeats)} for {in_words(line.repeats_usd)}"


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _mark(line: TimeoutLine) -> str:
    return MARKS["estimated"] if line.estimated_usd else ""


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2f} s"


def _of_the_others(report: TimeoutReport) -> Iterator[str]:
    if report.untold:
        verb = "does not say how long its" if report.untold == 1 else "do not say how long their"
        yield f"{report.untold} of {report.told + report.untold} calls {verb} caller waits: not in this."
    if report.live:
        verb = "has" if report.live == 1 else "have"
        yield f"{_counted(report.live, 'answer')} in sockets (kind live) {verb} no such limit: not in this."


def _print_lines(lines: Sequence[TimeoutLine], file: TextIO) -> None:
    table = new_table()
    for head in (*TEXTS, *NUMBERS):
        is_number = head in NUMBERS
        table.add_column(head, justify="right" if is_number else "left", no_wrap=head != "MODEL", overflow="ellipsis")
    for line in lines:
        table.add_row(*_cells(line), style="yellow" if is_mismatch(line) else None)
    print_table(table, file)
    if any(_mark(line) or line.answer_p90_basis == Basis.AT_LEAST for line in lines):
        file.write(f"\n{LEGEND}\n")


def _cells(line: TimeoutLine) -> tuple[str, ...]:
    is_known = line.left_at_limit > line.unpriced
    return (
        printable(line.upstream),
        printable(line.model),
        line.kind,
        f"{line.caller_timeout_seconds:g} s",
        MARKS.get(line.answer_p90_basis or "", "") + _seconds(line.answer_p90_seconds),
        str(line.calls),
        str(line.left or ""),
        str(line.left_at_limit or ""),
        percent(Decimal(line.left_at_limit), Decimal(line.calls)) if line.left_at_limit else "",
        amount(line.orphaned_usd, "estimated" if line.estimated_usd else None) if is_known else "",
        str(line.repeats or ""),
    )
