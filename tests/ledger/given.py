"""What the tests of the ledger start from: calls, a clock moved by hand, and places where a ledger can live."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sidecar.clock import SECOND, Clock, Moment
from sidecar.ledger.contract import Ledger, LedgerReader
from sidecar.ledger.file import Point
from sidecar.ledger.memory import MemoryLedger, Rows
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.lifecycle.record import CallKind, CallRecord

START: Moment = 1_790_000_000 * SECOND
SOON = 30.0
"""Seconds to wait for what takes milliseconds: only a failure waits so long."""


def open_call(id: str = "c1", **fields: Any) -> CallRecord:
    """A stream that the provider has and has not answered."""
    usual: dict[str, Any] = {
        "upstream": "gemini", "provider": "google", "dialect": "gemini", "model": "gemini-3-pro",
        "kind": CallKind.STREAM, "caller": "app", "started_at": START, "committed_at": START + 1000,
    }  # fmt: skip
    return CallRecord(id=id, **(usual | fields))


def settled_call(id: str = "c1", **fields: Any) -> CallRecord:
    """The same, delivered 2 s later for 0.000123 USD."""
    usual: dict[str, Any] = {
        "answered_at": START + SECOND // 2, "finished_at": START + 2 * SECOND, "settled_at": START + 2 * SECOND + 500,
        "outcome": "delivered", "http_status": 200, "usage": {"input": 10, "output": 5}, "spend_usd": Decimal("0.000123"),
        "orphaned_usd": Decimal(0), "avoidable_usd": Decimal(0), "basis": "exact", "price_source": "override:1",
    }  # fmt: skip
    return open_call(id, **(usual | fields))


def orphaned_call(id: str = "c1", **fields: Any) -> CallRecord:
    """A call whose caller left after 1 s; the provider finished a second later, for nobody."""
    usual: dict[str, Any] = {
        "left_at": START + SECOND, "left_reason": "fin", "outcome": "orphan_finished",
        "orphaned_usd": Decimal("0.000100"), "avoidable_usd": Decimal("0.000090"),
    }  # fmt: skip
    return settled_call(id, **(usual | fields))


class HandClock:
    """A clock that stands still until moved."""

    def __init__(self, at: Moment = START) -> None:
        self.at = at

    def now(self) -> Moment:
        return self.at

    def monotonic_ns(self) -> int:
        return self.at * 1000


class Signals:
    """Hears the writer pass its points; lets a test wait for one, and makes transactions fail while `error` is set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.heard: Counter[Point] = Counter()
        self._changed = threading.Condition()

    def __call__(self, point: Point) -> None:
        with self._changed:
            self.heard[point] += 1
            self._changed.notify_all()
        if point is Point.CHANGED and self.error is not None:
            raise self.error

    def wait_for(self, point: Point, times: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.heard[point] >= times, SOON), (
                f"{point} was not passed {times} times"
            )


class FilePlace:
    """A file in a directory of its own, and the ledgers opened on it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ledger.db"
        self.url = f"sqlite:///{self.path}"
        self.clock = HandClock()
        self._opened: list[Ledger] = []

    def open(self, instance: str = "first", *, clock: Clock | None = None, **options: Any) -> SqliteLedger:
        """Open it as this instance; options are those of `SqliteLedger.open`."""
        ledger = SqliteLedger.open(self.url, clock=clock or self.clock, instance=instance, **options)
        self._opened.append(ledger)
        return ledger

    def reader(self) -> LedgerReader:
        return SqliteReader.open(self.url)

    def leave(self) -> None:
        for ledger in self._opened:
            ledger.close(SOON)


@contextmanager
def file_place() -> Iterator[FilePlace]:
    with TemporaryDirectory() as directory:
        place = FilePlace(Path(directory))
        yield place
        place.leave()


class MemoryPlace:
    """Rows that outlive their ledgers."""

    def __init__(self) -> None:
        self.rows: Rows = {}

    def open(self, instance: str = "first") -> MemoryLedger:
        return MemoryLedger(instance, self.rows)

    def reader(self) -> MemoryLedger:
        return MemoryLedger("reader", self.rows)


@contextmanager
def memory_place() -> Iterator[MemoryPlace]:
    yield MemoryPlace()
