"""The n-th write or sync fails, for every n: what was being written then is written again."""

import time
from functools import partial
from typing import Final

from sidecar.cli import OK
from tests.faults.books import not_given_back
from tests.faults.disk_outage import PATIENCE_SECONDS, after_the_end, unanswered, warmed_up
from tests.faults.fault import Stage, Verdict
from tests.faults.ledger_scene import Scene, enforcing, operation_in
from tests.faults.strace import files_of, injected
from tests.faults.waiting import until

ONCE: Final = ""
ALL_LATER: Final = "+"
"""As strace writes it behind the number."""
PLACES: Final = [
    (call, f"{number}{lasting}")
    for call, most in (("pwrite64", 100), ("fdatasync", 20))
    for lasting in (ONCE, ALL_LATER)
    for number in range(1, most + 1)
]
IN_THE_SHORT_FORM: Final = 8
REACHED_SECONDS: Final = 10.0
LASTING_SECONDS: Final = 0.3
"""So long the disk goes on failing, where it does."""
SLOW_SECONDS: Final = 4.0
OPERATION_EVERY: Final = 10
"""So many faults share an operation whose caller is gone."""


def play_errors(stage: Stage) -> Verdict:
    """Strike one place after the other, while calls are made and operations are abandoned."""
    with enforcing(stage.directory) as scene:
        callers, before, unreached = scene.callers, warmed_up(scene), 0
        opened = [callers.open("first")]
        with callers.calling(), callers.calling(), callers.calling():
            for turn, (call, when) in enumerate(stage.some(PLACES, IN_THE_SHORT_FORM)):
                if turn % OPERATION_EVERY == 0:
                    opened.append(callers.open(f"abandoned-{turn}"))
                unreached += not strike(scene, call, when)
        names = [answer.name for answer in opened]
        recovered = until(partial(is_all_written, scene, names), PATIENCE_SECONDS)
        lost = [] if recovered is not None else [f"not made good: {names}, {scene.waiting()} rows wait"]
        lost += [f"{unreached} places were never reached"] if unreached else []
        lost += unanswered([*callers.answers, *opened], SLOW_SECONDS, {})
        leaked = not_given_back(scene.sidecar, before)
        remark = f"{scene.errors():.0f} errors counted"
        wrong = after_the_end(scene, OK)
        return Verdict(turn + 1, tuple(lost), tuple(wrong), tuple(leaked), recovered, remark)


def strike(scene: Scene, call: str, when: str) -> bool:
    """Let the disk fail; whether it came to that."""
    told = scene.ledger.parent / "strace"
    fault = f"error=EIO:when={when}"
    with injected(scene.sidecar.process.pid, [call], fault, files_of(scene.ledger), told) as injection:
        is_struck = injection.struck(REACHED_SECONDS)
        time.sleep(LASTING_SECONDS if when.endswith(ALL_LATER) else 0)
    return is_struck


def is_all_written(scene: Scene, names: list[str]) -> bool:
    """No row waits, and these operations are cancelled and settled."""
    rows = [operation_in(scene.ledger, name) for name in names]
    return not scene.waiting() and all(row is not None and row["settled_at"] for row in rows)
