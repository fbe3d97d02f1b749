"""What has to go on, to wait and to be made good when a disk takes nothing for a while, and what is told when it never does."""

import os
import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from sidecar.cli import OK
from sidecar.errors import LedgerError
from sidecar.process import ROWS_LOST
from tests.end_to_end.rig import Row
from tests.faults.books import differing, not_given_back
from tests.faults.fault import Verdict
from tests.faults.ledger_scene import (
    LEASE_SECONDS,
    QUICK,
    SHORT,
    Answer,
    Scene,
    beginning,
    is_known_in,
    operation_in,
    rows_in,
)
from tests.faults.outages import Outage
from tests.faults.waiting import until
from tests.soak.figures import Figures, look

OUTAGE_SECONDS: Final = LEASE_SECONDS + 1.0
"""Long enough that whoever opened an operation and went would have been missed, and the operation cancelled."""
PATIENCE_SECONDS: Final = 40.0
HELD_SECONDS: Final = 6.0
"""A create is held for two seconds (`operation_rows.HOLD_SECONDS`); the machine is shared."""
SLOW_SECONDS: Final = 4.0
"""No call takes so long that waits for no disk."""
MOST_POOL_THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""Of `concurrent.futures.ThreadPoolExecutor`, which makes one whenever all others have work, and keeps it."""
CANCELLED: Final = ("gone", "late")
"""Callers who open an operation, before the outage and in it, and are gone."""


def play_outage(scene: Scene, outage: Outage, *, is_error: bool = True) -> Verdict:
    """Calls go on, no cancel is sent, and all is made good when the disk is back. `is_error`: not only a wait."""
    callers = scene.callers
    before, kept, gone, took = warmed_up(scene), callers.open("kept"), callers.open("gone"), callers.open("took", SHORT)
    until(lambda: is_known_in(scene.ledger, "gone"), PATIENCE_SECONDS)
    with callers.polling(kept):
        with callers.calling(), outage(scene):
            errors, cancels = scene.errors(), scene.cancels()
            late = callers.open("late")
            taken = taken_amid(scene, took)
            sent = scene.cancels() - cancels
            wrong = [f"{sent} cancels whose intent could not be written"] if sent else []
            wrong += (
                []
                if scene.errors() > errors or not is_error
                else ["the ledger counted no error while it could not be written"]
            )
        recovered = until(lambda: is_made_good(scene), PATIENCE_SECONDS)
        wrong += taken + is_called_orphaned(scene, took)
        wrong += ["an operation was cancelled that is polled"] if scene.at_the_provider("kept").cancels else []
        lost = unanswered([*callers.answers, kept, gone, late], SLOW_SECONDS, {"late": HELD_SECONDS})
        lost += [] if recovered is not None else [f"not made good: {unsettled(scene)}, {scene.waiting()} rows wait"]
        leaked = not_given_back(scene.sidecar, before)
        remark = f"{scene.errors():.0f} errors counted"
        wrong += after_the_end(scene, OK)
    return Verdict(len(callers.answers) + 4, tuple(lost), tuple(wrong), tuple(leaked), recovered, remark)


def taken_amid(scene: Scene, took: Answer) -> list[str]:
    """Let the outage last, and one of the callers take the end of its operation in it; it asks no more then."""
    over_at = time.monotonic() + OUTAGE_SECONDS
    is_taken = until(lambda: scene.callers.poll(took.name, took.id).state == "completed", OUTAGE_SECONDS) is not None
    time.sleep(max(0.0, over_at - time.monotonic()))
    return [] if is_taken else ["an operation did not end while the ledger could not be used"]


def is_called_orphaned(scene: Scene, took: Answer) -> list[str]:
    """Its caller has its result, which the row has to say although the ledger could not be written then."""
    until(lambda: (row_of(scene, took.name) or {}).get("settled_at") is not None, PATIENCE_SECONDS)
    row = row_of(scene, took.name)
    if row is None or row["outcome"] != "succeeded" or Decimal(row["orphaned_usd"] or 0):
        return [f"a caller took its result, and the row says {row}"]
    return []


def play_last_outage(scene: Scene, outage: Outage) -> Verdict:
    """The disk does not come back before the end: the exit status says so, and the next start takes up what was written."""
    callers = scene.callers
    gone = callers.open("gone")
    until(lambda: is_known_in(scene.ledger, "gone"), PATIENCE_SECONDS)
    with outage(scene):
        errors, cancels = scene.errors(), scene.cancels()
        answers = [callers.open("late"), *(callers.call() for _ in range(10))]
        until(lambda: scene.errors() > errors, PATIENCE_SECONDS)
        status = scene.sidecar.end()
    wrong = [f"the exit status was {status}, not {ROWS_LOST}"] if status != ROWS_LOST else []
    wrong += ["a cancel was sent whose intent could not be written"] if scene.cancels() > cancels else []
    lost = unanswered([gone, *answers], SLOW_SECONDS, {"late": HELD_SECONDS})
    last = scene.sidecar.logged("drained")
    missing = len(answers)  # a row each, and that of the operation
    wrong += (
        []
        if last["rows_unwritten"] >= missing
        else [f"{last['rows_unwritten']} of {missing} rows are said to be missing"]
    )
    with beginning(scene.ledger.parent, scene.simulator) as again:
        recovered = until(lambda: is_settled(again, "gone"), PATIENCE_SECONDS)
        lost += [] if recovered is not None else [f"the next start did not cancel it: {unsettled(again)}"]
        again.sidecar.end()
    told = f"exit status {status}, and the log says that {last['rows_unwritten']} are missing"
    return Verdict(len(answers) + 1, tuple(lost), tuple(wrong), (), recovered, told)


def warmed_up(scene: Scene) -> Figures:
    """What is held once each thing was done, with all the threads that asyncio's own pool may come to have."""
    scene.callers.call()
    scene.callers.open("warm", QUICK)
    held = look(scene.sidecar)
    return held._replace(threads=held.threads + MOST_POOL_THREADS)


def unanswered(answers: Iterable[Answer], seconds: float, longer: dict[str, float]) -> list[str]:
    """Whoever had no good answer, or not in time; some have a longer time."""
    return [
        f"{answer.name} was answered {answer.status} after {answer.seconds:.1f} s"
        for answer in answers
        if answer.status != 200 or answer.seconds > longer.get(answer.name, seconds)
    ]


def after_the_end(scene: Scene, status: int) -> list[str]:
    """End the sidecar: what is wrong with its exit status, or with its rows beside the provider's bill."""
    ended = scene.sidecar.end()
    wrong = [] if ended == status else [f"the exit status was {ended}, not {status}"]
    rows = [row for row in rows_in(scene.ledger) if row["caller"] != "kept"]
    return wrong + differing(rows, scene.simulator.bill)


def is_made_good(scene: Scene, names: Sequence[str] = CANCELLED) -> bool:
    """These operations without a caller are cancelled and settled, and no row waits."""
    return all(is_settled(scene, name) for name in names) and not scene.waiting()


def is_settled(scene: Scene, name: str) -> bool:
    """Whether that caller's operation is, after a cancel."""
    row = row_of(scene, name)
    return row is not None and row["settled_at"] is not None and bool(scene.at_the_provider(name).cancels)


def unsettled(scene: Scene) -> dict[str, str]:
    """Where those stand that are not settled."""
    return {name: state_of(scene, name) for name in CANCELLED if not is_settled(scene, name)}


def state_of(scene: Scene, name: str) -> str:
    """How that caller's operation stands in the ledger; empty where it has no row."""
    row = row_of(scene, name)
    return "" if row is None else str(row["state"])


def row_of(scene: Scene, name: str) -> Row | None:
    """That caller's operation in the ledger; None where it has no row, or the file can't be read now."""
    try:
        return operation_in(scene.ledger, name)
    except LedgerError:
        return None


def together(verdicts: Sequence[Verdict]) -> Verdict:
    """Several as one; the longest recovery."""
    return Verdict(
        sum(each.tried for each in verdicts),
        tuple(found for each in verdicts for found in each.lost),
        tuple(found for each in verdicts for found in each.wrong),
        tuple(found for each in verdicts for found in each.leaked),
        max((each.recovered_seconds for each in verdicts if each.recovered_seconds is not None), default=None),
        "; ".join(dict.fromkeys(each.remark for each in verdicts if each.remark)),
    )
