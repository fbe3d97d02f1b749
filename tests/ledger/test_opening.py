"""A file is made, recognized, or moved aside; nothing is ever overwritten."""

import sqlite3
import stat
from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger import opening
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.opening import open_to_write
from sidecar.ledger.steps import NEWEST
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, START, FilePlace, open_call, settled_call


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def with_calls(file: FilePlace, number: int = 300) -> None:
    """A ledger of many pages, closed."""
    ledger = file.open()
    put_all(ledger, *[settled_call(f"c{each:04}", started_at=START + each) for each in range(number)])
    assert ledger.close(SOON)


def overwrite(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as damaged:
        damaged.seek(start)
        damaged.write(b"\xa5" * length)


def aside(file: FilePlace) -> Path:
    (found,) = file.path.parent.glob("ledger.db.damaged-*Z")
    return found


def test_file_and_log_are_their_owners_alone(file: FilePlace):
    put_all(file.open(), open_call())
    assert {path.name: mode(path) for path in file.path.parent.iterdir()} == {
        "ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600, "ledger.db.lock": 0o600,
    }  # fmt: skip


def test_directories_that_are_missing_are_made_for_their_owner_alone(tmp_path: Path):
    place = FilePlace(tmp_path / "a" / "b")
    place.open()
    place.leave()
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)


def test_the_mode_of_a_file_that_exists_is_left_as_it_is(file: FilePlace):
    with_calls(file)
    file.path.chmod(0o640)
    file.open()
    assert mode(file.path) == 0o640


def test_the_file_is_durable_and_gives_space_back(file: FilePlace):
    opened = open_to_write(file.path, START)
    asked = ("auto_vacuum", "journal_mode", "synchronous")
    found = [opened.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    opened.connection.close()
    assert found == [2, "wal", 2]  # INCREMENTAL, WAL, FULL


def test_an_empty_file_becomes_a_ledger_without_a_notice(file: FilePlace):
    file.path.touch()
    assert file.open().health().notices == ()


@pytest.mark.parametrize("start", [0, 4096 * 3])
def test_a_damaged_file_is_moved_aside_as_it_was(file: FilePlace, start: int):
    with_calls(file)
    overwrite(file.path, start, 4096 * 4)
    damaged = file.path.read_bytes()
    ledger = file.open()
    assert aside(file).read_bytes() == damaged
    assert list(file.reader().calls(CallQuery())) == []
    put_all(ledger, open_call())
    assert list(file.reader().calls(CallQuery())) == [open_call()]


def test_the_notice_says_what_happened_where_it_is_and_what_is_missing(file: FilePlace):
    with_calls(file)
    overwrite(file.path, 0, 4096)
    (notice,) = file.open().health().notices
    assert notice == (
        f"the ledger {file.path} was damaged (file is not a database); it was moved to {aside(file)} and a new one was begun. "
        "Missing from reports now: everything recorded before this moment (how much can't be told). "
        f"`sqlite3 {aside(file)} .recover` may bring some of it back"
    )


def test_the_notice_counts_the_calls_that_can_still_be_counted(file: FilePlace):
    with_calls(file, 3000)
    in_a_row = file.path.read_bytes().index(b"override:1", 300_000)
    overwrite(file.path, in_a_row // 4096 * 4096, 200)
    (notice,) = file.open().health().notices
    assert "about 3000 calls from 2026-09-21T14:13:20.000000Z to 2026-09-21T14:13:20.002999Z" in notice


def test_the_log_of_a_damaged_file_goes_with_it(file: FilePlace):
    with_calls(file)
    overwrite(file.path, 0, 4096)
    log = file.path.with_name("ledger.db-wal")
    log.write_bytes(b"the last rows")
    file.open()
    assert Path(f"{aside(file)}-wal").read_bytes() == b"the last rows"


def test_another_programs_file_is_refused_and_not_touched(file: FilePlace):
    connection = sqlite3.connect(file.path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    before = file.path.read_bytes()
    with pytest.raises(LedgerError, match="is another program's SQLite file"):
        file.open()
    assert file.path.read_bytes() == before


def test_a_newer_ledger_is_refused_and_not_touched(file: FilePlace):
    with_calls(file)
    connection = sqlite3.connect(file.path)
    with connection:
        connection.execute("INSERT INTO schema_version VALUES (?, 'from the future', 0)", (NEWEST + 1,))
    connection.close()
    before = file.path.read_bytes()
    with pytest.raises(
        LedgerError, match=f"was written by a newer sidecar \\(schema {NEWEST + 1}, this one knows {NEWEST}\\)"
    ):
        file.open()
    assert file.path.read_bytes() == before


def test_after_a_refusal_the_lock_is_free(file: FilePlace):
    file.path.write_bytes(b"")
    connection = sqlite3.connect(file.path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    with pytest.raises(LedgerError):
        file.open()
    connection.execute("DROP TABLE bookmarks")
    connection.close()
    file.open()


def test_a_directory_that_can_not_be_made_is_said_so(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(
        LedgerError, match=r"let the sidecar's user write the file and its directory, or set ledger\.url"
    ):
        FilePlace(tmp_path / "file" / "below").open()


def test_a_log_that_can_not_be_made_is_an_error_and_not_damage(file: FilePlace):
    with_calls(file)
    file.path.with_name("ledger.db-shm").symlink_to("no/such/place")
    with pytest.raises(LedgerError, match=r"let the sidecar's user write the file"):
        file.open()
    file.path.with_name("ledger.db-wal").write_bytes(b"rows")
    with pytest.raises(LedgerError, match=r"let the sidecar's user write the file"):
        file.open()
    assert list(file.path.parent.glob("*damaged*")) == []


def test_a_sqlite_without_strict_tables_is_said_so(file: FilePlace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(opening, "OLDEST_SQLITE", (99, 0, 0))
    with pytest.raises(LedgerError, match=f"needs SQLite 3.37, this Python has {sqlite3.sqlite_version}"):
        file.open()
