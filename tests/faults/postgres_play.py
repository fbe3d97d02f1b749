"""How a fault of PostgreSQL is played: traffic and operations before, during and after it, and what is then in the books."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Final, NamedTuple

from sidecar.clock import SECOND, Moment, SystemClock
from sidecar.ledger.postgres_pool import MOST_CONNECTIONS
from sidecar.simulator.journal import Seen
from tests.end_to_end.rig import RunningSidecar
from tests.faults.application import Application
from tests.faults.books import differing, not_given_back
from tests.faults.fault import Fault, Stage, Verdict
from tests.faults.ledger_rows import Books
from tests.faults.postgres_scene import SERVERS, Scene, own_server, scene_on
from tests.faults.waiting import until
from tests.soak.figures import Figures, look

POLLED: Final = ("polled-0", "polled-1")
LEFT: Final = "left-"
"""How the names begin of those that nobody asks for."""
TAKEN: Final = "taken-"
"""And those that end in the middle of a fault, and whose callers take what they have made."""
SHORT: Final = "seconds=1"
SOON: Final = 40.0
LONGEST_CALL_SECONDS: Final = 10.0
"""A create is held for 2 seconds; the rest is a busy machine."""
EXECUTOR_THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""Of asyncio's own pool (Python documentation, ThreadPoolExecutor)."""
NOW: Final = SystemClock().now


class Strike(NamedTuple):
    """One fault, and what is expected of it."""

    name: str
    right: str
    during: Callable[[Scene], AbstractContextManager[object]]
    """Lasts as long as the block does."""
    seconds: float = 2.0
    full_seconds: float = 3.0
    url: Callable[[Scene], str] = Scene.url
    is_fatal: bool = False
    """The server is not to be shared with others."""
    is_deaf: bool = True
    """The lease can't be read or the claim not be written: nothing may be cancelled meanwhile."""
    is_told: bool = True
    """The sidecar says in its metrics that its ledger is in trouble."""
    needs: tuple[str, ...] = ("postgresql",)

    def fault(self) -> Fault:
        """As the campaign wants it."""
        return Fault(self.name, self.right, lambda stage: play((self,), stage)[0], self.needs)


class Struck(NamedTuple):
    """What one strike was seen to do."""

    strike: Strike
    at: Moment
    over_at: Moment
    """Nothing was mended before."""
    calls: int
    recovered_seconds: float
    errors: float
    """That the sidecar has told of."""


def play(strikes: Sequence[Strike], stage: Stage) -> list[Verdict]:
    """One after the other, on the same sidecar amid the same traffic. What is wrong in the end is said of the last."""
    servers = own_server() if any(strike.is_fatal for strike in strikes) else SERVERS.shared()
    with servers as server, scene_on(server, stage.directory) as scene:
        sidecar = scene.start(strikes[0].url(scene))
        application = Application(sidecar.proxy)
        with application.running():
            for tag in POLLED:
                application.open(tag, is_polled=True)
            until(lambda: has_row(scene, "app-call-1"), SOON)
            before = look(sidecar)
            struck = [strike_once(strike, stage, scene, sidecar, application) for strike in strikes]
            until(lambda: all(seen.cancels for seen in left(scene)), SOON)
            until(lambda: len(application.taken) == len(strikes), SOON)
            left_at = NOW()
            application.take_leave()
        until(lambda: not scene.books().unsettled(), SOON)
        books = scene.books()
        lost = (*application.failures, *missing(application, books, len(strikes)))
        wrong = (
            *differing(books.billed, scene.simulator.bill),
            *wrong_cancels(scene, struck, left_at),
            *called_orphaned(application, books, len(strikes)),
        )
        leaked = not_given_back(sidecar, with_what_is_kept(before))
        *first, last = [verdict_of(each) for each in struck]
        return [*first, last._replace(lost=lost, wrong=(*last.wrong, *wrong), leaked=tuple(leaked))]


def strike_once(
    strike: Strike, stage: Stage, scene: Scene, sidecar: RunningSidecar, application: Application
) -> Struck:
    """The fault itself, and the way back."""
    calls, errors = application.calls, sidecar.total("ledger_errors_total")
    application.open(f"{LEFT}{strike.name}")
    application.open(f"{TAKEN}{strike.name}", SHORT, is_polled=True)
    with strike.during(scene):
        at = NOW()
        time.sleep(0.3)
        application.open(f"{LEFT}meanwhile {strike.name}")
        time.sleep(strike.full_seconds if stage.is_full else strike.seconds)
        over_at = NOW()
    healed_at = NOW()
    application.call(f"after {strike.name}")
    until(lambda: has_row(scene, f"after {strike.name}"), SOON)
    recovered_seconds = (NOW() - healed_at) / SECOND
    told = sidecar.total("ledger_errors_total") - errors
    return Struck(strike, at, over_at, application.calls - calls, recovered_seconds, told)


def verdict_of(struck: Struck) -> Verdict:
    """What can be said of one strike alone."""
    is_silent = struck.strike.is_told and not struck.errors
    return Verdict(
        tried=struck.calls,
        wrong=("nothing told that the ledger was in trouble",) if is_silent else (),
        recovered_seconds=struck.recovered_seconds,
        remark=f"{struck.errors:.0f} errors told" if struck.errors else "",
    )


def with_what_is_kept(figures: Figures) -> Figures:
    """The figures, with the connections and threads of pools that grow when they are wanted and then stay."""
    return figures._replace(
        file_descriptors=figures.file_descriptors + MOST_CONNECTIONS, threads=figures.threads + EXECUTOR_THREADS
    )


def missing(application: Application, books: Books, strikes: int) -> Iterator[str]:
    """Rows that are not there or never settle, and calls that were held up."""
    yield from (f"{caller} has a row that never settles" for caller in books.unsettled())
    if (rows := len(books.operations)) != len(POLLED) + 3 * strikes:
        yield f"there are {rows} rows of {len(POLLED) + 3 * strikes} operations"
    if application.slowest_seconds > LONGEST_CALL_SECONDS:
        yield f"a call was held for {application.slowest_seconds:.1f} s"


def wrong_cancels(scene: Scene, struck: Sequence[Struck], left_at: Moment) -> Iterator[str]:
    """Cancels that nobody should have sent, and those that nobody did."""
    intended = {row["caller"]: row["cancel_requested_at"] for row in scene.books().operations}
    for seen in scene.simulator.operations:
        if not seen.cancels and not seen.tag.startswith(TAKEN):
            yield f"{seen.tag} was never cancelled"
        for cancel in seen.cancels:
            if seen.tag.startswith(TAKEN) or (seen.tag in POLLED and cancel.at < left_at):
                yield f"{seen.tag} was cancelled while its caller lived"
            begun_at = intended[seen.tag] or cancel.at  # it may be on its way when the fault strikes
            for each in struck:
                if each.strike.is_deaf and each.at < begun_at and cancel.at < each.over_at:
                    yield f"{seen.tag} was cancelled while its lease could not be read: {each.strike.name}"


def called_orphaned(application: Application, books: Books, strikes: int) -> Iterator[str]:
    """Results that were taken, and whose rows say that nobody did."""
    if len(application.taken) != strikes:
        yield f"{len(application.taken)} of {strikes} operations came to their end"
    for row in books.operations:
        if row["caller"] in application.taken and (row["outcome"] != "succeeded" or Decimal(row["orphaned_usd"] or 0)):
            yield f"{row['caller']} was taken by its caller, and its row says {row['outcome']}, {row['orphaned_usd']} orphaned"


def left(scene: Scene) -> list[Seen]:
    """The operations that nobody asks for, as the provider knows them."""
    return [seen for seen in scene.simulator.operations if seen.tag.startswith(LEFT)]


def has_row(scene: Scene, caller: str) -> bool:
    """Whether a call has its settled row."""
    asked = f"SELECT 1 FROM {scene.role}.calls WHERE caller = %s AND settled_at IS NOT NULL"
    return scene.admin.execute(asked.encode(), [caller]).fetchone() is not None
