"""The sidecar of a soak, seen from outside. Its log is counted and not kept: half a thousand lines come a second."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.end_to_end.rig import PATIENCE_SECONDS, Row, RunningSidecar
from tests.soak.watched import tasks_of

READ_BYTES = 1 << 20
KEPT_LINES = 1000
"""Of the log, those that tell of no call and no operation."""
COUNTED = {b'"event":"call_settled"': "call_settled", b'"event":"operation_settled"': "operation_settled"}


class WatchedSidecar(RunningSidecar):
    """One `tests.soak.watched`."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self._folder = folder
        self._goes_on = threading.Event()
        self._goes_on.set()
        self._turned = 0
        self.lines: Counter[str] = Counter()
        """Of the log, by their event."""
        self.said: deque[Row] = deque(maxlen=KEPT_LINES)
        super().__init__(process, folder / "ledger.db")

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        rest, number = b"", self.process.stdout.fileno()
        while data := os.read(number, READ_BYTES):
            whole, _, rest = (rest + data).rpartition(b"\n")
            with self._told:
                for line in whole.splitlines():
                    self._count(line)
                self._told.notify_all()
            self._goes_on.wait()
        with self._told:
            self._told.notify_all()

    def _count(self, line: bytes) -> None:
        for mark, event in COUNTED.items():
            if mark in line[:200]:
                self.lines[event] += 1
                return
        row = json.loads(line)
        self.lines[row["event"]] += 1
        if row["event"] == "serving":
            self.log.append(row)
        elif row.get("level") in ("warning", "error"):
            self.said.append(row)

    def hold_the_log(self) -> None:
        """Read no more of it: as while whoever collects logs turns to a new file."""
        self._goes_on.clear()

    def go_on_with_the_log(self) -> None:
        """Read it again."""
        self._turned += 1
        self._goes_on.set()

    def tasks(self) -> Counter[str]:
        """Asyncio's tasks now, by what they run."""
        return tasks_of(self.process.pid, self._folder / "tasks")

    def descriptors(self) -> Counter[str]:
        """Open files, by what they are: `socket`, a path."""
        names: Counter[str] = Counter()
        for descriptor in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                names[str(descriptor.readlink()).partition(":[")[0]] += 1
        return names

    def stderr(self) -> str:
        """What was printed there."""
        return (self._folder / "stderr").read_text()


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, user and system, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def watched_sidecar(folder: Path, hour_seconds: float) -> Iterator[WatchedSidecar]:
    """A sidecar by the settings in `folder/sidecar.yaml`."""
    command = [sys.executable, "-m", "tests.soak.watched", str(folder / "tasks"), str(hour_seconds), "serve"]
    with (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [*command, "--config", str(folder / "sidecar.yaml")], stdout=subprocess.PIPE, stderr=stderr
        )
    try:
        yield _started(process, folder)
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _started(process: subprocess.Popen[bytes], folder: Path) -> WatchedSidecar:
    try:
        return WatchedSidecar(process, folder)
    except AssertionError as error:
        error.add_note((folder / "stderr").read_text()[-2000:])
        raise
