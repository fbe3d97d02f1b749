"""SIGKILL between every two things that the reaper does: statements, syncs, requests to the provider and their answers.

On SQLite the sidecar is started again, goes on with what was left, and is the next to be killed. In a shared ledger another one
is there, which takes over and by which callers poll; each victim leaves an operation whose caller lives as well.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Final, NamedTuple

import psycopg

from sidecar.clock import SECOND, Moment, SystemClock
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.faults.application import Application
from tests.faults.books import differing
from tests.faults.breakable_path import BreakablePath
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.ledger_rows import Books, postgres_books, sqlite_books
from tests.faults.orphan_lives import LONG_LEASE, SOON, Blow, Lives, at_call, at_the_provider
from tests.faults.postgres_scene import SERVERS
from tests.faults.waiting import until

RIGHT: Final = (
    "the cancel arrives at least once, one settlement, exact money, and nobody's work is cancelled who is there; who dies with "
    "a name that is not written yet leaves a row that says `untraceable`"
)
AT_ONCE: Final = 3
"""In the full form, so many ledgers at a time."""
NOW: Final = SystemClock().now


class Places(NamedTuple):
    """One kind of place in the life of an orphan."""

    name: str
    blow: Blow
    most: int
    """How many there are in a life, or a few more."""
    few: int
    """So many of them in the short form."""


class Told(NamedTuple):
    """What came of a row of lives."""

    verdict: Verdict
    died: Counter[str]
    """Where the orphans stood when their sidecars were killed."""


class Ground(NamedTuple):
    """Where a row of lives is played."""

    simulator: RunningSimulator
    lives: Lives
    books: Callable[[], Books]
    living: Application
    """Its operations are polled all the time."""


Row = Callable[[Stage, str, Blow, Sequence[int]], Told]


def on_a_file(stage: Stage, name: str, blow: Blow, numbers: Sequence[int]) -> Told:
    """Each sidecar is killed, and the next one started on its file."""
    file = stage.directory / f"{name}.db"
    with ground(stage, name, f"sqlite:///{file}", partial(sqlite_books, file)) as place:
        for number in numbers:
            with place.lives.sidecar() as sidecar:
                place.living.proxy = sidecar.proxy
                if not place.living.living:
                    place.living.open(f"{name}-living", is_polled=True, lease=LONG_LEASE)
                place.lives.live(number, sidecar, blow, place.books)
        with place.lives.sidecar() as sidecar:
            place.living.proxy = sidecar.proxy
            return judged(place)


def in_a_database(stage: Stage, name: str, blow: Blow, numbers: Sequence[int]) -> Told:
    """Each sidecar is killed, and another that shares its ledger goes on."""
    with ExitStack() as stack:
        url = stack.enter_context(stack.enter_context(SERVERS.shared()).new_place())
        reader = stack.enter_context(psycopg.connect(url, autocommit=True))
        place = stack.enter_context(ground(stage, name, url, partial(postgres_books, reader)))
        heir = stack.enter_context(place.lives.sidecar())
        place.living.proxy = heir.proxy
        for number in numbers:
            with place.lives.sidecar() as victim:
                tag = f"{name}-living-{number}"
                place.living.living[tag] = Application(victim.proxy).open(tag, lease=LONG_LEASE)
                place.lives.live(number, victim, blow, place.books)
        return judged(place)


@contextmanager
def ground(stage: Stage, name: str, url: str, books: Callable[[], Books]) -> Iterator[Ground]:
    """With nobody on it yet but callers."""
    with ExitStack() as stack:
        simulator = stack.enter_context(running_simulator())
        path = stack.enter_context(BreakablePath((simulator.host, simulator.port)).passing())
        lives = Lives(name, stage.directory / name, url, simulator, path)
        yield Ground(simulator, lives, books, stack.enter_context(Application("http://127.0.0.1:9").polling()))


def judged(place: Ground) -> Told:
    """What came of all of them. A sidecar lives."""
    began = NOW()
    until(lambda: all(tag in place.living.living for tag in place.books().unsettled()), SOON)
    left_at = NOW()
    place.living.take_leave()
    until(lambda: not place.books().unsettled(), SOON)
    books = place.books()
    verdict = Verdict(
        tried=sum(place.lives.died.values()),
        lost=tuple(f"{tag} never settles" for tag in books.unsettled()),
        wrong=(
            *place.lives.findings(books),
            *false_cancels(place.simulator, left_at),
            *differing(books.billed, place.simulator.bill),
        ),
        recovered_seconds=(left_at - began) / SECOND,
    )
    return Told(verdict, place.lives.died)


def false_cancels(simulator: RunningSimulator, left_at: Moment) -> Iterator[str]:
    """Cancels of operations whose callers were there."""
    for seen in simulator.operations:
        if "-living" in seen.tag and any(cancel.at < left_at for cancel in seen.cancels):
            yield f"{seen.tag} was cancelled while its caller lived"


def play(row: Row, places: Places, stage: Stage) -> Verdict:
    """All places of a kind, some rows of lives at once."""
    numbers = stage.some(range(1, places.most + 1), places.few)
    rows = [numbers[start::AT_ONCE] for start in range(AT_ONCE)] if stage.is_full else [numbers]
    with ThreadPoolExecutor(len(rows)) as pool:
        told = list(pool.map(lambda number: row(stage, f"row{number}", places.blow, rows[number]), range(len(rows))))
    died = sum((each.died for each in told), Counter[str]())
    return Verdict(
        tried=sum(verdict.tried for verdict, _ in told),
        lost=tuple(sentence for verdict, _ in told for sentence in verdict.lost),
        wrong=tuple(sentence for verdict, _ in told for sentence in verdict.wrong),
        recovered_seconds=max(verdict.recovered_seconds or 0.0 for verdict, _ in told),
        remark="killed when the orphan was " + ", ".join(f"{state} ({count})" for state, count in died.most_common()),
    )


def fault(row: Row, places: Places, *needs: str) -> Fault:
    """One line of the campaign."""
    return Fault(places.name, RIGHT, partial(play, row, places), needs)


FAULTS: Final[tuple[Fault, ...]] = (
    fault(on_a_file, Places("SQLite, before each sync", at_call("fdatasync"), 6, 2), "strace"),
    fault(on_a_file, Places("SQLite, at each request and answer of the provider", at_the_provider, 8, 2)),
    fault(
        in_a_database,
        Places("PostgreSQL, before each statement and its answer", at_call("sendto", "recvfrom"), 100, 2),
        "strace",
        "postgresql",
    ),
    fault(
        in_a_database,
        Places("PostgreSQL, at each request and answer of the provider", at_the_provider, 8, 2),
        "postgresql",
    ),
)
