"""What a failure of SQLite means to the people who run the program."""

import errno
import sqlite3
from pathlib import Path
from typing import Final

import msgspec

from sidecar.errors import LedgerError

_PLACE: Final = "let the sidecar's user write the file and its directory, or set ledger.url to another place"
_BEGIN_ANEW: Final = "`sidecar serve` moves a damaged file aside and begins a new one; or name the right file"
_MAKE_ROOM: Final = "make room on its disk"
ADVICE: Final = {
    sqlite3.SQLITE_FULL: _MAKE_ROOM,
    sqlite3.SQLITE_READONLY: _PLACE,
    sqlite3.SQLITE_CANTOPEN: _PLACE,
    sqlite3.SQLITE_PERM: _PLACE,
    sqlite3.SQLITE_BUSY: "another program is writing to it: close that one",
    sqlite3.SQLITE_LOCKED: "another program is writing to it: close that one",
    sqlite3.SQLITE_IOERR: "look at its disk: full, over quota, gone, or failing",
    sqlite3.SQLITE_CORRUPT: _BEGIN_ANEW,
    sqlite3.SQLITE_NOTADB: _BEGIN_ANEW,
}
ADVICE_BY_ERRNO: Final = {
    errno.ENOSPC: _MAKE_ROOM,
    errno.EDQUOT: _MAKE_ROOM,
    errno.EIO: ADVICE[sqlite3.SQLITE_IOERR],
}
DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

# What no retry can cure: the row itself can't be written, whatever state the disk is in. A lone surrogate in a name is a
# UnicodeEncodeError, which is a ValueError; an integer above 64 bits an OverflowError.
UNWRITABLE: Final = (
    sqlite3.IntegrityError, sqlite3.InterfaceError, sqlite3.ProgrammingError, ValueError, TypeError, ArithmeticError,
)  # fmt: skip
UNREADABLE: Final = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError)
"""What comes of a row that no sidecar wrote, or a newer one: a word that is not known here, an amount that is no number."""
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
        return LedgerError(str(path), (error.strerror or str(error)).lower(), _advice_of(error))
    return LedgerError(str(path), str(error), ADVICE.get(primary_code(error), ""))


def as_unreadable(path: Path, error: BaseException) -> LedgerError:
    """The error to show for a row that can't be understood."""
    why = f"{type(error).__name__}: {error}" if isinstance(error, ArithmeticError) else str(error)
    return LedgerError(
        str(path),
        f"holds a row that this sidecar has no words for ({why})",
        "read it with a newer one, or mend the row",
    )


def _advice_of(error: OSError) -> str:
    return _PLACE if error.errno is None else ADVICE_BY_ERRNO.get(error.errno, _PLACE)
