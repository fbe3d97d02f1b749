"""A terminal with a person at it: a pty, a program in its foreground, and pyte for what is on its screen."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

PATIENCE_SECONDS = 40.0
ROWS, COLUMNS = 40, 80
CTRL_C, CTRL_Z = b"\x03", b"\x1a"
SITS_DOWN = "import os, sys; os.close(os.open(sys.argv[1], os.O_RDWR)); os.execvp(sys.argv[2], sys.argv[2:])"
"""The first terminal that a session's leader opens is its own."""


class Terminal:
    """One program on one terminal, from the person's side."""

    process: "subprocess.Popen[bytes]"

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._screen = pyte.HistoryScreen(COLUMNS, ROWS, history=2_000)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        """All bytes that have come."""

    def press(self, keys: bytes) -> None:
        """Type something."""
        os.write(self._descriptor, keys)

    def resize(self, rows: int, columns: int) -> None:
        """Drag the window's corner: the kernel sends SIGWINCH to the foreground."""
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def reads(self, text: str) -> None:
        """Wait until this is on the screen, or was."""
        self._until(lambda: text in self.text(), text)

    def has_come(self, raw: bytes) -> None:
        """Wait until these bytes have come, drawn or not."""
        self._until(lambda: raw in self.raw, repr(raw))

    def text(self) -> str:
        """Everything on the screen and above it, without empty lines."""
        above = ["".join(line[column].data for column in range(COLUMNS)) for line in self._screen.history.top]
        return "\n".join(line.rstrip() for line in [*above, *self._screen.display] if line.strip())

    def ended(self) -> int:
        """Wait for the program's end: its exit code, or minus the signal that ended it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.process.poll() is None and self._read(0.02) is not None:  # others may hold the terminal for longer
            assert time.monotonic() < deadline, f"it never ended; the screen is\n{self.text()}"
        while self._read(0.05):
            pass
        return self.process.wait(PATIENCE_SECONDS)

    def _until(self, is_there: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_there():
            assert time.monotonic() < deadline, f"{what} never came; the screen is\n{self.text()}"
            is_gone = self._read(0.1) is None
            assert not is_gone or is_there(), f"{what} did not come before the end; the screen is\n{self.text()}"

    def _read(self, seconds: float) -> bytes | None:
        """Take in what comes; nothing where nothing did, None where nobody is left who could write."""
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self._descriptor, 65_536)
        except OSError:  # the kernel's way to say so
            return None
        self.raw += data
        self._stream.feed(data)
        return data


@contextmanager
def terminal(command: Sequence[str], directory: Path, variables: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal on which this command is started."""
    ours, theirs = pty.openpty()
    shown = Terminal(ours)
    shown.resize(ROWS, COLUMNS)
    sits_down = [sys.executable, "-S", "-c", SITS_DOWN, os.ttyname(theirs), *command]
    process = subprocess.Popen(
        sits_down, cwd=directory, env=variables, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown.process = process
    try:
        yield shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)
