"""A ledger can be read while it is written, when nobody writes, and after a crash; otherwise the reader says why not."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from sidecar.errors import LedgerError
from sidecar.ledger import reader, schema
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.steps import NEWEST
from sidecar.ledger.tables import CALLS
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, FilePlace, open_call, orphaned_call, settled_call


def execute(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def closed_with(file: FilePlace, *ids: str) -> None:
    ledger = file.open()
    put_all(ledger, *[settled_call(id) for id in ids])
    assert ledger.close(SOON)


def test_reading_while_the_ledger_is_written(file: FilePlace):
    ledger = file.open()
    before = file.reader()
    put_all(ledger, settled_call("a"))
    assert [call.id for call in before.calls(CallQuery())] == ["a"]


def test_reading_when_nobody_writes(file: FilePlace):
    closed_with(file, "a")
    assert [call.id for call in file.reader().calls(CallQuery())] == ["a"]


def test_reading_changes_nothing(file: FilePlace):
    closed_with(file, "a")
    before = file.path.read_bytes()
    list(file.reader().calls(CallQuery()))
    assert file.path.read_bytes() == before


def test_reading_where_the_log_can_not_be_made__as_in_a_directory_of_somebody_else(file: FilePlace):
    closed_with(file, "a")
    file.path.with_name("ledger.db-shm").symlink_to("no/such/place")  # in the way of root as well
    assert [call.id for call in file.reader().calls(CallQuery())] == ["a"]


def test_calls_taken_slowly_do_not_keep_the_log_from_being_reused(file: FilePlace):
    ledger = file.open()
    put_all(ledger, *[settled_call(f"c{number:04}") for number in range(1200)])
    slowly = file.reader().calls(CallQuery())
    next(slowly)
    connection = sqlite3.connect(file.path)
    (is_busy, _, _) = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
    connection.close()
    assert is_busy == 0
    assert len(list(slowly)) == 1199


def test_a_reader_sees_the_file_that_took_the_place_of_another(file: FilePlace):
    closed_with(file, "a")
    asked = file.reader()
    file.path.unlink()
    closed_with(file, "b")
    assert [call.id for call in asked.calls(CallQuery())] == ["b"]


def test_no_file__the_setting_that_names_it_and_what_to_do(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/none.db"
    with pytest.raises(LedgerError) as missing:
        SqliteReader.open(url, named_by="--ledger")
    assert str(missing.value) == (
        f'ledger {tmp_path}/none.db: does not exist (--ledger is "{url}"); '
        "start `sidecar serve` with the same settings once, or name the right file"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty; start `sidecar serve` with it once"),
        (b"no database" * 900, "file is not a database; `sidecar serve` moves"),
    ],
)
def test_a_file_that_is_no_ledger_is_said_to_be_none(file: FilePlace, content: bytes, problem: str):
    file.path.write_bytes(content)
    with pytest.raises(LedgerError, match=problem):
        file.reader()


def test_another_programs_file_is_refused(file: FilePlace):
    execute(file.path, "CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(LedgerError, match="is another program's SQLite file"):
        file.reader()


def test_a_newer_ledger_is_refused(file: FilePlace):
    closed_with(file, "a")
    execute(file.path, "INSERT INTO schema_version VALUES (?, 'later', 0)", NEWEST + 1)
    with pytest.raises(LedgerError, match="was written by a newer sidecar"):
        file.reader()


def test_an_older_ledger_is_not_read_before_it_is_brought_up_to_date(file: FilePlace, monkeypatch: pytest.MonkeyPatch):
    closed_with(file, "a")
    monkeypatch.setattr(schema, "NEWEST", NEWEST + 1)
    with pytest.raises(
        LedgerError, match=rf"older sidecar \(schema {NEWEST}, not {NEWEST + 1}\); start `sidecar serve`"
    ):
        file.reader()


def test_a_call_that_this_version_has_no_words_for_is_an_error_and_not_left_out(file: FilePlace):
    closed_with(file, "a")
    execute(file.path, "UPDATE calls SET kind = 'dream'")
    with pytest.raises(
        LedgerError, match=r"holds a row that this sidecar has no words for \(Invalid enum value 'dream'"
    ):
        list(file.reader().calls(CallQuery()))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("orphaned_usd", "1 dollar and some"),
        ("avoidable_usd", "2147483692c72036854"),
        ("usage", '{"input": -1}'),
        ("usage", "[]"),
        ("spend_usd", "NaN"),
    ],
)
def test_what_no_sidecar_wrote_is_an_error_with_a_sentence(file: FilePlace, column: str, value: str):
    """A file can be written by others; a list or a bill of it must not end in a traceback."""
    ledger = file.open()
    put_all(ledger, orphaned_call("a"))
    assert ledger.close(SOON)
    execute(file.path, f"UPDATE calls SET {column} = ?", value)

    def read() -> None:
        list(file.reader().calls(CallQuery()))
        SqliteReader.open(f"sqlite:///{file.path}").bill(CallQuery(), By.MODEL)

    with pytest.raises(LedgerError, match=r"holds a row that this sidecar has no words for .*; read it with a newer"):
        read()


def test_a_file_that_goes_away_between_two_questions_is_said_so(file: FilePlace):
    closed_with(file, "a")
    asked = file.reader()
    file.path.unlink()
    with pytest.raises(LedgerError, match="does not exist"):
        asked.call("a")


def test_a_reader_can_not_write(file: FilePlace):
    file.open().put(open_call())
    asked = SqliteReader.open(file.url)
    with asked._connection() as connection, pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.execute("DELETE FROM calls")


def test_a_bill_is_of_one_moment__what_is_committed_meanwhile_is_not_in_it(
    file: FilePlace, monkeypatch: pytest.MonkeyPatch
):
    ledger, counted = file.open(), []
    put_all(ledger, settled_call("a"))

    def asking(*asked: Any) -> Any:
        *_, ask = asked
        for id in "bcd":
            ((count,),) = ask(select(func.count()).select_from(CALLS))
            counted.append(count)
            put_all(ledger, settled_call(id))

    monkeypatch.setattr(reader, "ask_for_bill", asking)
    file.reader().bill(CallQuery(), By.MODEL)  # type: ignore[attr-defined]
    assert counted == [1, 1, 1]
