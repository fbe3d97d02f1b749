"""The demo's scene being played: callers enter, vanish and come back, before a stage that keeps count.

Nothing here prints: `demo.py` shows it in a terminal, and `performed` plays it beside anybody who wants to look at the live page.
"""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sidecar.cli.stage import ERRORS, Row, Stage, StageFailed, environment_of
from sidecar.clock import SystemClock
from sidecar.simulator.cast import Ending, Role, scene
from sidecar.simulator.fleet import Fleet, FleetLost

STEP_SECONDS: Final = 0.15
LATE_SECONDS: Final = 45.0
"""After the scene's length: by then whatever has not settled never will. The watch looks at an orphan every 15 s at first."""
SEED, SECONDS, CALLERS = 7, 60.0, 12
PAUSE: Final = threading.Event()
"""Never set: waiting for it is waiting."""


def seconds_now() -> float:
    """Of the monotonic clock."""
    return SystemClock().monotonic_ns() / 1e9


class Performance:
    """One scene. `step` moves it on; between two steps everybody goes on by themselves."""

    def __init__(self, stage: Stage, fleet: Fleet, cast: Sequence[Role], seconds: float) -> None:
        self.stage, self.cast, self._fleet, self._seconds = stage, cast, fleet, seconds
        self.entered: list[Role] = []
        self.vanished: set[str] = set()
        self.in_flight: dict[str, Row] = {}
        self.operations: dict[str, list[Row]] = {}
        self._arrived_at: dict[str, float] = {}
        self._began: float | None = None

    def step(self) -> None:
        """Let in who is due, look who has arrived, make vanish who is to.

        Raises:
            StageFailed: a server or the callers' nursery is gone.
        """
        try:
            if self._began is None and self._fleet.is_ready():
                self._began = seconds_now()
            if self._began is not None:
                self._enter(seconds_now() - self._began)
                self._look()
        except FleetLost as lost:
            said = self.stage.complaints()[-3:]
            raise StageFailed("\n".join(["the callers have no more parent", *said])) from lost

    @property
    def is_over(self) -> bool:
        """Everybody has entered and all has settled, or it is too late for that."""
        if self._began is None or len(self.entered) < len(self.cast):
            return False
        late = seconds_now() - self._began > self._seconds + LATE_SECONDS
        return late or not self.unsettled()

    def unsettled(self) -> list[str]:
        """Who has asked for something of which it is not known yet what became of it, or has not asked at all."""
        short = [role.name for role in self.cast if len(self.stage.settled.get(role.name, ())) < settles(role)]
        return short or list(self.in_flight)  # a slow machine makes an SDK retry once more than it was meant to

    def _enter(self, elapsed: float) -> None:
        for role in self.cast[len(self.entered) :]:
            if role.enters_after_seconds > elapsed:
                break
            self._fleet.start(role)
            self.entered.append(role)

    def _look(self) -> None:
        self.in_flight, self.operations = self.stage.in_flight(), self.stage.operations()
        opened = {name for name, rows in self.operations.items() if any(row["state"] != "opening" for row in rows)}
        committed = {name for name, call in self.in_flight.items() if call["upstream_state"] != "unsent"}
        arrived = opened | committed
        self._fleet.arrived(arrived)
        self.vanished.update(self._fleet.look())
        for name in arrived:
            self._arrived_at.setdefault(name, seconds_now())
        self.vanished.update(role.name for role in self.entered if self._gave_up(role))

    def _gave_up(self, role: Role) -> bool:
        """It has left by itself, as far as its role says."""
        since = self._arrived_at.get(role.name)
        is_by_itself = role.ending in {Ending.TIMED_OUT, Ending.CLOSED, Ending.RETRIES}
        return is_by_itself and since is not None and seconds_now() - since >= role.leaves_after_seconds


def settles(role: Role) -> int:
    """How many calls and operations of a caller settle at least: a rescued call and the retry that joined it are two."""
    return 2 if role.ending in {Ending.RETRIES, Ending.RESTARTED} else len(role.scripts)


@contextmanager
def opened(
    seconds: float = SECONDS,
    callers: int = CALLERS,
    seed: int = SEED,
    ledger: Path | None = None,
    is_asked_to_end: Callable[[], bool] = bool,
) -> Iterator[Performance]:
    """A stage with everybody waiting behind it; at the end all processes are gone, and the ledger too where no file was named.

    Raises:
        StageFailed: something did not start.
        Interrupted: `is_asked_to_end` said so meanwhile.
    """
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sidecar-demo-")))
        errors = stack.enter_context((directory / ERRORS).open("ab"))
        fleet = Fleet(environment_of(os.environ), errors)  # the first, because it takes longest to be ready
        stack.callback(fleet.close)
        stage = Stage(directory, ledger, seconds, is_asked_to_end)
        stack.push(lambda *_: stage.close())
        fleet.place(stage.proxy_url, stage.pids)
        yield Performance(stage, fleet, scene(seconds, callers, seed), seconds)


@contextmanager
def performed(
    seconds: float = SECONDS, callers: int = CALLERS, seed: int = SEED, ledger: Path | None = None
) -> Iterator[Performance]:
    """The scene playing by itself, without a terminal: for whoever wants to look at `stage.control_url` meanwhile."""
    is_enough = threading.Event()
    with opened(seconds, callers, seed, ledger) as performance:

        def play() -> None:
            while not (is_enough.is_set() or performance.is_over):
                performance.step()
                PAUSE.wait(STEP_SECONDS)

        with ThreadPoolExecutor(1) as pool:
            played = pool.submit(play)
            try:
                yield performance
            finally:
                is_enough.set()
            played.result()
