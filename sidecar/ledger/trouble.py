"""What a failure of SQLite means to the people who run the program."""

import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from sidecar.errors import LedgerError

_PLACE: Final = "let the sidecar's user write the file and its directory, or set ledger.url to another place"
_BEGIN_ANEW: Final = "`sidecar serve` moves a damaged file aside and begins a new one; or name the right file"
ADVICE: Final = {
    sqlite3.SQLITE_FULL: "make room on its disk",
    sqlite3.SQLITE_READONLY: _PLACE,
    sqlite3.SQLITE_CANTOPEN: _PLACE,
    sqlite3.SQLITE_PERM: _PLACE,
    sqlite3.SQLITE_BUSY: "another program is writing to it: close that one",
    sqlite3.SQLITE_LOCKED: "another program is writing to it: close that one",
    sqlite3.SQLITE_IOERR: "look at its disk: full, over quota, gone, or failing",
    sqlite3.SQLITE_CORRUPT: _BEGIN_ANEW,
    sqlite3.SQLITE_NOTADB: _BEGIN_ANEW,
}
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# What no retry can cure: the row itself can't be written, whatever state the disk is in. A lone surrogate in a name is a
# UnicodeEncodeError, which is a ValueError; an integer above 64 bits an OverflowError.
UNWRITABLE: Final = (
    sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, ValueError, TypeError, ArithmeticError,
)  # fmt: skip
FAILURES: Final = (sqlite3.Error, OSError, msgspec.MsgspecError, LedgerError)


def primary_code(error: BaseException) -> int:
    """SQLite's primary result code of an error, 0 where it has none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken, so that trying again can't help."""
    return primary_code(error) in DAMAGED


def as_ledger_error(path: Path, error: BaseException) -> LedgerError:
    """The error to show for what SQLite or the file system reported."""
    if isinstance(error, LedgerError):
        return error
    if isinstance(error, OSError):
        return LedgerError(str(path), (error.strerror or str(error)).lower(), _PLACE)
    return LedgerError(str(path), str(error), ADVICE.get(primary_code(error), ""))
