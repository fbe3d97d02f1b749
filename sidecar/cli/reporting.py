"""`sidecar report`: what was spent, what of it went to nobody, and the sentence that says so."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, localcontext
from heapq import nlargest
from typing import Any, TextIO

import msgspec

from sidecar.cli.call_table import STARTED, ran_on_for
from sidecar.cli.moments import clock_time
from sidecar.cli.money import amount, percent
from sidecar.cli.output import new_table, print_table, printable, standard_output
from sidecar.cli.reading import reader_of
from sidecar.cli.rows import write_csv, write_object
from sidecar.clock import rfc3339
from sidecar.ledger.contract import By, CallQuery, LedgerReader, ReportLine
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.money import plain

DEAREST = 5
FIGURES = tuple(name for name in ReportLine.__struct_fields__ if name != "key")


def report(query: CallQuery, by: By, format: str, config: str | None, ledger: str | None) -> None:
    """Print the sums over the calls asked for."""
    reader = reader_of(config, ledger)
    lines = reader.report(query, by)
    with standard_output() as file:
        match format:
            case "json":
                write_object(_as_object(query, by, lines), file)
            case "csv":
                write_csv(({by: line.key, **_figures(line)} for line in lines), (by, *FIGURES), file)
            case _:
                print_report(lines, by, dearest_orphans(reader, query), file)


def dearest_orphans(reader: LedgerReader, query: CallQuery) -> list[CallRecord]:
    """The calls whose orphaned part cost most, dearest first."""
    orphans = reader.calls(msgspec.structs.replace(query, orphaned_only=True))
    return nlargest(DEAREST, (call for call in orphans if call.orphaned_usd), key=lambda call: call.orphaned_usd or 0)


def total_of(lines: Iterable[ReportLine]) -> ReportLine:
    """The sums of sums. Every call is in one line, so nothing is counted twice."""
    lines = tuple(lines)
    with localcontext(prec=100):  # the default of 28 digits may round a sum of long fractions
        return ReportLine(key=None, **{name: _sum(name, lines) for name in FIGURES})


def _sum(name: str, lines: Sequence[ReportLine]) -> Any:  # noqa: ANN401  a count, seconds or money: as the figure is
    return sum((getattr(line, name) for line in lines), Decimal(0) if name.endswith("_usd") else 0)


def _figures(line: ReportLine) -> Mapping[str, object]:
    """Everything but the key, for machines: money as an exact decimal string."""
    figures = {name: getattr(line, name) for name in FIGURES}
    return {name: plain(figure) if isinstance(figure, Decimal) else figure for name, figure in figures.items()}


def _as_object(query: CallQuery, by: By, lines: Sequence[ReportLine]) -> Mapping[str, object]:
    return {
        "by": by,
        "since": None if query.since is None else rfc3339(query.since),
        "until": None if query.until is None else rfc3339(query.until),
        "lines": [{by: line.key, **_figures(line)} for line in lines],
        "total": _figures(total_of(lines)),
    }


def print_report(lines: Sequence[ReportLine], by: By, dearest: Sequence[CallRecord], file: TextIO) -> None:
    """The table, the dearest orphans, and the closing sentences."""
    if not lines:
        file.write("no calls\n")
        return
    total = total_of(lines)
    _print_lines(lines, total, by, file)
    if dearest:
        file.write("\nDearest orphans\n")
        _print_dearest(dearest, file)
    file.write("\n")
    file.writelines(f"{sentence}\n" for sentence in closing(total))


def _print_lines(lines: Sequence[ReportLine], total: ReportLine, by: By, file: TextIO) -> None:
    table = new_table()
    table.add_column(by.upper(), overflow="ellipsis")
    for head in ("CALLS", "ORPHANED", "SPEND USD", "ORPHANED USD", "SHARE", "AVOIDABLE USD", "UNPRICED"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(printable(line.key or "(unknown)"), *_cells(line))
    if len(lines) > 1:
        table.add_row("total", *_cells(total), style="bold")
    print_table(table, file)


def _cells(line: ReportLine) -> tuple[str, ...]:
    mark = "estimated" if line.estimated_usd else None
    return (
        str(line.calls),
        str(line.orphaned),
        amount(line.spend_usd, mark),
        amount(line.orphaned_usd),
        percent(line.orphaned_usd, line.spend_usd),
        amount(line.avoidable_usd),
        str(line.unpriced or ""),
    )


def _print_dearest(calls: Sequence[CallRecord], file: TextIO) -> None:
    table = new_table()
    for head in (STARTED, "MODEL", "RAN ON FOR", "ORPHANED USD", "CALL"):
        is_number = head in {"RAN ON FOR", "ORPHANED USD"}
        table.add_column(head, justify="right" if is_number else "left", no_wrap=head != "MODEL", overflow="ellipsis")
    for call in calls:
        cells = (
            clock_time(call.started_at),
            call.model,
            ran_on_for(call),
            amount(call.orphaned_usd, call.basis),
            call.id,
        )
        table.add_row(*cells)
    print_table(table, file)


def closing(total: ReportLine) -> list[str]:
    """The report in plain words."""
    # Two sentences: an answer that was finished and not handed over (`undelivered`) went to nobody too, and is no orphan.
    sentences = [f"{_orphaned_of(total)}. {_went_to_nobody(total)}."]
    if total.estimated_usd:
        sentences.append(f"~ {_usd(total.estimated_usd)} of the spend is estimated, or a lower bound.")
    if total.unpriced:
        sentences.append(f"{_calls(total.unpriced, 'has', 'have')} no known price or usage: not in these sums.")
    if total.open:
        sentences.append(f"{_calls(total.open, 'has', 'have')} not ended yet: not in these sums.")
    return sentences


def _calls(count: int, singular: str, plural: str) -> str:
    return f"1 call {singular}" if count == 1 else f"{count} calls {plural}"


def _orphaned_of(total: ReportLine) -> str:
    if total.calls == 1:
        return f"The one call was {'' if total.orphaned else 'not '}orphaned"
    return f"{total.orphaned or 'None'} of {total.calls} calls {'was' if total.orphaned == 1 else 'were'} orphaned"


def _went_to_nobody(total: ReportLine) -> str:
    if not total.orphaned_usd:
        return f"Nothing of {_usd(total.spend_usd)} went to answers nobody received"
    share = percent(total.orphaned_usd, total.spend_usd)
    return f"{_usd(total.orphaned_usd)} of {_usd(total.spend_usd)} ({share}) went to answers nobody received"


def _usd(value: Decimal) -> str:
    """Money in a sentence: four decimals, more where it is small."""
    return f"{value:.4f} USD" if value >= Decimal("0.001") or not value else f"{amount(value)} USD"
