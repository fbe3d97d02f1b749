"""Makes system calls of a process that runs fail, wait, or be its last: what a broken disk is to a program (strace(1))."""

import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests import parts

LET_GO_SECONDS: Final = 20.0
ATTACH_SECONDS: Final = 20.0
FILES_OF_A_LEDGER: Final = ("", "-wal", "-shm", "-journal")


_CALL: Final = re.compile(r"^(\d+) +(\w+)\(", re.MULTILINE)
"""The beginning of a line: the thread, and what it asks the kernel for."""


def files_of(ledger: Path) -> list[Path]:
    """The files that SQLite writes for a ledger; those that are not there yet included."""
    return [Path(f"{ledger}{suffix}") for suffix in FILES_OF_A_LEDGER]


def injecting(calls: Iterable[str], fault: str, paths: Iterable[Path]) -> list[str]:
    """The beginning of a command line: strace, that does this to these system calls on these files.

    `fault` is in strace's own words: `error=ENOSPC`, `delay_enter=2s`, `signal=SIGKILL:when=7` (the seventh of each thread).
    Without one they are only told.
    """
    executable = parts.part("strace").path()
    assert executable is not None, "strace is not here: tests/parts.py"
    named = ",".join(calls)
    where = [word for path in paths for word in ("-P", str(path))]
    # -qq: nothing about threads that come and go; what was injected is said in the output, a line each.
    what = ["-e", f"trace={named}", *(["-e", f"inject={named}:{fault}"] if fault else [])]
    return [executable, "-f", "-qq", *what, *where]


@contextmanager
def injected(pid: int, calls: Sequence[str], fault: str, paths: Iterable[Path], told: Path) -> Iterator["Injection"]:
    """Do this to a process and all of its threads, for as long as the block lasts. `told` is where strace writes."""
    told.write_text("")
    command = [*injecting(calls, fault, paths), "-o", str(told), "-p", str(pid)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as strace:
        try:
            _wait_until_attached(pid, strace)
            yield Injection(told)
        finally:
            _end(strace)


def _end(strace: "subprocess.Popen[bytes]") -> None:
    """It lets go of the process, which goes on. Once in a thousand times it waits for ever for one that it has killed."""
    strace.terminate()
    try:
        strace.communicate(timeout=LET_GO_SECONDS)
    except subprocess.TimeoutExpired:
        strace.kill()
        strace.communicate()


class Injection:
    """What strace has done so far."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def times(self) -> int:
        """How many system calls were struck."""
        return self._told.read_text(errors="replace").count("INJECTED")

    def struck(self, patience_seconds: float) -> bool:
        """Wait until one was; whether one was."""
        deadline = time.monotonic() + patience_seconds
        while not self.times():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True


def most_made(told: Path) -> Counter[str]:
    """Of each system call that was told, how many the thread has made that made most."""
    made = Counter(_CALL.findall(told.read_text(errors="replace")))
    most = Counter[str]()
    for (_thread, call), times in made.items():
        most[call] = max(most[call], times)
    return most


def _wait_until_attached(pid: int, strace: "subprocess.Popen[bytes]") -> None:
    """Every thread of the process says who traces it (proc(5))."""
    deadline = time.monotonic() + ATTACH_SECONDS
    while not all(_is_traced(task, strace.pid) for task in _threads_of(pid)):
        if strace.poll() is not None:
            raise RuntimeError(strace.communicate()[1].decode(errors="replace"))
        assert time.monotonic() < deadline, "strace did not attach"
        time.sleep(0.005)


def _threads_of(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # it has ended, by what was injected
        return []


def _is_traced(task: Path, by: int) -> bool:
    try:
        return f"\nTracerPid:\t{by}\n" in (task / "status").read_text()
    except OSError:  # it has ended meanwhile
        return True
