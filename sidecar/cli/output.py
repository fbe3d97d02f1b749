"""Standard output: tables for people, a way out when its reader has left, nothing colored where nobody looks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NAME = "sidecar"

UNBOUNDED_WIDTH = 200
"""Columns of a table that goes to a file or a pipe: nothing has to fit a screen there."""


@contextmanager
def standard_output() -> Iterator[TextIO]:
    """Standard output, flushed at the end. A reader that has seen enough (`| head`) ends the command quietly, with 0."""
    from typer import Exit

    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        raise Exit(0) from None


def discard_output() -> None:
    """Drop what was not yet written: the interpreter flushes once more when it ends, and would complain, or wait."""
    with suppress(UnsupportedOperation):  # standard output may be no file when we are not a process of our own
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def new_table() -> "Table":
    """A table without lines: columns under bold heads, two spaces apart."""
    from rich.table import Table

    return Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))


def printable(text: str) -> str:
    """Text that can't move the cursor or change the terminal: models and callers are named by requests."""
    return text if text.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in text)


def print_table(table: "Table", file: TextIO) -> None:
    """Print a table, without spaces at the ends of its lines where these would end up in a file."""
    console = console_on(file)
    if console.is_terminal:
        console.print(table)
        return
    with console.capture() as captured:
        console.print(table)
    file.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def console_on(file: TextIO) -> "Console":
    """Rich's console. It minds NO_COLOR, COLUMNS and whether `file` is a terminal by itself."""
    from rich.console import Console

    width = None if file.isatty() or "COLUMNS" in os.environ else UNBOUNDED_WIDTH
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def say(text: str) -> None:
    """Write to standard error, each line under our name."""
    for line in text.splitlines():
        print(f"{NAME}: {line}", file=sys.stderr)  # noqa: T201  this is where the program speaks
