"""The ledger's file is taken away or replaced under a sidecar that writes it."""

from functools import partial
from typing import Final

from sidecar.cli import OK
from tests.faults.books import not_given_back
from tests.faults.disk_outage import warmed_up
from tests.faults.fault import Stage, Verdict
from tests.faults.file_strikes import KEEPS_EVERYTHING, STRIKES, Strike
from tests.faults.ledger_scene import LONG, Scene, enforcing, is_known_in, operation_in, rows_in
from tests.faults.waiting import until

IN_THE_SHORT_FORM: Final = 4
PATIENCE_SECONDS: Final = 30.0


def play_taken(stage: Stage) -> Verdict:
    """One strike after the other. Operations that still run are known afterwards as before, and cancelled when abandoned."""
    (directory := stage.directory / "ledger").mkdir()
    struck = stage.some(STRIKES, IN_THE_SHORT_FORM)
    ledger = directory / "ledger.db"
    with enforcing(stage.directory, {"LEDGER__URL": f"sqlite:///{ledger}"}) as scene:
        scene.sidecar.ledger = ledger  # in a directory of its own, which can be removed
        before, kept, lost = warmed_up(scene), scene.callers.open("kept"), list[str]()
        seconds = 0.0
        with scene.callers.polling(kept):
            for strike in struck:
                found, took = after(scene, strike)
                lost += [f"{strike.__name__}: {finding}" for finding in found]
                seconds = max(seconds, took)
            wrong = ["an operation was cancelled that is polled"] if scene.at_the_provider("kept").cancels else []
            leaked = not_given_back(scene.sidecar, before)
            status = scene.sidecar.end()
        wrong += [f"the exit status was {status}"] if status != OK else []
        told = sum(line["event"] == "ledger_notice" for line in scene.sidecar.log)
        remark = f"{told} notices in the log"
        wrong += [] if told else ["nobody was told"]
    return Verdict(len(struck), tuple(lost), tuple(wrong), tuple(leaked), seconds, remark)


def after(scene: Scene, strike: Strike) -> tuple[list[str], float]:
    """What is missing after one strike, and how long it took until a call made afterwards stood in the ledger."""
    name, first = f"gone-{strike.__name__}", scene.callers.call()
    scene.callers.open(name, LONG)
    until(lambda: is_known_in(scene.ledger, name), PATIENCE_SECONDS)
    until(partial(is_there, scene, first.name), PATIENCE_SECONDS)
    strike(scene.ledger)
    second = scene.callers.call()
    took = until(partial(is_there, scene, second.name), PATIENCE_SECONDS)
    lost = [] if took is not None else ["a call made afterwards is not in the ledger"]
    if strike in KEEPS_EVERYTHING and not is_there(scene, first.name):
        lost.append("a call made before is not in the ledger")
    lost += [f"{answer.name} was answered {answer.status}" for answer in (first, second) if answer.status != 200]
    if until(partial(is_settled, scene, name), PATIENCE_SECONDS) is None:
        lost.append("an operation whose caller was gone was not cancelled and settled")
    return lost, took or 0.0


def is_there(scene: Scene, name: str) -> bool:
    """Whether a caller's row is in the file by the ledger's name now, with its outcome."""
    return any(row["caller"] == name and row["outcome"] for row in rows_in(scene.ledger))


def is_settled(scene: Scene, name: str) -> bool:
    """Whether a caller's operation is cancelled, and stands so in the file by the ledger's name now."""
    row = operation_in(scene.ledger, name)
    return row is not None and row["settled_at"] is not None and bool(scene.at_the_provider(name).cancels)
