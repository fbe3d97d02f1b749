"""A disk that takes seconds for every sync: nobody who calls waits for it, and a create only so long."""

from statistics import median
from typing import Final

from sidecar.cli import OK
from tests.faults.books import not_given_back
from tests.faults.disk_outage import (
    CANCELLED,
    HELD_SECONDS,
    SLOW_SECONDS,
    after_the_end,
    is_made_good,
    unanswered,
    unsettled,
    warmed_up,
)
from tests.faults.fault import Stage, Verdict
from tests.faults.ledger_scene import enforcing
from tests.faults.outages import SYNCING
from tests.faults.strace import files_of, injected
from tests.faults.waiting import until

SYNC_SECONDS, SHORT_SYNC_SECONDS = 2.0, 0.5
"""Of each sync; a commit is one, and every thousandth page brings two more."""
PATIENCE_SECONDS: Final = 120.0
"""An operation that is opened, abandoned and cancelled is written seven times, each time behind a commit of calls."""
USUAL_SECONDS: Final = 0.25
"""Half of the calls take less, by far: whoever waits for a sync takes two seconds, or half a one in the short form."""


def play_slow(stage: Stage) -> Verdict:
    """Calls go on as ever. What hangs on the ledger, cancels above all, goes on slowly, and is never starved by them."""
    with enforcing(stage.directory) as scene:
        callers, before = scene.callers, warmed_up(scene)
        told = stage.directory / "strace"
        process, seconds = scene.sidecar.process.pid, SYNC_SECONDS if stage.is_full else SHORT_SYNC_SECONDS
        names = CANCELLED if stage.is_full else CANCELLED[:1]
        with (
            callers.calling(),
            injected(process, SYNCING, f"delay_enter={seconds * 1000:.0f}ms", files_of(scene.ledger), told),
        ):
            opened = [callers.open(name) for name in names]
            recovered = until(lambda: all(scene.at_the_provider(name).cancels for name in names), PATIENCE_SECONDS)
        lost = [] if recovered is not None else [f"not cancelled while the disk was slow: {unsettled(scene)}"]
        lost += unanswered([*callers.answers, *opened], SLOW_SECONDS, dict.fromkeys(CANCELLED, HELD_SECONDS))
        usual = median(answer.seconds for answer in callers.answers)
        lost += [f"half of the calls took {usual:.1f} s and more"] if usual > USUAL_SECONDS else []
        until(lambda: is_made_good(scene, names), PATIENCE_SECONDS)
        leaked = not_given_back(scene.sidecar, before)
        wrong = after_the_end(scene, OK)
        remark = f"half of the calls took less than {usual:.2f} s"
        return Verdict(len(callers.answers) + len(opened), tuple(lost), tuple(wrong), tuple(leaked), recovered, remark)
