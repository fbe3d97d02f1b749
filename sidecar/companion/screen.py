"""Where a run speaks: standard error, and never between the command and its terminal while that lives.

A live picture where somebody is looking: a terminal on which we are in the foreground. Elsewhere a line now and then. A terminal
that is gone, or a pipe that nobody reads, is no reason to fail.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import UnsupportedOperation
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sidecar.companion.picture import Shown, in_a_line, picture
from sidecar.companion.story import Row, Story, as_object, headline, remarks, rows

NAME: Final = "sidecar: "
LINE_EVERY_SECONDS: Final = 15.0
FIRST_LINE_SECONDS: Final = 2.0
"""What is over by then is told when it is over."""
WIDTH: Final = 80


class Screen:
    """Standard error of one run. `is_silent` keeps everything from it; `file` gets the story in its place, where there is one."""

    def __init__(self, *, is_silent: bool = False, is_json: bool = False, file: Path | None = None) -> None:
        self._console = Console(file=sys.stderr, highlight=False, markup=False, emoji=False, soft_wrap=False)
        if not self._console.is_terminal and "COLUMNS" not in os.environ:
            self._console.width = WIDTH
        self._is_silent, self._is_json, self._file = is_silent or (is_json and file is None), is_json, file
        self._is_quiet = is_silent
        self._live: Live | None = None
        self._line_at = FIRST_LINE_SECONDS

    def say(self, sentence: str) -> None:
        """One line under our name."""
        if not self._is_silent:
            with suppress(OSError):
                self._console.print(Text(f"{NAME}{sentence}"), soft_wrap=not self._console.is_terminal)

    def show(self, head: str, shown: Sequence[Shown], waited_seconds: float) -> None:
        """What goes on now, `waited_seconds` after the wait for it began."""
        if self._is_silent or not shown:
            return
        with suppress(OSError):
            if self._somebody_looks():
                self._draw(head, shown)
                return
            self.clear()
            if waited_seconds >= self._line_at:
                self._line_at = waited_seconds + LINE_EVERY_SECONDS
                self.say(in_a_line(head, shown))

    def clear(self) -> None:
        """Take the picture away."""
        live, self._live = self._live, None
        if live is not None:
            with suppress(OSError):
                live.stop()

    def tell(self, story: Story) -> None:
        """The end. Nothing, where the command called nobody; but machines are always told."""
        self.clear()
        told = self._json(story) if self._is_json else self._text(story)
        if self._file is not None:
            try:
                self._file.write_text(told)
            except OSError as error:
                self.say(f"can't write {self._file}: {(error.strerror or 'unknown error').lower()}")
            return
        if not told or self._is_quiet:
            return
        with suppress(OSError):
            self._print_now(story, told)

    def _print_now(self, story: Story, told: str) -> None:
        """On a terminal behind an empty line, which parts it from the command's last words."""
        if self._console.is_terminal and not self._is_json:
            self._console.print()
            self._print(story, self._console)
        else:
            self._console.file.write(told)
            self._console.file.flush()

    def _json(self, story: Story) -> str:
        return msgspec.json.encode(as_object(story)).decode() + "\n"

    def _text(self, story: Story) -> str:
        """The story as it stands in a file. Empty where there is none."""
        if story.is_empty:
            return ""
        plain = Console(width=WIDTH, highlight=False, markup=False, emoji=False, no_color=True, force_terminal=False)
        with plain.capture() as captured:
            self._print(story, plain)
        return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())

    def _print(self, story: Story, console: Console) -> None:
        for line in Text(f"{NAME}{headline(story)}", style="bold").wrap(console, min(console.width, WIDTH) - 2):
            line.rstrip()
            console.print(line)
        if story.has_orphans:
            console.print()
            console.print(Padding(figures(list(rows(story))), (0, 0, 0, 2)))
        for remark in remarks(story):
            console.print(Text(f"  {remark}", style="yellow"), soft_wrap=True)

    def _draw(self, head: str, shown: Sequence[Shown]) -> None:
        drawn = picture(f"{NAME}{head}", shown)
        if self._live is None:
            self._live = Live(
                drawn, console=self._console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
            )  # fmt: skip
            self._live.start()
        self._live.update(drawn, refresh=True)

    def _somebody_looks(self) -> bool:
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            return False
        try:
            return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
        except (OSError, UnsupportedOperation):
            return False


def figures(told: Sequence[Row]) -> Table:
    """The figures of a story, one below the other."""
    table = Table.grid(padding=(0, 3, 0, 0), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim")
    is_marked = any(row.figure.startswith("~") for row in told)
    for row in told:
        style = "red" if row.is_loss else "green" if row.is_gain else ""
        aligned = row.figure if row.figure.startswith("~") or not is_marked else f" {row.figure}"
        table.add_row(row.name, Text(aligned, style=style), row.remark)
    return table
