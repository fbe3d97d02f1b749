"""Short traffic during which a sidecar is killed at a moment that a system call names."""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from sidecar.errors import LedgerError
from tests.end_to_end.rig import Row
from tests.faults.ledger_scene import LONG, Scene, is_known_in, rows_in

CALLS: Final = 4
PATIENCE_SECONDS: Final = 30.0
LOOK_SECONDS: Final = 0.01


class Seen(NamedTuple):
    """What the ledger has shown to a reader before the kill: rows by their callers, settled and so for good."""

    settled: dict[str, Row]


Script = Callable[[Scene, Seen], None]


def nothing(scene: Scene, seen: Seen) -> None:
    """Nothing happens before."""


def make_calls(scene: Scene, seen: Seen) -> None:
    """One call after the other, each when the row of the one before can be read; then the end, which tidies up."""
    for _ in range(CALLS):
        if not _settles(scene, seen, scene.callers.call().name):
            return
    scene.sidecar.process.terminate()


def open_operations(scene: Scene, seen: Seen) -> None:
    """One operation after the other, the second when all of the first is written."""
    for name in ("first", "second"):
        _open(scene, f"{scene.callers.team}-{name}")


def open_one(scene: Scene, seen: Seen) -> None:
    """An operation whose caller is gone; all that the road writes of it is written."""
    _open(scene, f"{scene.callers.team}-abandoned")


def _open(scene: Scene, name: str) -> None:
    scene.callers.open(name, LONG)
    _wait(scene, lambda: is_known_in(scene.ledger, name))


def cancel_it(scene: Scene, seen: Seen) -> None:
    """Its lease lapses, it is cancelled, and settles: all of it the reaper writes."""
    _settles(scene, seen, f"{scene.callers.team}-abandoned")


def _settles(scene: Scene, seen: Seen, name: str) -> bool:
    """Wait until a caller's row is settled, and remember it as it is; False when the sidecar has ended before."""

    def is_settled() -> bool:
        # The outcome is what settles: a call's other fields are set before, and may be read so for a moment.
        found = [row for row in rows_in(scene.ledger) if row["caller"] == name and row["outcome"]]
        if found:
            seen.settled[name] = found[0]
        return bool(found)

    return _wait(scene, is_settled)


def _wait(scene: Scene, is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while scene.sidecar.process.poll() is None and time.monotonic() < deadline:
        try:
            if is_so():
                return True
        except LedgerError:  # a reader may meet the very moment of the kill
            pass
        time.sleep(LOOK_SECONDS)
    return False
