"""The ledger in a file keeps every promise, and commits many rows at once."""

import pytest

from sidecar.clock import SystemClock
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.file import Point
from tests.ledger.conformance import LostPromises, Places, ReadingPromises, WritingPromises, put_all
from tests.ledger.given import SOON, FilePlace, Signals, file_place, open_call, settled_call
from tests.ledger.timeouts_conformance import TimeoutPromises


class InFile:
    @pytest.fixture
    def places(self) -> Places:
        return file_place


class TestWriting(InFile, WritingPromises):
    pass


class TestLost(InFile, LostPromises):
    pass


class TestReading(InFile, ReadingPromises):
    pass


class TestTimeouts(InFile, TimeoutPromises):
    pass


def test_many_rows_make_few_commits(file: FilePlace):
    ledger = file.open()
    put_all(ledger, *[open_call(f"c{number}") for number in range(5000)])
    health = ledger.health()
    assert health.rows_written == 5000
    assert health.commits < 500  # 5 when nothing else runs: at most 1,000 rows in each


def test_snapshots_of_a_short_call_are_one_row(file: FilePlace):
    ledger = file.open()
    for number in range(100):
        ledger.put(open_call(f"c{number}"))
        ledger.put(settled_call(f"c{number}"))
    assert ledger.close(SOON)
    assert ledger.health().rows_written < 200


def test_a_row_is_committed_without_being_asked_for(file: FilePlace):
    committed = Signals()
    file.open(signal=committed).put(open_call())
    committed.wait_for(Point.COMMITTED)
    assert file.reader().call("c1") == open_call()


def test_health_knows_the_latest_commit(file: FilePlace):
    ledger = file.open(clock=SystemClock())
    assert ledger.health().last_commit_at is None
    put_all(ledger, open_call())
    health = ledger.health()
    assert health.last_commit_at is not None
    assert 0 < health.last_commit_seconds < SOON


def test_readers_are_served_while_a_transaction_is_open(file: FilePlace):
    ledger = file.open(signal=lambda point: seen.append(len(list(file.reader().calls(CallQuery())))))
    seen: list[int] = []
    put_all(ledger, open_call("a"))
    put_all(ledger, open_call("b"))
    assert seen == [0, 0, 1, 1, 1, 2]  # at begin, before COMMIT, after it; twice


def test_two_ledgers_one_after_the_other_share_a_file(file: FilePlace):
    first = file.open("first")
    put_all(first, settled_call("a"))
    first.close(SOON)
    put_all(file.open("second"), settled_call("b"))
    assert len(list(file.reader().calls(CallQuery()))) == 2
