"""`sidecar serve` that tells its asyncio tasks when asked, and whose hours are short.

    python -m tests.soak.watched FILE HOUR_SECONDS serve --config settings.yaml

It is the program itself in all else. On SIGUSR2 it writes into FILE how many tasks there are, by the name of what they run: from
outside they can't be seen. `HOUR_SECONDS` is between two looks for rows past the retention: an hour, and no setting.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from sidecar.cli import main
from sidecar.ledger import writer

PATIENCE_SECONDS = 10.0


class Telling:
    """Writes the tasks into a file, whole or not at all."""

    def __init__(self, file: Path) -> None:
        self._file, self._new = file, file.with_suffix(".new")

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """The signal came: in the thread that runs the loop, between two of its steps."""
        try:
            tasks = asyncio.all_tasks()
        except RuntimeError:  # no loop is running yet
            tasks = set()
        names = Counter(getattr(task.get_coro(), "__qualname__", "?") for task in tasks)
        self._new.write_text(json.dumps(names))
        self._new.replace(self._file)


def tasks_of(pid: int, file: Path) -> Counter[str]:
    """Ask, and wait for the answer.

    Raises:
        TimeoutError: there is none.
    """
    file.unlink(missing_ok=True)
    os.kill(pid, signal.SIGUSR2)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the sidecar does not say what its tasks are")
        time.sleep(0.005)
    return Counter(json.loads(file.read_text()))


if __name__ == "__main__":
    signal.signal(signal.SIGUSR2, Telling(Path(sys.argv[1])))
    writer.SWEEP_SECONDS = float(sys.argv[2])  # type: ignore[misc]
    sys.argv = ["sidecar", *sys.argv[3:]]
    main()
