"""Being alive, said to the others who share the database; and the database's clock, carried home by the same question.

A row of `instances` says until when this one is taken to be alive. A thread of the ledger's own moves that on, not the event
loop: a loop that is busy must not look like death. Whoever is silent for `TERM_SECONDS` is dead to the others, whatever he
does.

**Who may judge.** An instance takes another for dead only while it has itself been in touch, without a gap, for a whole term:
when a server or a network comes back, everybody's row has lapsed, and whoever returned first would bury all others; the same
when the server's clock leaps. One that has just started waits a term as well. Who said goodbye has no row, and needs no
judge.
"""

import contextlib
import random
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

import msgspec
import psycopg

from sidecar.clock import SECOND, Clock, Moment
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_statements import FORGET_THE_DEAD, HOW_IT_STANDS, KEEP_ALIVE, SAY_GOODBYE
from sidecar.lifecycle.pace import Pace

TERM_SECONDS: Final = 15.0
"""Long enough for a failover that is quick, short enough that a dead sidecar's operations are taken over within a usual lease."""
RETRY_SECONDS: Final = 1.0
"""Before the first attempt after one that failed; and longer each time, up to a third of a term. When the server is back,
everybody is to be alive again before anybody may judge; but ten thousand who try each second are more than it can let in."""
RETRY_FACTOR: Final = 1.5
SPREAD: Final = 0.2
"""Part of the usual pause that is left to chance: those who began in one moment, when a server came back, soon part."""
GOODBYE_SECONDS: Final = 5.0
"""For the last word. Whoever can't say it in this time is seen to be dead all the same, later."""


Connects = Callable[[PostgresAddress, str], Connection]
"""Gives a connection to an address, listed by a name."""


class Touch(msgspec.Struct, frozen=True):
    """The latest time that the database was heard of."""

    moment: Moment
    """By its clock."""
    at_ns: int
    """By our monotonic clock."""
    unbroken_since_ns: int
    """From when on there was no gap."""


class Presence:
    """One instance's row, and the thread that keeps it."""

    def __init__(
        self,
        address: PostgresAddress,
        instance: str,
        clock: Clock,
        term_seconds: float = TERM_SECONDS,
        *,
        connects: Connects = connect,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance` gives numbers from 0 to 1, by which many who began together part."""
        self.address = address
        self._connects = connects
        self._chance = chance
        self.instance = instance
        self.errors: Counter[str] = Counter()
        self._clock = clock
        self._term_seconds = term_seconds
        self._latest: Touch | None = None
        self._failures = 0
        self._connection: Connection | None = None
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ledger-presence", daemon=True)

    def begin(self) -> None:
        """Say that we are here, and begin to repeat it.

        Raises:
            psycopg.Error: the server can't be reached or written.
        """
        self.touch()
        assert self._connection is not None
        self._connection.execute(FORGET_THE_DEAD.sql, FORGET_THE_DEAD.values)
        self._thread.start()

    def touch(self) -> None:
        """Say that we are alive for one more term, and hear what time it is.

        Raises:
            psycopg.Error: the server can't be reached or written.
        """
        connection = self._connection or self._connects(self.address, f"sidecar {self.instance} presence")
        self._connection = connection
        values = {**KEEP_ALIVE.values, "me": self.instance, "term": int(self._term_seconds * SECOND)}
        asked_ns = self._clock.monotonic_ns()
        ((moment,),) = connection.execute(KEEP_ALIVE.sql, values).fetchall()
        # The answer is of some moment between question and answer: the middle is never wrong by more than half of it.
        at_ns = (asked_ns + self._clock.monotonic_ns()) // 2
        self._latest = Touch(moment, at_ns, self._unbroken_since_ns(moment, at_ns))

    def _unbroken_since_ns(self, moment: Moment, at_ns: int) -> int:
        """Since when there was no gap: of silence, nor in the server's clock, by which all others seem dead when it leaps."""
        last = self._latest
        if last is None:
            return at_ns
        passed_ns = at_ns - last.at_ns
        leapt_ns = abs((moment - last.moment) * 1_000 - passed_ns)
        return at_ns if passed_ns >= self._term_ns or leapt_ns >= self._term_ns // 3 else last.unbroken_since_ns

    def now(self) -> Moment:
        """The present moment by the database's clock, as it was when it was last heard of and ours has run on since."""
        touch = self._latest
        assert touch is not None
        return touch.moment + (self._clock.monotonic_ns() - touch.at_ns) // 1_000

    def may_judge(self) -> bool:
        """Whether we have been in touch for a whole term without a gap, and are."""
        touch, now_ns, term_ns = self._latest, self._clock.monotonic_ns(), self._term_ns
        return touch is not None and now_ns - touch.at_ns < term_ns and now_ns - touch.unbroken_since_ns >= term_ns

    def dead_before(self, connection: Connection) -> Moment:
        """Whoever was not alive after this moment is dead. 0: only those are, who said goodbye, for we may not judge.

        Asked in the transaction that acts on it, by the database's clock: were we asleep since we looked at ours, we are dead
        ourselves.

        Raises:
            psycopg.Error: the database can't be read.
        """
        may_judge = self.may_judge()
        values = {**HOW_IT_STANDS.values, "me": self.instance}
        ((now, alive_until),) = connection.execute(HOW_IT_STANDS.sql, values).fetchall()
        return now if may_judge and alive_until is not None and alive_until > now else 0

    def end(self) -> None:
        """Say goodbye, so that nobody waits to see us dead. Safe to call twice, and when the server is away."""
        self._is_ending.set()
        if self._thread.is_alive():
            self._thread.join(GOODBYE_SECONDS)
        else:
            self._leave()

    @property
    def _term_ns(self) -> int:
        return int(self._term_seconds * 1e9)

    def _run(self) -> None:
        while not self._is_ending.wait(self.pause_seconds()):
            self.repeat()
        self._leave()

    def repeat(self) -> None:
        """Say once more that we are alive; if that can't be said, it is counted, and is soon to be tried again."""
        try:
            self.touch()
            self._failures = 0
        except Exception:  # whatever it is: nobody else says that we are alive
            self.errors["keep_alive"] += 1
            self._failures += 1
            self._disconnect()

    def pause_seconds(self) -> float:
        """For how long to rest before it is said again: three times in a term, and sooner at first while it can't be said."""
        third = self._term_seconds / 3
        if not self._failures:
            return third * (1 - SPREAD * self._chance())
        return Pace(RETRY_SECONDS, RETRY_FACTOR, third).pause_seconds(self._failures - 1, self._chance())

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.execute(SAY_GOODBYE.sql, {**SAY_GOODBYE.values, "me": self.instance})
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
