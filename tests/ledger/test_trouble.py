"""SQLite's failures in words that say what to do."""

import errno
import sqlite3
from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.trouble import as_ledger_error, is_damage


def reported(code: int, words: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(words)
    error.sqlite_errorcode = code
    return error


PLACE = "; let the sidecar's user write the file and its directory, or set ledger.url to another place"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (sqlite3.SQLITE_FULL, "; make room on its disk"),
        (
            sqlite3.SQLITE_READONLY,
            "; let the sidecar's user write the file and its directory, or set ledger.url to another place",
        ),
        (sqlite3.SQLITE_IOERR_WRITE, "; look at its disk: full, over quota, gone, or failing"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "; another program is writing to it: close that one"),
        (sqlite3.SQLITE_MISUSE, ""),
    ],
)
def test_a_code_has_its_advice__an_extended_one_that_of_its_primary(code: int, advice: str):
    assert str(as_ledger_error(Path("x.db"), reported(code, "it failed"))) == f"ledger x.db: it failed{advice}"


def test_an_error_of_the_file_system_is_told_in_its_words():
    error = PermissionError(errno.EACCES, "Permission denied")
    assert str(as_ledger_error(Path("x.db"), error)).startswith(
        "ledger x.db: permission denied; let the sidecar's user"
    )


def test_a_ledger_error_stays_itself():
    error = LedgerError("x.db", "is full")
    assert as_ledger_error(Path("y.db"), error) is error


def test_damage_is_told_from_other_failures():
    assert is_damage(reported(sqlite3.SQLITE_CORRUPT, ""))
    assert is_damage(reported(sqlite3.SQLITE_CORRUPT_INDEX, ""))
    assert is_damage(reported(sqlite3.SQLITE_NOTADB, ""))
    assert not is_damage(reported(sqlite3.SQLITE_FULL, ""))
    assert not is_damage(RuntimeError())


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "make room on its disk"),
        (errno.EDQUOT, "make room on its disk"),
        (errno.EIO, "look at its disk: full, over quota, gone, or failing"),
        (errno.EROFS, PLACE.removeprefix("; ")),
    ],
)
def test_an_error_of_the_file_system_has_the_advice_of_its_number(number: int, advice: str):
    assert str(as_ledger_error(Path("x.db"), OSError(number, "it failed"))).endswith(f"it failed; {advice}")
