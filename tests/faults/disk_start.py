"""A disk that takes nothing when the sidecar starts: it says so in a sentence, and what to do."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sidecar.cli import LEDGER
from tests.faults.bare_sidecar import command, environment
from tests.faults.fault import Stage, Verdict
from tests.faults.outages import SYNCING, WRITING, fill, small_disk
from tests.faults.strace import files_of, injecting

MAKE_ROOM: Final = "make room on its disk"
CHOOSE_ANOTHER: Final = "let the sidecar's user write the file and its directory"
END_SECONDS: Final = 60.0


def play_full_at_the_start(stage: Stage) -> Verdict:
    """No room for a ledger."""
    with small_disk(stage.directory) as disk:
        if os.path.ismount(disk):
            fill(disk)
        return _play(disk, "ENOSPC", MAKE_ROOM)


def play_read_only_at_the_start(stage: Stage) -> Verdict:
    """Nothing can be made there."""
    with small_disk(stage.directory) as disk, _read_only(disk):
        return _play(disk, "EROFS", CHOOSE_ANOTHER)


@contextmanager
def _read_only(disk: Path) -> Iterator[None]:
    if os.path.ismount(disk):
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    yield


def _play(disk: Path, error: str, advice: str) -> Verdict:
    tracing: Sequence[str] = ()
    if not os.path.ismount(disk):
        tracing = [*injecting((*WRITING, *SYNCING), f"error={error}", files_of(disk / "ledger.db")), "-o", os.devnull]
    ended = subprocess.run(
        command(*tracing), cwd=disk, env=environment(disk, {}), capture_output=True, timeout=END_SECONDS, check=False
    )
    said = ended.stderr.decode()
    wrong = [] if ended.returncode == LEDGER else [f"the exit status was {ended.returncode}"]
    wrong += [] if advice in said else [f"it did not say what to do: {said[-300:]}"]
    wrong += ["a traceback was written"] if "Traceback" in said else []
    return Verdict(1, wrong=tuple(wrong), remark=said.strip().replace(str(disk), "DIRECTORY"))
