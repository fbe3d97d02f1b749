"""Lines to a file from a thread of their own.

Standard output is often a pipe, and a pipe whose reader is stuck blocks whoever writes to it. Here that is a thread:
calls go on, lines wait up to a bound and are then dropped and counted. Lines reach the file some 20 ms after they were
written, many in one system call; `close` (also run at interpreter exit) writes what is left. Only a killed process
loses lines, those of its last moment; the ledger has the calls.
"""

import atexit
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

GATHER_SECONDS = 0.02
CLOSE_SECONDS = 2.0
MOST_LINES = 20_000
"""About 12 MB of `call_settled` lines."""


class Sink(Protocol):
    """An unbuffered file: may take a part only, or None when it would block."""

    def write(self, data: memoryview, /) -> int | None:
        """Write some of `data` and say how much."""
        ...


class LineWriter:
    """Takes whole lines from any thread; never blocks, never raises. Has `write` and `flush` as structlog wants them.

    `told_dropped` makes the line that says how many were dropped.
    """

    def __init__(self, file: Sink, told_dropped: Callable[[int], bytes], most_lines: int = MOST_LINES) -> None:
        self._file = file
        self._told_dropped = told_dropped
        self._most_lines = most_lines
        self._waiting: deque[bytes] = deque()
        self._dropped = 0
        self._dropping = threading.Lock()
        self._some = threading.Event()
        self._closing = threading.Event()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def write(self, line: bytes) -> int:
        """Take one line, with its end of line."""
        if len(self._waiting) >= self._most_lines:
            self._count_dropped(1)
            return 0
        self._waiting.append(line)
        if self._is_closed:
            self._write_waiting()
        elif not self._some.is_set():
            self._some.set()
        return len(line)

    def flush(self) -> None:
        """Nothing: the thread writes as soon as it can."""

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Write what waits, for at most `timeout_seconds`. Lines that come later are still written, by the caller."""
        atexit.unregister(self.close)
        self._closing.set()
        self._some.set()
        self._thread.join(timeout_seconds)
        self._is_closed = not self._thread.is_alive()
        if self._is_closed:
            self._write_waiting()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._some.wait()
            self._closing.wait(GATHER_SECONDS)
            self._some.clear()
            self._write_waiting()

    def _count_dropped(self, lines: int) -> None:
        with self._dropping:
            self._dropped += lines

    def _write_waiting(self) -> None:
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if dropped := self._dropped:
            self._count_dropped(-dropped)
            lines.append(self._told_dropped(dropped))
        try:
            self._write_all(b"".join(lines))
        except (OSError, ValueError):  # the reader is gone, the disk is full, the file is closed: nobody can be told
            self._count_dropped(len(lines))

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = self._file.write(view)
            if written is None:  # somebody made the pipe non-blocking, and it is full
                self._closing.wait(GATHER_SECONDS)
            else:
                view = view[written:]
