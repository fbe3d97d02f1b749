"""The ledger's file is taken away, damaged, locked, or not what it should be."""

from typing import Final

from tests.faults.disk_outage import play_outage
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.file_damaged import play_damaged, play_damaged_in_use
from tests.faults.file_refused import play_refused, play_two_sidecars
from tests.faults.file_strikes import locked, read_for_long
from tests.faults.file_taken import play_taken
from tests.faults.ledger_scene import enforcing


def _play_locked(stage: Stage) -> Verdict:
    """Another program reads all the time, and for a while keeps everybody from writing."""
    with enforcing(stage.directory) as scene, read_for_long(scene.ledger):
        return play_outage(scene, locked, is_error=False)


SET_ASIDE: Final = "Set aside untouched; a new one is begun, and what is missing is said. Nobody has to help."
SAYS_WHY: Final = "A sentence that says why and what to do, exit status 3, and nothing is touched."
FAULTS: tuple[Fault, ...] = (
    Fault(
        "is removed or replaced while in use",
        "The file by its name is written, with all operations that have not settled; a notice says what is missing.",
        play_taken,
    ),
    Fault("is damaged at the start", SET_ASIDE, play_damaged),
    Fault("is damaged while in use", "Calls go on, then and after the next start.", play_damaged_in_use),
    Fault("is locked, and read for long", "Calls go on, cancels wait; then every row is written.", _play_locked),
    Fault("is written by another sidecar", SAYS_WHY, play_two_sidecars),
    Fault("is newer, another program's, or not ours to write", SAYS_WHY, play_refused),
)
