"""Wall clocks that step by an hour, forward and back, while calls run and leases are held; and sidecars whose clocks differ."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Final

from sidecar.clock import SECOND, Moment
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.faults.application import KEY, Application
from tests.faults.books import differing, not_given_back
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.ledger_rows import Books, sqlite_books
from tests.faults.moved_clock import HOUR, MovedClock
from tests.faults.postgres_play import LEFT, NOW, POLLED, SOON, left, with_what_is_kept
from tests.faults.postgres_scene import LEASE_SECONDS, SERVERS, SETTINGS, Scene, scene_on
from tests.faults.waiting import until
from tests.soak.figures import look

STEPS: Final = (HOUR, 0, -HOUR, HOUR, 0)
BETWEEN_SECONDS: Final = 0.8
POLLED_APART: Final = ("polled-0", "polled-1", "polled-2")
TAKEOVER_SECONDS: Final = 4 * LEASE_SECONDS
"""A term until the dead one is known to be dead, and time to judge what it held wrongly."""
SILENT, SILENT_LEASE = "silent", "60s"
"""An operation whose caller has said that it may not be heard of for longer than all of this takes."""
MOST_LEARNED_SECONDS: Final = 100
"""Five times the longest pause that a busy machine makes of 0.3 s."""
LONG_CALL: Final = f"seconds={BETWEEN_SECONDS * 2} chunks=8"
"""A call in whose middle the clock steps."""


def step_on_a_file(stage: Stage) -> Verdict:
    """The ledger's clock is the one that steps."""
    with ExitStack() as stack:
        simulator = stack.enter_context(running_simulator())
        clock = MovedClock(stage.directory)
        (key := stage.directory / "key").write_text(KEY)
        upstream = {"UPSTREAMS__OPENAI__URL": simulator.url, "UPSTREAMS__OPENAI__CREDENTIAL__FILE": str(key)}
        settings = SETTINGS | upstream | {"LEDGER__RETENTION_DAYS": "1"}
        sidecar = stack.enter_context(running_sidecar(stage.directory, simulator, settings, clock.surroundings))
        return stepped(
            stage, clock, sidecar, simulator, partial(sqlite_books, sidecar.ledger), f"sqlite:///{sidecar.ledger}"
        )


def step_on_a_database(stage: Stage) -> Verdict:
    """The database's clock judges leases; the one that steps is in the moments of calls alone."""
    with SERVERS.shared() as server, scene_on(server, stage.directory) as scene:
        clock = MovedClock(stage.directory)
        sidecar = scene.start(scene.url(), surroundings=clock.surroundings)
        return stepped(stage, clock, sidecar, scene.simulator, scene.books, scene.url())


def stepped(
    stage: Stage,
    clock: MovedClock,
    sidecar: RunningSidecar,
    simulator: RunningSimulator,
    books: Callable[[], Books],
    url: str,
) -> Verdict:
    """Step again and again amid traffic, and look at what came of it."""
    application = Application(sidecar.proxy)
    with application.running():
        for tag in POLLED:
            application.open(tag, is_polled=True)
        silent = application.open(SILENT, lease=SILENT_LEASE)
        until(lambda: application.calls > 3, SOON)
        before = look(sidecar)
        steps = STEPS * (4 if stage.is_full else 1)
        for caller in [step(clock, application, number, offset) for number, offset in enumerate(steps)]:
            caller.join()
        left_at = NOW()
        application.living[SILENT] = silent
        application.take_leave()
    recovered_seconds = until(lambda: not books().unsettled(), SOON)
    found = books()
    return Verdict(
        tried=len(steps),
        lost=(*application.failures, *(f"{caller} never settles" for caller in found.unsettled())),
        wrong=(
            *differing(found.billed, simulator.bill),
            *cancelled_by_a_step(simulator, left_at),
            *moved_by_a_step(sidecar, found, url),
        ),
        leaked=tuple(not_given_back(sidecar, with_what_is_kept(before))),
        recovered_seconds=recovered_seconds,
        remark=f"{application.calls + len(steps)} calls",
    )


def moved_by_a_step(sidecar: RunningSidecar, books: Books, url: str) -> Iterator[str]:
    """Whatever a clock can move that is not to be moved by it; and the fault itself."""
    yield from negative(sidecar)
    yield from lapsed_by_a_step(sidecar)
    yield from learned_from_a_step(books)
    yield from windows_that_lose_rows(url, books)
    yield from unmoved(books)


def step(clock: MovedClock, application: Application, number: int, offset_seconds: int) -> threading.Thread:
    """Step in the middle of a call; returns its caller."""
    caller = threading.Thread(target=application.call, args=(f"long-{number}", LONG_CALL))
    caller.start()
    time.sleep(BETWEEN_SECONDS)
    clock.step_to(offset_seconds)
    return caller


def cancelled_by_a_step(simulator: RunningSimulator, left_at: Moment) -> Iterator[str]:
    """Operations whose callers were there, or had said that they would be away."""
    for seen in simulator.operations:
        if any(cancel.at < left_at for cancel in seen.cancels):
            yield f"{seen.tag} was cancelled while its lease held"


def lapsed_by_a_step(sidecar: RunningSidecar) -> Iterator[str]:
    """Leases that lapsed, whether it came to a cancel or not."""
    for line in sidecar.log:
        if line["event"] == "operation_orphaned":
            yield f"the lease of {line['caller']} lapsed"


def learned_from_a_step(books: Books) -> Iterator[str]:
    """A step is no pause between two polls, from which a longer lease is learned."""
    for row in books.operations:
        if row["caller"] in POLLED and row["lease_seconds"] > MOST_LEARNED_SECONDS:
            yield f"the lease of {row['caller']} has become {row['lease_seconds']:.0f} s"


def unmoved(books: Books) -> Iterator[str]:
    """The fault itself: calls were written by clocks that are an hour apart."""
    started = [row["started_at"] for row in books.calls]
    if max(started) - min(started) < HOUR * SECOND:
        yield "the sidecar's clock did not step"


def negative(sidecar: RunningSidecar) -> Iterator[str]:
    """Durations and amounts below 0, in metrics and in the log."""
    for (name, labels), value in sidecar.metrics().items():
        if value < 0:
            yield f"{name} {dict(labels)} is {value}"
    for line in sidecar.log:
        for name, value in line.items():
            if name.endswith("_seconds") and isinstance(value, int | float) and value < 0:
                yield f"the log says {name} {value} of {line.get('caller')}"


def windows_that_lose_rows(url: str, books: Books) -> Iterator[str]:
    """A report over a day has every row, whatever the clock was when it was written."""
    command = [sys.executable, "-m", "sidecar", "calls", "list", "--ledger", url, "--since", "1d", "--format", "json"]
    rows = json.loads(subprocess.run([*command, "--limit", "100000"], check=True, capture_output=True).stdout)
    if len(rows) != len(books.calls):
        yield f"a list of the last day has {len(rows)} of {len(books.calls)} calls"


def apart(stage: Stage) -> Verdict:
    """Two sidecars on one database, an hour apart; the one that is ahead dies, and the other goes on with what it held."""
    with SERVERS.shared() as server, scene_on(server, stage.directory) as scene:
        first = scene.start(scene.url(), "ahead", MovedClock(stage.directory, HOUR).surroundings)
        second = scene.start(scene.url_past_the_path(), "right")
        ahead, right = Application(first.proxy), Application(second.proxy)
        with right.running():
            for number, opening in enumerate((ahead, right, ahead)):
                right.living[POLLED_APART[number]] = opening.open(POLLED_APART[number])
                opening.open(f"{LEFT}{number}")
            until(lambda: all(seen.cancels for seen in left(scene)), SOON)
            first.end(signal.SIGKILL)
            time.sleep(TAKEOVER_SECONDS)
            left_at = NOW()
            right.take_leave()
        recovered = until(lambda: not scene.books().unsettled(), SOON)
        books = scene.books()
        return Verdict(
            tried=len(books.operations),
            lost=(*ahead.failures, *right.failures, *(f"{caller} never settles" for caller in books.unsettled())),
            wrong=(*differing(books.billed, scene.simulator.bill), *judged_by_a_wrong_clock(scene, left_at)),
            recovered_seconds=recovered,
        )


def judged_by_a_wrong_clock(scene: Scene, left_at: Moment) -> Iterator[str]:
    """Leases that were taken for an hour longer, or shorter, than they are."""
    for seen in scene.simulator.operations:
        after = [(cancel.at - seen.created_at) / SECOND for cancel in seen.cancels]
        if seen.tag in POLLED_APART and any(cancel.at < left_at for cancel in seen.cancels):
            yield f"{seen.tag} was cancelled while its caller polled"
        if seen.tag.startswith(LEFT) and not (after and LEASE_SECONDS <= min(after) < SOON):
            yield f"{seen.tag} was cancelled after {after} seconds"


FAULTS: tuple[Fault, ...] = (
    Fault(
        "steps an hour, SQLite",
        "no lease lapses, nothing is cancelled, no duration is negative",
        step_on_a_file,
        ("faketime",),
    ),
    Fault("steps an hour, PostgreSQL", "the same", step_on_a_database, ("faketime", "postgresql")),
    Fault(
        "of two sidecars an hour apart", "leases are judged by the database's clock", apart, ("faketime", "postgresql")
    ),
)
