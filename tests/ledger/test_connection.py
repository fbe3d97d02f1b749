"""Whatever happens to the files by their names, what is written is written to the ledger that others read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import astuple

from sidecar.errors import LedgerError
from sidecar.ledger.file import LedgerFile
from sidecar.ledger.lock import FileLock
from sidecar.ledger.operation_sqlite import SqliteOperations
from sidecar.lifecycle.operation import OperationState
from tests.ledger.given import FilePlace, open_call
from tests.ledger.operations_given import operation

said: list[str] = []


@pytest.fixture
def ledger(file: FilePlace) -> Iterator[LedgerFile]:
    said.clear()
    opened = LedgerFile.open(file.path, "first", file.clock, say=said.append)
    write(opened, "before")
    yield opened
    opened.close()


def write(ledger: LedgerFile, id: str) -> None:
    assert ledger.upsert([astuple(open_call(id))]).refusals == []


def ids(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [id for (id,) in connection.execute("SELECT id FROM calls ORDER BY id")]


def test_what_people_should_know_is_told_at_once(ledger: LedgerFile, file: FilePlace):
    file.path.unlink()
    write(ledger, "after")
    assert said == [
        f"the ledger {file.path} was removed while in use; a new one was begun, with the 0 operations of the old one that had not"
        " settled. Missing from reports now: all else"
    ]
    assert tuple(said) == ledger.notices


@pytest.mark.parametrize("suffix", ["-wal", "-shm"])
def test_a_log_or_index_that_is_removed_takes_nothing_with_it(ledger: LedgerFile, file: FilePlace, suffix: str):
    Path(f"{file.path}{suffix}").unlink()
    write(ledger, "after")
    assert ids(file.path) == ["after", "before"]
    assert "was removed or replaced while in use; nothing of it is missing" in said[0]


def test_a_file_moved_away_is_whole_and_its_log_says_nothing_of_the_new_one(ledger: LedgerFile, file: FilePlace):
    old = file.path.with_name("old.db")
    file.path.rename(old)
    write(ledger, "after")
    assert (ids(old), ids(file.path)) == (["before"], ["after"])


def test_a_copy_moved_into_its_place_is_written_from_then_on(ledger: LedgerFile, file: FilePlace):
    copy = file.path.with_name("copy.db")
    with closing(sqlite3.connect(file.path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    write(ledger, "between")
    copy.replace(file.path)
    write(ledger, "after")
    assert ids(file.path) == ["after", "before"]
    assert "was replaced while in use; that file is written now" in said[0]


def test_operations_that_still_run_are_carried_over(ledger: LedgerFile, file: FilePlace):
    operations = SqliteOperations(ledger, file.clock, "first")
    operations.open(operation("o1"))
    for part in file.path.parent.glob("ledger.db*"):
        part.unlink()
    found = operations.unsettled()
    assert [(each.id, each.state) for each in found] == [("o1", OperationState.OPENING)]
    assert "with the 1 operations of the old one" in said[0]


def test_operations_are_carried_over_as_soon_as_a_new_file_can_be_made(ledger: LedgerFile, file: FilePlace):
    operations = SqliteOperations(ledger, file.clock, "first")
    operations.open(operation("o1"))
    file.path.unlink()
    file.path.mkdir()
    with pytest.raises(LedgerError):
        operations.unsettled()
    file.path.rmdir()
    assert [each.id for each in operations.unsettled()] == ["o1"]


def test_a_directory_that_was_removed_is_made_again(ledger: LedgerFile, file: FilePlace):
    for part in file.path.parent.iterdir():
        part.unlink()
    file.path.parent.rmdir()
    write(ledger, "after")
    assert ids(file.path) == ["after"]


def test_a_lock_that_was_removed_is_taken_again(ledger: LedgerFile, file: FilePlace):
    Path(f"{file.path}.lock").unlink()
    write(ledger, "after")
    with pytest.raises(LedgerError, match="is in use by another sidecar"):
        FileLock.take(file.path)


def test_nothing_is_written_while_another_has_the_lock(ledger: LedgerFile, file: FilePlace):
    Path(f"{file.path}.lock").unlink()
    other = FileLock.take(file.path)
    with pytest.raises(LedgerError, match="is in use by another sidecar"):
        write(ledger, "after")
    assert ids(file.path) == ["before"]
    other.release()
    write(ledger, "after")
    assert ids(file.path) == ["after", "before"]


def test_a_file_that_others_read_is_not_left_with_rows_in_its_log(ledger: LedgerFile, file: FilePlace):
    with closing(sqlite3.connect(file.path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM calls").fetchone()
        write(ledger, "between")
        ledger._held._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr]
        file.path.rename(file.path.with_name("old.db"))
        with pytest.raises(LedgerError, match="was moved while another program reads it"):
            write(ledger, "after")
    write(ledger, "after")
    assert (ids(file.path.with_name("old.db")), ids(file.path)) == (["before", "between"], ["after"])
