"""Operations in the file keep every promise."""

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Never

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger import operation_sqlite
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, START, FilePlace, Signals, open_call
from tests.ledger.operations_conformance import LATER, MovingPromises, OpeningPromises
from tests.ledger.operations_given import (
    OperationPlaces,
    brought_to,
    file_operation_place,
    found,
    operation,
    settled,
)
from tests.ledger.operations_holding_conformance import HoldingPromises, NotingPromises, SettlingPromises
from tests.ledger.operations_reading_conformance import LookingPromises, RenewingPromises


class InFile:
    @pytest.fixture
    def places(self) -> OperationPlaces:
        return file_operation_place


class TestOpening(InFile, OpeningPromises):
    pass


class TestMoving(InFile, MovingPromises):
    pass


class TestHolding(InFile, HoldingPromises):
    pass


class TestNoting(InFile, NotingPromises):
    pass


class TestSettling(InFile, SettlingPromises):
    pass


class TestRenewing(InFile, RenewingPromises):
    pass


class TestLooking(InFile, LookingPromises):
    pass


def test_calls_and_operations_share_a_file_and_its_transactions(file: FilePlace):
    signals = Signals()
    ledger = file.open(signal=signals)
    record = brought_to(ledger.operations, S.RUNNING)
    put_all(ledger, open_call())
    assert found(ledger.operations) == record
    assert file.reader().call("c1") == open_call()
    assert ledger.health().last_commit_at is not None


def test_the_next_instance_takes_over_what_the_last_one_left(file: FilePlace):
    first = file.open("first")
    brought_to(first.operations, S.CANCELLING)
    first.close(SOON)
    second = file.open("second").operations
    assert second.unsettled() == []
    (record,) = second.take_over(10)
    assert (record.holder, record.fence, record.state) == ("second", 2, S.CANCELLING)
    assert second.unsettled() == [record]


def test_a_ledger_that_was_closed_refuses_and_never_opens_the_file_again(file: FilePlace):
    first = file.open("first")
    brought_to(first.operations, S.RUNNING)
    first.close(SOON)
    second = file.open("second").operations
    for act in (
        lambda: first.operations.open(operation("late")),
        lambda: first.operations.move("o1", E.LEASE_LAPSED, {}),
        lambda: first.operations.unsettled(),
    ):
        with pytest.raises(LedgerError, match="is closed"):
            act()
    assert found(second).state is S.RUNNING


def test_a_file_that_was_removed_is_begun_anew_with_what_had_not_settled__and_said_so(file: FilePlace):
    ledger = file.open()
    brought_to(ledger.operations, S.RUNNING, "carried")
    file.path.unlink()
    ledger.operations.open(operation("new"))
    assert sorted(record.id for record in ledger.operations.unsettled()) == ["carried", "new"]
    assert "was removed while in use" in ledger.health().notices[0]


def test_a_file_found_damaged_while_in_use_is_moved_aside(file: FilePlace):
    signals = Signals()
    ledger = file.open(signal=signals)
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    signals.error = damage
    with pytest.raises(LedgerError, match="malformed"):
        ledger.operations.open(operation("lost"))
    signals.error = None
    file.path.write_bytes(b"\xa5" * 8192)
    ledger.operations.open(operation("kept"))
    assert found(ledger.operations, "kept").id == "kept"
    assert "it was moved to" in ledger.health().notices[0]


def test_a_file_found_damaged_by_a_question_is_moved_aside_as_well(file: FilePlace, monkeypatch: pytest.MonkeyPatch):
    ledger = file.open()
    brought_to(ledger.operations, S.RUNNING)
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    with monkeypatch.context() as patched:
        patched.setattr(operation_sqlite, "executing", lambda _: throwing(damage))
        with pytest.raises(LedgerError, match="malformed"):
            ledger.operations.unsettled()
    file.path.write_bytes(b"\xa5" * 8192)
    assert ledger.operations.unsettled() == []
    assert "it was moved to" in ledger.health().notices[0]


def throwing(error: Exception) -> Callable[..., Never]:
    def throw(*_: object) -> Never:
        raise error

    return throw


def test_an_operation_in_words_of_a_later_version_is_said_to_be_one(file: FilePlace):
    ledger = file.open().operations
    brought_to(ledger, S.RUNNING)
    with contextlib.closing(sqlite3.connect(file.path, isolation_level=None)) as connection:
        connection.execute("UPDATE operations SET kind = 'dream'")
    with pytest.raises(LedgerError, match=r"holds an operation that this sidecar has no words for .*; use a newer one"):
        ledger.unsettled()
    with pytest.raises(LedgerError, match="holds an operation"):
        ledger.renew("openai", "resp_o1", {"renewed_at": LATER})


@pytest.mark.parametrize("retention_days", [None, 1])
def test_operations_past_the_retention_are_swept_away_with_the_calls(file: FilePlace, retention_days: int | None):
    ledger = file.open(retention_days=retention_days)
    for id in ("a", "b"):
        settled(ledger.operations, id, settled_at=START)
    brought_to(ledger.operations, S.RUNNING, "c")
    assert ledger.flush(SOON)  # the sweep of the start is over: it may not end by a clock that was moved meanwhile
    file.clock.at = START + 3 * DAY
    put_all(ledger, open_call())
    left = "c" if retention_days else "cba"
    assert "".join(record.id for record in ledger.operations.operations(OperationQuery())) == left
    assert ledger.health().rows_expired == 3 - len(left)
