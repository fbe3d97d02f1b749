import io
import os
import subprocess
import sys
import threading

import pytest

from sidecar.telemetry.lines import LineWriter


def told(count: int) -> bytes:
    return b"dropped %d\n" % count


class Stuck:
    """A pipe whose reader does not read, until it is released."""

    def __init__(self) -> None:
        self.was_asked, self.released = threading.Event(), threading.Event()
        self.taken = io.BytesIO()

    def write(self, data: memoryview, /) -> int:
        self.was_asked.set()
        self.released.wait()
        return self.taken.write(data)


class Broken:
    """A file that fails a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.taken = failures, io.BytesIO()

    def write(self, data: memoryview, /) -> int:
        if self.failures:
            self.failures -= 1
            raise BrokenPipeError
        return self.taken.write(data)


class Reluctant:
    """A non-blocking pipe that is full at every second try and takes three bytes at most."""

    def __init__(self) -> None:
        self.taken, self.is_full = bytearray(), False

    def write(self, data: memoryview, /) -> int | None:
        self.is_full = not self.is_full
        if self.is_full:
            return None
        self.taken += data[:3]
        return len(data[:3])


def test_lines_come_out_whole_and_in_order():
    file = io.BytesIO()
    lines = LineWriter(file, told)
    expected = [b"line %d\n" % number for number in range(500)]
    for line in expected:
        lines.write(line)
    lines.close()
    assert file.getvalue() == b"".join(expected)


def test_lines_are_written_without_waiting_for_the_end():
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as reader, os.fdopen(write, "wb", buffering=0) as writer:
        lines = LineWriter(writer, told)
        lines.write(b"now\n")
        assert reader.read(4) == b"now\n"
        lines.close()


def test_a_line_after_the_close_is_written_at_once():
    file = io.BytesIO()
    lines = LineWriter(file, told)
    lines.close()
    lines.write(b"late\n")
    assert file.getvalue() == b"late\n"


def test_a_stuck_reader_stops_nobody_and_what_was_dropped_is_told():
    file = Stuck()
    lines = LineWriter(file, told, most_lines=3)
    lines.write(b"first\n")
    assert file.was_asked.wait(10)
    for number in range(5):
        lines.write(b"%d\n" % number)
    file.released.set()
    lines.close()
    assert file.taken.getvalue() == b"first\n0\n1\n2\ndropped 2\n"


def test_closing_does_not_wait_for_a_stuck_reader_for_ever():
    file = Stuck()
    lines = LineWriter(file, told)
    lines.write(b"first\n")
    lines.close(timeout_seconds=0.05)
    assert file.taken.getvalue() == b""
    file.released.set()


def test_lines_for_a_broken_pipe_are_dropped_and_counted():
    file = Broken(failures=1)
    lines = LineWriter(file, told)
    lines.close()
    lines.write(b"lost\n")
    lines.write(b"next\n")
    assert file.taken.getvalue() == b"next\ndropped 1\n"


def test_a_part_that_was_taken_is_not_written_again():
    file = Reluctant()
    lines = LineWriter(file, told)
    lines.write(b"a line of some length\n")
    lines.close()
    assert bytes(file.taken) == b"a line of some length\n"


@pytest.mark.parametrize("ending", ["pass", "raise SystemExit(3)", "raise ValueError"])
def test_nothing_is_lost_when_the_program_ends_without_closing(ending: str):
    program = (
        "import sys; from sidecar.telemetry.lines import LineWriter\n"
        "lines = LineWriter(open(1, 'wb', buffering=0, closefd=False), lambda n: b'')\n"
        f"for n in range(1000): lines.write(b'%d\\n' % n)\n{ending}"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stdout.splitlines() == [b"%d" % n for n in range(1000)]
