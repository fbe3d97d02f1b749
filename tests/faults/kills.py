"""SIGKILL at every system call that writes to the ledger's file: while it is made, while calls are, while operations are.

What a reader has seen before is there afterwards, no operation is without its row, no cancel without its intent, and the next
start finds a file that is whole. tests/ledger/test_crash.py kills between the statements of a writer alone, and
tests/end_to_end/test_fifty_kills.py at moments of chance; here each system call of a whole sidecar has its turn.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.faults.bare_sidecar import command, environment
from tests.faults.disk_outage import together
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.kill_books import lost_by, mended_in, wrong_after
from tests.faults.kill_scripts import Script, Seen, cancel_it, make_calls, nothing, open_one, open_operations
from tests.faults.ledger_scene import Scene, beginning, operation_in
from tests.faults.strace import files_of, injected, injecting, most_made
from tests.faults.waiting import until

WRITING: Final = ("pwrite64", "fdatasync", "fsync", "ftruncate", "unlink")
IN_THE_SHORT_FORM: Final = 3
GONE_ON_WITH: Final = 10
"""After every tenth kill, and after the last, a whole sidecar goes on with what was left."""
AT_ONCE: Final = 3
PATIENCE_SECONDS: Final = 60.0


class Place(NamedTuple):
    """The n-th time that a thread makes this system call on one of the ledger's files."""

    call: str
    number: int

    def __str__(self) -> str:
        return f"{self.call}-{self.number}"

    @property
    def fault(self) -> str:
        """In strace's words."""
        return f"signal=SIGKILL:when={self.number}"


def _places(told: Path) -> list[Place]:
    return [Place(call, number) for call, most in most_made(told).items() for number in range(1, most + 1)]


def _play(script: Script, before: Script, stage: Stage) -> Verdict:
    """Kill a sidecar at each place that the script leads to."""
    with running_simulator() as simulator:
        places = _scouted(stage.directory / "scouted", simulator, script, before)
        chosen = stage.some(places, IN_THE_SHORT_FORM)
        last = chosen[::-GONE_ON_WITH] if stage.is_full else ()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            kill = partial(_kill, stage.directory, simulator, script, before, last)
            verdict = together(list(threads.map(kill, chosen)))
        return verdict._replace(remark=f"{len(places)} system calls in all")


def _scouted(directory: Path, simulator: RunningSimulator, script: Script, before: Script) -> list[Place]:
    """How often each system call is made when nobody interferes."""
    directory.mkdir()
    with beginning(directory, simulator) as scene:
        before(scene, Seen({}))
        told = directory / "strace"
        with injected(scene.sidecar.process.pid, WRITING, "", files_of(scene.ledger), told):
            script(scene, Seen({}))
            scene.sidecar.end()
        return _places(told)


def _kill(
    directory: Path, simulator: RunningSimulator, script: Script, before: Script, last: Sequence[Place], place: Place
) -> Verdict:
    (own := directory / str(place)).mkdir()
    seen = Seen({})
    with beginning(own, simulator) as scene:
        before(scene, seen)
        with injected(scene.sidecar.process.pid, [place.call], place.fault, files_of(scene.ledger), own / "strace"):
            script(scene, seen)
            scene.sidecar.process.terminate()
            scene.sidecar.process.wait(PATIENCE_SECONDS)
    lost = lost_by(scene, seen) + (_not_gone_on_with(own, simulator, scene) if place in last else [])
    found = [[f"at {place}: {finding}" for finding in findings] for findings in (lost, wrong_after(scene))]
    return Verdict(1, tuple(found[0]), tuple(found[1]))


def _not_gone_on_with(directory: Path, simulator: RunningSimulator, killed: Scene) -> list[str]:
    """Operations that a whole sidecar does not bring to an end that starts on the same ledger."""
    mine = [seen.tag for seen in simulator.operations if seen.tag.startswith(f"{killed.callers.team}-")]
    with beginning(directory, simulator) as again:
        is_settled = {tag: partial(_is_settled, again, tag) for tag in mine}
        return [f"{tag} is not settled" for tag, check in is_settled.items() if until(check, PATIENCE_SECONDS) is None]


def _is_settled(scene: Scene, name: str) -> bool:
    row = operation_in(scene.ledger, name)
    return row is not None and row["settled_at"] is not None


def _play_first_start(stage: Stage) -> Verdict:
    """Kill a sidecar that makes its ledger, before it serves anybody."""
    (scouted := stage.directory / "scouted").mkdir()
    told = scouted / "strace"
    _start(scouted, ["-o", str(told)], "")
    chosen = stage.some(_places(told), IN_THE_SHORT_FORM)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        lost = list(chain.from_iterable(threads.map(partial(_kill_at_the_start, stage.directory), chosen)))
    return Verdict(len(chosen), tuple(lost))


def _kill_at_the_start(directory: Path, place: Place) -> list[str]:
    (own := directory / str(place)).mkdir()
    _start(own, ["-o", str(own / "strace")], place.fault, [place.call])
    return [f"at {place}: {finding}" for finding in mended_in(own / "ledger.db")]


def _start(directory: Path, told: list[str], fault: str, calls: Sequence[str] = WRITING) -> None:
    """Start a sidecar that is traced from its first moment, and end it when it serves, if it comes to that."""
    tracing = injecting(calls, fault, files_of(directory / "ledger.db"))
    with subprocess.Popen(
        command(*tracing, *told), cwd=directory, env=environment(directory, {}), stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True,
    ) as strace:  # fmt: skip
        assert strace.stdout is not None
        strace.stdout.readline()  # its first line says that it serves
        os.killpg(strace.pid, signal.SIGKILL)  # the sidecar, too, whose parent it is


WHOLE: Final = "Nothing is gone that a reader has seen, no operation is without its row; the next start goes on."
STRACE: Final = ("strace",)
FAULTS: tuple[Fault, ...] = (
    Fault("while it makes the file", "The next start makes the rest.", _play_first_start, STRACE),
    Fault("while it writes calls, and at the end", WHOLE, partial(_play, make_calls, nothing), STRACE),
    Fault("while it opens operations", WHOLE, partial(_play, open_operations, nothing), STRACE),
    Fault("while it cancels an operation", WHOLE, partial(_play, cancel_it, open_one), STRACE),
)
