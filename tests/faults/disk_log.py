"""The log can't be written: its lines are lost, and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sidecar.cli import OK
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.faults.bare_sidecar import bare_sidecar
from tests.faults.books import differing
from tests.faults.disk_outage import unanswered
from tests.faults.fault import Stage, Verdict
from tests.faults.ledger_scene import Callers, rows_in, settings_for

CALLS: Final = 10
END_SECONDS: Final = 30.0
SLOW_SECONDS: Final = 4.0


def play_log_on_a_full_disk(stage: Stage) -> Verdict:
    """Each write says that no space is left (full(4))."""
    with running_simulator() as simulator, Path("/dev/full").open("wb", buffering=0) as full:
        return _play(stage.directory, simulator, full.fileno(), lambda: None)


def play_log_to_nobody(stage: Stage) -> Verdict:
    """Whoever read the log has ended."""
    reading, writing = os.pipe()
    with running_simulator() as simulator:
        try:
            return _play(stage.directory, simulator, writing, lambda: os.close(reading))
        finally:
            os.close(writing)


def _play(directory: Path, simulator: RunningSimulator, stdout: int, strike: Callable[[], None]) -> Verdict:
    with bare_sidecar(
        directory, settings_for(directory, simulator) | {"UPSTREAMS__GEMINI__URL": simulator.url}, stdout
    ) as (process, proxy):
        callers = Callers(proxy, "caller")
        callers.call()
        strike()
        for _ in range(CALLS):
            callers.call()
        process.terminate()
        status = process.wait(END_SECONDS)
    wrong = [] if status == OK else [f"the exit status was {status}"]
    said = (directory / "stderr").read_text()
    wrong += ["a traceback was written"] if "Traceback" in said else []
    wrong += differing(rows_in(directory / "ledger.db"), simulator.bill)
    return Verdict(CALLS, tuple(unanswered(callers.answers, SLOW_SECONDS, {})), tuple(wrong))
