"""Each thing that is done to the file is done whole or not at all."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec.structs import astuple

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.file import LedgerFile, Point
from sidecar.ledger.operation_sqlite import SqliteOperations
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import START, FilePlace, Signals, open_call, settled_call
from tests.ledger.operations_given import operation, settled


@pytest.fixture
def signals() -> Signals:
    return Signals()


@pytest.fixture
def ledger(file: FilePlace, signals: Signals) -> Iterator[LedgerFile]:
    opened = LedgerFile.open(file.path, "first", file.clock, signals)
    yield opened
    opened.close()


def write(ledger: LedgerFile, *records: CallRecord) -> None:
    assert ledger.upsert([astuple(record) for record in records]).refusals == []


def rows(file: FilePlace) -> list[tuple[str, str]]:
    connection = sqlite3.connect(file.path)
    found = connection.execute("SELECT id, instance FROM calls ORDER BY id").fetchall()
    connection.close()
    return found


def test_a_batch_is_one_transaction(ledger: LedgerFile, file: FilePlace, signals: Signals):
    write(ledger, open_call("a"), open_call("b"))
    assert rows(file) == [("a", "first"), ("b", "first")]
    assert signals.heard == {Point.BEGUN: 1, Point.CHANGED: 1, Point.COMMITTED: 1}


def test_a_transaction_that_fails_changes_nothing(ledger: LedgerFile, file: FilePlace, signals: Signals):
    signals.error = sqlite3.OperationalError("disk I/O error")
    with pytest.raises(sqlite3.OperationalError):
        write(ledger, open_call("a"))
    signals.error = None
    assert rows(file) == []
    write(ledger, open_call("b"))
    assert rows(file) == [("b", "first")]


def test_rows_that_no_ledger_could_take_do_not_hold_up_the_others(ledger: LedgerFile, file: FilePlace):
    batch = [open_call("a"), open_call("b", model="\ud800"), open_call("c", started_at=2**70), open_call("d")]
    upserted = ledger.upsert([astuple(record) for record in batch])
    assert upserted.rows == 2
    assert [type(refusal) for refusal in upserted.refusals] == [UnicodeEncodeError, OverflowError]
    assert [id for id, _ in rows(file)] == ["a", "d"]


def test_only_settled_rows_past_the_moment_expire(ledger: LedgerFile, file: FilePlace):
    write(
        ledger,
        settled_call("old"),
        settled_call("young", started_at=START + DAY, settled_at=START + DAY + SECOND),
        settled_call("settled late", settled_at=START + DAY),
        open_call("open"),
    )
    assert ledger.expire(START + DAY) == 1
    assert [id for id, _ in rows(file)] == ["open", "settled late", "young"]


def test_rows_expire_in_chunks_oldest_first(ledger: LedgerFile, file: FilePlace):
    write(ledger, *[settled_call(f"c{number:03}", started_at=START + number) for number in range(700)])
    assert ledger.expire(START + DAY) == 500
    assert rows(file)[0][0] == "c500"
    assert [ledger.expire(START + DAY), ledger.expire(START + DAY)] == [200, 0]


def test_space_goes_back_to_the_disk_when_much_is_free(ledger: LedgerFile, file: FilePlace):
    write(ledger, *[settled_call(f"c{number:04}") for number in range(2000)])

    def pages() -> int:
        connection = sqlite3.connect(file.path)
        (count,) = connection.execute("PRAGMA page_count").fetchone()
        connection.close()
        return int(count)

    before = pages()
    while ledger.expire(START + DAY):
        pass
    assert pages() < before / 2


def test_a_file_that_was_removed_is_begun_anew_and_said_so(ledger: LedgerFile, file: FilePlace):
    write(ledger, open_call("a"))
    file.path.unlink()
    write(ledger, open_call("b"))
    assert rows(file) == [("b", "first")]
    (notice,) = ledger.notices
    assert notice.startswith(f"the ledger {file.path} was removed while in use; a new one was begun")


def test_a_file_found_damaged_while_in_use_is_moved_aside(ledger: LedgerFile, file: FilePlace, signals: Signals):
    write(ledger, open_call("a"))
    damage = sqlite3.DatabaseError("database disk image is malformed")
    damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    signals.error = damage
    with pytest.raises(sqlite3.DatabaseError):
        write(ledger, open_call("b"))
    signals.error = None
    file.path.write_bytes(b"\xa5" * 8192)
    write(ledger, open_call("b"))
    assert rows(file) == [("b", "first")]
    assert "it was moved to" in ledger.notices[0]


def test_closing_twice_is_safe(ledger: LedgerFile):
    ledger.close()
    ledger.close()


def test_a_file_that_was_closed_is_not_opened_again(ledger: LedgerFile):
    ledger.close()
    with pytest.raises(LedgerError, match="is closed"):
        write(ledger, open_call("a"))
    with pytest.raises(LedgerError, match="is closed"), ledger.reading():
        pass


def test_operations_expire_with_the_calls(ledger: LedgerFile, file: FilePlace):
    operations = SqliteOperations(ledger, file.clock, "first")
    settled(operations, "old", settled_at=START)
    write(ledger, settled_call("old"))
    assert ledger.expire(START + DAY) == 2
    assert (rows(file), operations.operation("old"), operations.moves("old")) == ([], None, [])


def test_those_who_act_at_once_come_one_after_another(ledger: LedgerFile, file: FilePlace):
    operations = SqliteOperations(ledger, file.clock, "first")
    with ThreadPoolExecutor(4) as threads:
        opened = [threads.submit(operations.open, operation(f"o{number}")) for number in range(40)]
        for number in range(10):
            write(ledger, open_call(f"c{number}"))
        assert {done.result().fence for done in opened} == {1}
    assert (len(rows(file)), len(operations.unsettled())) == (10, 40)
