"""The one thread that writes: gathers for a moment, commits, tries again after a failure, deletes what is too old."""

import random
import threading
from collections.abc import Callable
from typing import Final, Protocol

from sidecar.clock import Clock, Moment
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.contract import GATHER_SECONDS
from sidecar.ledger.file import Upserted
from sidecar.ledger.questions import DAY
from sidecar.ledger.rows import Snapshot
from sidecar.ledger.statements import EXPIRE_ROWS
from sidecar.ledger.tally import Tally
from sidecar.lifecycle.pace import Pace

COMMIT_ROWS: Final = 1_000
"""At most so many rows in one transaction: about 10 ms of work."""
WRITING_ROWS: Final = Pace(0.1, 2, 10)
"""Between attempts on a ledger that can't be written. Sooner at first than with a step: one tries for all rows."""
SWEEP_SECONDS: Final = 3_600.0
"""Between looks for rows past the retention."""


class Store(Protocol):
    """Where the writer writes to: a file, a database. Each method is one transaction, and raises when nothing has changed."""

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should be told once."""
        ...

    @property
    def commit_seconds(self) -> float:
        """How long the latest COMMIT took."""
        ...

    def upsert(self, snapshots: list[Snapshot]) -> Upserted:
        """Write snapshots, each the last of its call. Rows that are settled already stay as they are."""
        ...

    def expire(self, before: Moment) -> int:
        """Delete a chunk of the settled rows that are older; returns how many."""
        ...

    def close(self) -> None:
        """Let go of the place. Safe to call twice."""
        ...


class Writer:
    """Moves rows from the backlog to their place until it is stopped. Nothing that happens there ends it."""

    def __init__(self, store: Store, backlog: Backlog, clock: Clock, retention_days: int | None) -> None:
        self.tally = Tally()
        self._store = store
        self._backlog = backlog
        self._clock = clock
        self._keep: Moment | None = None if retention_days is None else retention_days * DAY
        self._sweep_at_ns = clock.monotonic_ns()
        self._failures = 0
        """Since something could be written."""
        self._chance: Callable[[], float] = random.random
        self._most_rows = COMMIT_ROWS
        self._in_hand = 0
        self._bell = threading.Event()
        """Something waits to be written."""
        self._hurry = threading.Event()
        """Somebody waits for it: neither gather nor pause."""
        self._changed = threading.Condition()
        """Guards the counts of flushes, and the end."""
        self._flushes_asked = self._flushes_done = 0
        self._is_stopping = self._has_ended = False
        # A daemon: a program that ends without `stop` is not held up by a disk that hangs.
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    @property
    def rows_waiting(self) -> int:
        """Rows in the backlog, and those that are being written."""
        return len(self._backlog) + self._in_hand

    def ring(self) -> None:
        """Say that something was put. Costs 50 ns while the thread knows already."""
        if not self._bell.is_set():
            self._bell.set()

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until all that is in the backlog now is committed."""
        with self._changed:
            self._flushes_asked += 1
            mine = self._flushes_asked
            self._ring_hard()
            self._changed.wait_for(lambda: self._flushes_done >= mine or self._has_ended, timeout_seconds)
            return self._flushes_done >= mine or (self._has_ended and not self._backlog)

    def stop(self, timeout_seconds: float) -> bool:
        """Write what waits, close the place and end the thread; False when any of it was not done in time."""
        self._is_stopping = True
        self._ring_hard()
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive() and not self._backlog

    def _ring_hard(self) -> None:
        self._hurry.set()
        self._bell.set()

    def _run(self) -> None:
        while not self._is_stopping:
            self._bell.wait(self._seconds_to_sweep())
            self._hurry.wait(self._pause_seconds())
            self._turn()
        self._turn()  # what was put between the last look and the end
        self._end()

    def _turn(self) -> None:
        """Write all there is, then a chunk of tidying up."""
        with self._changed:
            asked = self._flushes_asked
            self._hurry.clear()
        # Cleared before the backlog is looked at: what is put from here on rings again.
        self._bell.clear()
        if self._write():
            self._sweep()
            self._failures = 0
            with self._changed:
                self._flushes_done = asked
                self._changed.notify_all()
        else:
            self._failures += 1
            self._bell.set()

    def _write(self) -> bool:
        """Empty the backlog into its place; False when that would not take it.

        After a failure half as many rows are tried: a disk may have room for some of them, or fail at one write in a hundred, and
        behind it ever more rows would wait that go only all at once.
        """
        while batch := self._backlog.take(self._most_rows):
            self._in_hand = len(batch)
            try:
                upserted = self._store.upsert(batch)
            except Exception as error:  # whatever it is: nobody else writes, so this thread must live on
                self._backlog.give_back(batch)
                self._most_rows = max(1, len(batch) // 2)
                self.tally.failed("write", error)
                return False
            finally:
                self._in_hand = 0
            self._most_rows = min(self._most_rows * 2, COMMIT_ROWS)
            self._failures = 0  # it can be written, though perhaps not all at once
            self.tally.committed(upserted.rows, upserted.refusals, self._clock.now())
        return True

    def _pause_seconds(self) -> float:
        """To the next turn: what comes meanwhile is written together."""
        return WRITING_ROWS.pause_seconds(self._failures - 1, self._chance()) if self._failures else GATHER_SECONDS

    def _seconds_to_sweep(self) -> float | None:
        if self._keep is None:
            return None
        return max(0.0, (self._sweep_at_ns - self._clock.monotonic_ns()) / 1e9)

    def _sweep(self) -> None:
        """Delete one chunk of old rows when it is time; the next chunk comes after the next turn, or in an hour."""
        if self._keep is None or self._clock.monotonic_ns() < self._sweep_at_ns:
            return
        deleted = 0
        try:
            deleted = self._store.expire(self._clock.now() - self._keep)
        except Exception as error:  # as in _write
            self.tally.failed("expire", error)
        self.tally.rows_expired += deleted
        if deleted < EXPIRE_ROWS:
            self._sweep_at_ns = self._clock.monotonic_ns() + int(SWEEP_SECONDS * 1e9)

    def _end(self) -> None:
        try:
            self._store.close()
        finally:
            with self._changed:
                self._has_ended = True
                self._changed.notify_all()
