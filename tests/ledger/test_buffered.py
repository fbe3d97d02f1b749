"""Whatever rows are written to, the ledger before it takes them at once and tells how it goes."""

import threading
from collections.abc import Iterator

import pytest

from sidecar.clock import Moment
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.buffered import BufferedLedger
from sidecar.ledger.file import Upserted
from sidecar.ledger.rows import ID, Snapshot
from sidecar.ledger.writer import Writer
from tests.ledger.given import SOON, HandClock, open_call


class SlowStore:
    """A place that writes when it may."""

    def __init__(self) -> None:
        self.may = threading.Event()
        self.ids: list[str] = []
        self.notices = ("was slow",)
        self.commit_seconds = 0.5
        self.is_closed = False

    def upsert(self, snapshots: list[Snapshot]) -> Upserted:
        assert self.may.wait(SOON)
        self.ids += [snapshot[ID] for snapshot in snapshots]
        return Upserted(len(snapshots), [])

    def expire(self, before: Moment) -> int:
        return 0

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def ledger(store: SlowStore) -> Iterator[BufferedLedger]:
    backlog = Backlog(10)
    writer = Writer(store, backlog, HandClock(), None)
    writer.start()
    ledger = BufferedLedger(store, backlog, writer)
    yield ledger
    store.may.set()
    ledger.close(SOON)


def test_putting_does_not_wait(ledger: BufferedLedger, store: SlowStore):
    ledger.put(open_call("a"))
    assert not ledger.flush(0.05)
    assert (ledger.health().rows_waiting, store.ids) == (1, [])
    store.may.set()
    assert ledger.flush(SOON)
    assert (ledger.health().rows_waiting, store.ids) == (0, ["a"])


def test_health_tells_what_the_place_and_the_writer_know(ledger: BufferedLedger, store: SlowStore):
    store.may.set()
    ledger.put(open_call("a"))
    assert ledger.flush(SOON)
    health = ledger.health()
    assert (health.rows_written, health.commits, health.notices, health.last_commit_seconds) == (
        1,
        1,
        ("was slow",),
        0.5,
    )


def test_closing_writes_what_waits_and_lets_go(ledger: BufferedLedger, store: SlowStore):
    store.may.set()
    ledger.put(open_call("a"))
    assert ledger.close(SOON)
    assert (store.ids, store.is_closed) == (["a"], True)
