"""The ledger's disk is full, read-only, slow or broken: calls go on, no cancel is sent that could not be written down first."""

from typing import Final

from tests.faults.disk_errors import play_errors
from tests.faults.disk_log import play_log_on_a_full_disk, play_log_to_nobody
from tests.faults.disk_outage import play_last_outage, play_outage, together
from tests.faults.disk_slow import play_slow
from tests.faults.disk_start import play_full_at_the_start, play_read_only_at_the_start
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.ledger_scene import enforcing
from tests.faults.outages import NOTHING_READ_OR_WRITTEN, NOTHING_SYNCED, READ_ONLY, full, small_disk

WAITS: Final = (
    "Calls go on, a create is held two seconds at most, no cancel is sent; afterwards every row is written and the abandoned "
    "operations are cancelled."
)
STRACE: Final = ("strace",)


FAILURES: Final = {"read-only": READ_ONLY, "no syncs": NOTHING_SYNCED, "no reads": NOTHING_READ_OR_WRITTEN}


def _full_for_a_while(stage: Stage) -> Verdict:
    with small_disk(stage.directory) as disk, enforcing(disk) as scene:
        return play_outage(scene, full)


def _full_to_the_end(stage: Stage) -> Verdict:
    with small_disk(stage.directory) as disk, enforcing(disk) as scene:
        return play_last_outage(scene, full)


def _failing_for_a_while(stage: Stage) -> Verdict:
    verdicts = []
    for name in FAILURES if stage.is_full else ("read-only",):
        (directory := stage.directory / name).mkdir()
        with enforcing(directory) as scene:
            verdicts.append(play_outage(scene, FAILURES[name]))
    return together(verdicts)


FAULTS: tuple[Fault, ...] = (
    Fault("full, and there is room again", WAITS, _full_for_a_while, STRACE),
    Fault(
        "full to the end",
        "What could not be written is counted, the exit status is 1, and the next start goes on with what was.",
        _full_to_the_end,
        STRACE,
    ),
    Fault("read-only, or fails, for a while", WAITS, _failing_for_a_while, STRACE),
    Fault("fails at the n-th write or sync", "What was being written is written again.", play_errors, STRACE),
    Fault(
        "takes 2 s for each sync",
        "Calls don't wait for it; cancels do, until their intent is written.",
        play_slow,
        STRACE,
    ),
    Fault("of the log is full", "Lines are dropped, and nothing else.", play_log_on_a_full_disk),
    Fault("of the log is a pipe that nobody reads", "Lines are dropped, and nothing else.", play_log_to_nobody),
    Fault("full at the start", "A sentence that says what to do, and exit status 3.", play_full_at_the_start, STRACE),
    Fault(
        "read-only at the start",
        "A sentence that says what to do, and exit status 3.",
        play_read_only_at_the_start,
        STRACE,
    ),
)
