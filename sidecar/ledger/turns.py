"""A lock whose holders take turns.

With `threading.Lock` whoever lets go of it may take it again before anybody who waits has woken up. The writer of calls does so
while it has rows to write, and on a disk that takes two seconds for a commit operations waited half a minute for one of theirs.
"""

import threading
from collections import deque
from types import TracebackType
from typing import Self


class Turns:
    """One at a time, in the order in which they came: `with turns:`. Not to be taken twice by the same thread."""

    def __init__(self) -> None:
        self._door = threading.Lock()
        """Held for microseconds, by whoever comes or goes."""
        self._is_taken = False
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> Self:
        with self._door:
            if not self._is_taken:
                self._is_taken = True
                return self
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # let go by whoever was before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._door:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._is_taken = False
