"""A start on a damaged ledger: it needs nobody's help, writes over nothing, and says so when something is missing."""

import shutil
from pathlib import Path
from typing import Final

from sidecar.cli import OK
from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.process import ROWS_LOST
from tests.faults.disk_outage import unanswered
from tests.faults.fault import Stage, Verdict
from tests.faults.file_damage import FRAME, SECTOR, copied, damages, made, scribbled
from tests.faults.file_taken import is_there
from tests.faults.ledger_scene import Scene, beginning, enforcing, rows_in
from tests.faults.waiting import until
from tests.ledger.given import START, settled_call

IN_THE_SHORT_FORM: Final = 24
IN_USE_IN_THE_SHORT_FORM: Final = 6
PATIENCE_SECONDS: Final = 30.0
SLOW_SECONDS: Final = 4.0
NEWER: Final = "was written by a newer sidecar"
"""A damaged version can be a higher one; what is newer is not touched."""
SAID: Final = "Missing from reports now"


def play_damaged(stage: Stage) -> Verdict:
    """Damage a copy in one way after the other, and start on it; and once with a whole sidecar."""
    killed, ended = made(stage.directory / "made")
    ids = {row["id"] for row in rows_in(ended)}
    chosen, lost, told = stage.some(damages(killed, ended), IN_THE_SHORT_FORM), list[str](), 0
    for damage in chosen:
        directory = stage.directory / "damaged"
        ledger = copied(damage.ledger, directory)
        damage.strike(ledger)
        notice, found = started_on(ledger, ids)
        told += bool(notice)
        lost += [f"{damage.name}: {finding}" for finding in found]
        shutil.rmtree(directory)
    lost += _served(stage.directory / "served", ended)
    return Verdict(len(chosen) + 1, tuple(lost), remark=f"{told} times something was missing, and said to be")


def started_on(ledger: Path, ids: set[str]) -> tuple[str, list[str]]:
    """What a start on a ledger says is missing; and what is wrong."""
    damaged = ledger.read_bytes()
    try:
        opened = SqliteLedger.open(f"sqlite:///{ledger}", clock=SystemClock(), instance="next")
        opened.settle_lost(START)
        opened.operations.take_over(len(ids))
    except LedgerError as error:
        return "", [] if NEWER in error.problem else [f"the start failed: {error}"]
    opened.put(settled_call("new"))
    found = [] if opened.close(PATIENCE_SECONDS) else ["a row could not be written"]
    notice = " ".join(opened.health().notices)
    there = {row["id"] for row in rows_in(ledger)}
    found += [] if "new" in there else ["a row was not written"]
    if missing := ids - there:
        found += [] if SAID in notice else [f"{len(missing)} rows are gone, and nobody was told"]
    aside = list(ledger.parent.glob(f"{ledger.name}.damaged-*Z"))
    found += ["the damaged file was written over"] if aside and aside[0].read_bytes() != damaged else []
    return notice, found


def _served(directory: Path, ended: Path) -> list[str]:
    """A whole sidecar on a file whose first sector is nonsense."""
    scribbled(copied(ended, directory), 0, SECTOR)
    with enforcing(directory) as scene:
        notice = scene.sidecar.logged("ledger_notice")["notice"]
        answer = scene.callers.call()
        found = (
            [] if until(lambda: is_there(scene, answer.name), PATIENCE_SECONDS) is not None else ["no call is written"]
        )
        found += [] if SAID in notice else [f"the notice says {notice}"]
        status = scene.sidecar.end()
    return found + ([] if status == OK else [f"the exit status was {status}"])


def play_damaged_in_use(stage: Stage) -> Verdict:
    """Sectors of the file and of its log become nonsense under a sidecar: calls go on, then and after the next start."""
    with enforcing(stage.directory) as scene:
        for _ in range(20):
            scene.callers.call()
        sizes = {suffix: Path(f"{scene.ledger}{suffix}").stat().st_size for suffix in ("", "-wal")}
        places = [(suffix, at) for suffix, size in sizes.items() for at in range(0, size - SECTOR, FRAME)]
        chosen = stage.some(places, IN_USE_IN_THE_SHORT_FORM)
        for suffix, at in chosen:
            scribbled(Path(f"{scene.ledger}{suffix}"), at, SECTOR)
            scene.callers.call()
            scene.callers.open(f"opened-{suffix}-{at}", "seconds=0.01")
        status = scene.sidecar.end()
        lost = unanswered(scene.callers.answers, SLOW_SECONDS, {})
        lost += [] if status in (OK, ROWS_LOST) else [f"the exit status was {status}"]
        lost += _goes_on(scene)
    return Verdict(len(chosen), tuple(lost), remark=f"exit status {status}")


def _goes_on(scene: Scene) -> list[str]:
    with beginning(scene.ledger.parent, scene.simulator) as again:
        answer = again.callers.call()
        is_written = until(lambda: is_there(again, answer.name), PATIENCE_SECONDS) is not None
        again.sidecar.end()
    return [] if is_written else ["after the next start no call is written"]
