"""The writer outlives whatever the file does, and puts what was put into it as soon as it can."""

import sqlite3

import pytest

from sidecar.clock import Moment
from sidecar.errors import LedgerError
from sidecar.ledger.backlog import Backlog
from sidecar.ledger.contract import GATHER_SECONDS, CallQuery
from sidecar.ledger.file import Point, Upserted
from sidecar.ledger.questions import DAY
from sidecar.ledger.rows import Snapshot
from sidecar.ledger.writer import Writer
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, START, FilePlace, Signals, open_call, settled_call

DISK_FULL = sqlite3.OperationalError("database or disk is full")


@pytest.fixture
def signals() -> Signals:
    return Signals()


def ids(file: FilePlace) -> list[str]:
    return sorted(call.id for call in file.reader().calls(CallQuery()))


def test_while_the_file_can_not_be_written_rows_wait_and_health_says_why(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = DISK_FULL
    ledger.put(open_call())
    signals.wait_for(Point.CHANGED, times=2)
    assert not ledger.flush(0.0)
    health = ledger.health()
    assert (health.rows_waiting, health.rows_written, health.commits) == (1, 0, 0)
    assert health.problem == "database or disk is full"
    assert health.write_errors >= 1


def test_when_the_file_can_be_written_again_all_that_waited_is(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = DISK_FULL
    for id in "abc":
        ledger.put(open_call(id))
    assert not ledger.flush(0.05)
    signals.error = None
    assert ledger.flush(SOON)
    assert ids(file) == ["a", "b", "c"]
    assert (ledger.health().problem, ledger.health().rows_waiting) == ("", 0)


def test_a_file_that_can_be_written_again_is_found_without_being_asked(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = DISK_FULL
    ledger.put(open_call())
    signals.wait_for(Point.CHANGED)
    signals.error = None
    signals.wait_for(Point.COMMITTED)
    assert ids(file) == ["c1"]


def test_past_the_bound_open_rows_are_dropped_and_counted(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals, most_rows_waiting=3)
    signals.error = DISK_FULL
    for record in (open_call("a"), settled_call("b"), open_call("c"), settled_call("d"), open_call("e")):
        ledger.put(record)
    assert not ledger.flush(0.05)
    signals.error = None
    assert ledger.flush(SOON)
    assert ids(file) == ["b", "d", "e"]
    assert ledger.health().rows_dropped == 2


def test_an_error_that_nobody_thought_of_does_not_end_the_thread(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = RuntimeError("a bug")
    ledger.put(open_call())
    signals.wait_for(Point.CHANGED)
    signals.error = None
    assert ledger.flush(SOON)
    assert ids(file) == ["c1"]


def test_a_row_that_no_ledger_could_take_is_dropped_and_counted(file: FilePlace):
    ledger = file.open()
    put_all(ledger, open_call("a"), open_call("b", model="\ud800"))
    health = ledger.health()
    assert (health.rows_written, health.rows_dropped, health.errors) == (1, 1, {"row": 1})
    assert "surrogates not allowed" in health.problem


def test_putting_does_not_wait_while_another_program_writes(file: FilePlace):
    ledger = file.open()
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger.put(open_call())
    assert not ledger.flush(0.05)
    other.execute("ROLLBACK")
    other.close()
    assert ledger.flush(SOON)
    assert ids(file) == ["c1"]


def test_closing_while_the_file_can_not_be_written_says_so_and_lets_go(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = DISK_FULL
    ledger.put(open_call())
    assert ledger.close(SOON) is False
    assert ledger.flush(SOON) is False
    assert ledger.health().rows_waiting == 1
    file.open("second")


def test_lost_calls_that_can_not_be_settled_are_an_error(file: FilePlace, signals: Signals):
    ledger = file.open(signal=signals)
    signals.error = DISK_FULL
    with pytest.raises(LedgerError, match=r"ledger\.db: database or disk is full"):
        ledger.settle_lost(START)
    signals.error = None
    assert ledger.settle_lost(START) == []


def test_a_lost_call_that_this_version_has_no_words_for_is_an_error_and_stays_open(file: FilePlace):
    first = file.open("first")
    put_all(first, open_call())
    assert first.close(SOON)
    second = file.open("second")
    connection = sqlite3.connect(file.path)
    with connection:
        connection.execute("UPDATE calls SET kind = 'dream'")
    with pytest.raises(LedgerError, match="Invalid enum value 'dream'"):
        second.settle_lost(START)
    assert connection.execute("SELECT outcome FROM calls").fetchone() == (None,)
    connection.close()


def test_rows_past_the_retention_are_deleted_in_chunks_between_commits(file: FilePlace):
    first = file.open("first")
    old = [settled_call(f"old{number:04}", started_at=START + number) for number in range(1200)]
    put_all(first, *old, open_call("open"), settled_call("new", started_at=START + 2 * DAY, settled_at=START + 2 * DAY))
    assert first.close(SOON)
    file.clock.at = START + 2 * DAY + 1
    second = file.open("second", retention_days=1)
    while second.health().rows_expired < 1200:
        assert second.flush(SOON)
    assert ids(file) == ["new", "open"]


def test_without_a_retention_nothing_is_deleted(file: FilePlace):
    first = file.open("first")
    put_all(first, settled_call())
    assert first.close(SOON)
    file.clock.at = START + 9000 * DAY
    second = file.open("second")
    assert second.flush(SOON)
    assert ids(file) == ["c1"]


def test_retention_is_looked_at_again_after_an_hour(file: FilePlace):
    ledger = file.open(retention_days=1)
    put_all(ledger, settled_call("a"))
    file.clock.at = START + 2 * DAY
    put_all(ledger, settled_call("b", started_at=START + 2 * DAY, settled_at=START + 2 * DAY))
    assert ids(file) == ["b"]


def test_a_sweep_that_fails_holds_up_no_rows(file: FilePlace):
    def fail_at_the_sweep(point: Point) -> None:
        transactions[0] += point is Point.BEGUN
        if point is Point.CHANGED and transactions[0] == 1:
            raise DISK_FULL

    transactions = [0]
    ledger = file.open(retention_days=1, signal=fail_at_the_sweep)
    assert ledger.flush(SOON)
    put_all(ledger, open_call())
    assert ids(file) == ["c1"]
    assert ledger.health().errors == {"expire": 1}


class NarrowStore:
    """A place that takes a few rows at a time."""

    def __init__(self, most_rows: int) -> None:
        self.batches: list[int] = []
        self.notices: tuple[str, ...] = ()
        self.commit_seconds = 0.0
        self.most_rows = most_rows

    def upsert(self, snapshots: list[Snapshot]) -> Upserted:
        if len(snapshots) > self.most_rows:
            raise DISK_FULL
        self.batches.append(len(snapshots))
        return Upserted(len(snapshots), [])

    def expire(self, before: Moment) -> int:
        return 0

    def close(self) -> None:
        pass


def test_rows_that_do_not_go_all_at_once_go_in_parts(file: FilePlace):
    store = NarrowStore(7)
    writer, backlog = writer_of(store, file)
    for number in range(100):
        backlog.put(settled_call(f"c{number}"))
    writer.start()
    while not writer.flush(0.01):
        assert len(store.batches) <= 100
    assert (sum(store.batches), backlog.dropped, writer.stop(SOON)) == (100, 0, True)
    assert set(writer.tally.errors) == {"write"}


def test_pauses_grow_to_a_bound_until_something_can_be_written(file: FilePlace):
    store = NarrowStore(0)
    writer, backlog = writer_of(store, file)
    writer._chance = lambda: 1.0
    backlog.put(settled_call())
    assert pauses(writer, 9) == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
    store.most_rows = 1
    assert pauses(writer, 1) == [GATHER_SECONDS]
    store.most_rows = 0
    backlog.put(settled_call("c2"))
    assert pauses(writer, 1) == [0.1]


def test_chance_parts_those_who_lost_one_database_in_one_moment(file: FilePlace):
    writer, backlog = writer_of(NarrowStore(0), file)
    backlog.put(settled_call())
    pauses(writer, 8)
    writer._chance = iter([0.0, 0.5, 1.0]).__next__
    assert [writer._pause_seconds() for _ in range(3)] == [5, 7.5, 10]


def writer_of(store: NarrowStore, file: FilePlace) -> tuple[Writer, Backlog]:
    """A writer that has not begun, and what it writes from."""
    backlog = Backlog(1000)
    return Writer(store, backlog, file.clock, None), backlog


def pauses(writer: Writer, turns: int) -> list[float]:
    """How long it rests after each of so many turns, which no thread takes for it."""
    rests = []
    for _ in range(turns):
        writer._turn()
        rests.append(writer._pause_seconds())
    return rests
