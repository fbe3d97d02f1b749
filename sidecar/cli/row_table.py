"""Rows of the ledger for people: many as a table that fits the terminal, or one with a column a line."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, NamedTuple, TextIO, TypeVar

from sidecar.cli.money import Billed, legend
from sidecar.cli.output import console_on, new_table, print_table, printable
from sidecar.cli.rows import Row

Record = TypeVar("Record", bound=Billed)

WIDE = 118
"""Columns of a terminal from which on there is room for when the caller left and how long the work ran on."""


class Column(NamedTuple, Generic[Record]):
    """One column of a table of rows."""

    head: str
    cell: Callable[[Record], str]
    is_number: bool = False
    """Stands to the right."""
    gives_way: bool = False
    """Is cut short where the terminal is narrow."""
    needs_room: bool = False
    """Is there only where the terminal is wide."""


def print_rows(
    records: Sequence[Record], columns: Sequence[Column[Record]], style_of: Callable[[Record], str | None], file: TextIO
) -> None:
    """A line for each, and what the marks mean if there are any."""
    is_wide = console_on(file).width >= WIDE
    shown = [column for column in columns if is_wide or not column.needs_room]
    table = new_table()
    for column in shown:
        table.add_column(
            column.head,
            justify="right" if column.is_number else "left",
            no_wrap=not column.gives_way,
            overflow="ellipsis",
        )
    for record in records:
        table.add_row(*(column.cell(record) for column in shown), style=style_of(record))
    print_table(table, file)
    file.write(legend(records))


def print_facts(facts: Iterable[tuple[str, object]], file: TextIO) -> None:
    """What is known of one thing, a fact a line."""
    table = new_table()
    table.show_header = False
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in facts:
        table.add_row(name, printable(str(value)))
    print_table(table, file)


def filled(row: Row) -> Iterator[tuple[str, object]]:
    """The columns that hold something, those within an object each by itself: `usage.input`."""
    for name, value in row.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        elif value is not None:
            yield name, value
