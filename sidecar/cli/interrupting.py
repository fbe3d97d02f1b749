"""Signals that ask a command to end, as a wish that it looks at between two steps: nothing is left half started.

A handler that raised could do so between the fork of a process and the line that remembers it.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

WISHES: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wish:
    """Whether we were asked to end, and by which signal: the first one counts."""

    def __init__(self) -> None:
        self.number = 0

    def __bool__(self) -> bool:
        return self.number != 0

    @property
    def exit_code(self) -> int:
        """As a shell reports who was ended by that signal: 130 for Ctrl-C."""
        return 128 + self.number

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Remember a signal."""
        self.number = self.number or number


@contextmanager
def wish_to_end() -> Iterator[Wish]:
    """SIGINT, SIGTERM and SIGHUP are wishes until the end of the block, and then what they were before. Main thread only."""
    wish = Wish()
    before = {number: signal.signal(number, wish.hear) for number in WISHES}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
