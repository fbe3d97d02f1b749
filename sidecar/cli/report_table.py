"""A bill on a terminal: its lines, the dearest orphans, the limits that ran out, and plain words."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, NamedTuple, TextIO

from sidecar.cli.moments import clock_time, ran_on_for
from sidecar.cli.money import amount, percent
from sidecar.cli.output import console_on, new_table, print_table, printable
from sidecar.cli.report_words import closing, head_of, key_of, others_of, saved
from sidecar.cli.row_table import WIDE
from sidecar.cli.timeout_report import section
from sidecar.ledger.bill import Bill, BillLine, Orphan
from sidecar.ledger.contract import By

WIDER: Final = 150
"""Columns of a terminal from which on the heads stand on one line."""
LONGEST: Final = 60
"""Characters of a name that are shown; who may name a model could fill the screen with it."""


class Figure(NamedTuple):
    """One column of the lines."""

    head: str
    cell: Callable[[BillLine], str]
    is_there: Callable[[BillLine], object] = lambda total: True
    """Whether the total has any of it: a column of nothing is not shown."""
    needs_room: bool = False
    """Is there only where the terminal is wide; below the table words say what matters of it."""


def estimated(part: object) -> str | None:
    """The basis of a sum of which this part is no exact one."""
    return "estimated" if part else None


LINE_FIGURES: Final[Sequence[Figure]] = (
    Figure("CALLS", lambda line: str(line.calls)),
    Figure("OPERATIONS", lambda line: str(line.operations), lambda total: total.operations),
    Figure("ORPHANED", lambda line: str(line.orphaned)),
    Figure("SPEND USD", lambda line: amount(line.spend_usd, estimated(line.estimated_usd))),
    Figure("ORPHANED USD", lambda line: amount(line.orphaned_usd, estimated(line.orphaned_estimated_usd))),
    Figure("SHARE", lambda line: percent(line.orphaned_usd, line.spend_usd), needs_room=True),
    Figure("AVOIDABLE USD", lambda line: amount(line.avoidable_usd, estimated(line.avoidable_estimated_usd))),
    Figure("RESCUED", lambda line: str(line.rescued or ""), lambda total: total.rescued, needs_room=True),
    Figure("SAVED USD", saved, lambda total: total.avoided_usd or total.regretted_usd, needs_room=True),
    Figure("UNPRICED", lambda line: str(line.unpriced or ""), needs_room=True),
)


class Field(NamedTuple):
    """One column of the dearest orphans."""

    head: str
    cell: Callable[[Orphan], str]
    is_number: bool = False
    needs_room: bool = False


ORPHAN_FIELDS: Final[Sequence[Field]] = (
    Field("BEGAN (UTC)", lambda orphan: clock_time(orphan.begun_at)),
    Field("MODEL", lambda orphan: printable(orphan.model)),
    Field("CALLER", lambda orphan: printable(orphan.caller or ""), needs_room=True),
    Field("GONE BY", lambda orphan: orphan.reason or "", needs_room=True),
    Field("RAN ON FOR", lambda orphan: ran_on_for(orphan.gone_at, orphan.ended_at), is_number=True),
    Field("ORPHANED USD", lambda orphan: amount(orphan.orphaned_usd, orphan.basis), is_number=True),
    Field("ID", lambda orphan: orphan.id),
)
GIVES_WAY: Final = frozenset({"MODEL", "CALLER"})


def print_bill(bill: Bill, by: By, when: str, file: TextIO) -> None:
    """All of it; `when` is its period in words."""
    if not bill.total.calls and not bill.total.operations:
        file.write("no calls and no operations\n")
        return
    width = console_on(file).width
    is_wide = width >= WIDE
    _print_lines(bill, by, width, file)
    if bill.dearest:
        file.write("\nDearest orphans\n")
        _print_dearest(bill.dearest, is_wide, file)
    if sentences := list(section(bill.timeouts)):
        file.write("\nTimeouts\n")
        file.writelines(f"{sentence}\n" for sentence in sentences)
    file.write("\n")
    file.writelines(f"{sentence}\n" for sentence in closing(bill, when))


def shown_figures(total: BillLine) -> Sequence[Figure]:
    """The columns of which there is anything."""
    return [figure for figure in LINE_FIGURES if figure.is_there(total)]


def rows_of(bill: Bill, by: By) -> Iterator[tuple[str, BillLine]]:
    """The lines by what they stand for, those that are not shown in one, and the total where there is more than one."""
    yield from ((key_of(line, by), line) for line in bill.lines)
    if bill.others_count:
        yield others_of(bill), bill.others
    if len(bill.lines) + bill.others_count > 1:
        yield "total", bill.total


def _print_lines(bill: Bill, by: By, width: int, file: TextIO) -> None:
    figures = [figure for figure in shown_figures(bill.total) if width >= WIDE or not figure.needs_room]
    table = new_table()
    table.add_column(head_of(by), overflow="fold", vertical="bottom")  # not cut there: two models may begin alike
    for figure in figures:
        head = figure.head if width >= WIDER else figure.head.replace(" ", "\n")
        table.add_column(head, justify="right", no_wrap=True, vertical="bottom")
    for name, line in rows_of(bill, by):
        style = "bold" if line is bill.total else "dim" if line is bill.others else None
        table.add_row(_shortened(printable(name)), *(figure.cell(line) for figure in figures), style=style)
    print_table(table, file)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _print_dearest(orphans: Sequence[Orphan], is_wide: bool, file: TextIO) -> None:
    fields = [field for field in ORPHAN_FIELDS if is_wide or not field.needs_room]
    table = new_table()
    for field in fields:
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if field.head in GIVES_WAY else "fold"
        table.add_column(field.head, justify="right" if field.is_number else "left", no_wrap=True, overflow=overflow)
    for orphan in orphans:
        table.add_row(*(field.cell(orphan) for field in fields))
    print_table(table, file)
