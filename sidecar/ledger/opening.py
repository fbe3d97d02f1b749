"""Opening the file: to read, so that it can't be changed; to write, made anew where it is missing or damaged."""

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.clock import Moment, rfc3339
from sidecar.errors import LedgerError
from sidecar.ledger.legible import illegible_in
from sidecar.ledger.log_index import NOTHING, Promise, promise_of
from sidecar.ledger.schema import bring_up_to_date, refuse_newer, version_of
from sidecar.ledger.steps import NEWEST
from sidecar.ledger.trouble import as_ledger_error, is_damage

OLDEST_SQLITE: Final = (3, 37, 0)
"""The first with STRICT tables (2021-11)."""

PRAGMAS: Final = (
    # Before the first table, and before WAL, which writes the first page: later it would need a VACUUM of everything.
    "PRAGMA auto_vacuum = INCREMENTAL",
    # Readers never wait for the writer, nor the writer for them.
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: a row once committed survives the loss of power. Group commit makes it cheap.
    "PRAGMA synchronous = FULL",
    # A long report may keep the log from being reused for a while; it is cut back afterwards.
    "PRAGMA journal_size_limit = 67108864",
)
BUSY_SECONDS: Final = 5.0
"""How long another program's write is waited for (somebody with a SQLite shell). Only the writer thread waits."""


class Opened(NamedTuple):
    """A connection to an up-to-date ledger, and what people should be told about how it came to be."""

    connection: sqlite3.Connection
    notice: str


def open_to_write(path: Path, now: Moment, *, is_first: bool = True) -> Opened:
    """Open a ledger; only the holder of its lock may. `is_first`: this process has not had it open before.

    A damaged file is never written to: it is moved aside, a new one is begun, and the notice says what is missing now. A log that
    has lost some of what was committed to it is kept as a copy, and the notice says how much that was.

    Raises:
        LedgerError: it can't be opened, is another program's, or was written by a newer sidecar.
    """
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise LedgerError(str(path), f"needs SQLite 3.37, this Python has {sqlite3.sqlite_version}", "use a newer one")
    try:
        _make_file(path)
        promise = promise_of(path) if is_first else NOTHING
        notice = _set_aside(path, now)
        return _connect(path, now, notice, NOTHING if notice else promise)
    except (sqlite3.Error, OSError) as error:
        raise as_ledger_error(path, error) from error


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a file for reading; also where its directory can't be written and no sidecar runs.

    SQLite wants to make the log's index there. When nobody writes there is no log to miss, and the file can be read alone.
    """
    address = f"{path.as_uri()}?mode=ro"
    try:
        return _tried(address)
    except sqlite3.OperationalError:
        log = Path(f"{path}-wal")
        if log.exists() and log.stat().st_size:
            raise
        return _tried(f"{address}&immutable=1")


def _tried(address: str) -> sqlite3.Connection:
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def make_directory(directory: Path) -> None:
    """Make a directory and what is missing above it, each for its owner alone."""
    if not directory.is_dir():
        make_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _set_aside(path: Path, now: Moment) -> str:
    """Make room for a new file if this one is damaged; returns what to say about it."""
    try:
        _look(path)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter: SQLite quotes what it has found
        if not (is_damage(error) or isinstance(error, UnicodeDecodeError)):
            raise
        notice = _move_aside(path, str(error), now)
        _make_file(path)
        return notice
    return ""


def _look(path: Path) -> None:
    """Look at every page once: 0.3 s a million rows, at the start only, where being told late costs more.

    Through a connection that can't write: another one, when closed, would write what a damaged log holds into the file.

    Raises:
        LedgerError: the file is another program's, or newer.
        sqlite3.DatabaseError: it is damaged, or can't be read.
    """
    with contextlib.closing(open_to_read(path)) as connection:
        version = version_of(connection, str(path))
        refuse_newer(version, str(path))
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        problem = verdict.splitlines()[-1] if verdict != "ok" else illegible_in(connection) if version == NEWEST else ""
    if problem:
        damaged = sqlite3.DatabaseError(problem)
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged


def _connect(path: Path, now: Moment, notice: str, promise: Promise) -> Opened:
    connection = sqlite3.connect(
        path,
        timeout=BUSY_SECONDS,
        isolation_level=None,  # transactions are begun where they are meant
        check_same_thread=False,  # opened by whoever starts us, used under the writer's lock
    )
    try:
        notice = notice or _told_of_log(connection, path, promise, now)  # before anything is written: a pragma may be
        for pragma in PRAGMAS:
            connection.execute(pragma)
        bring_up_to_date(connection, version_of(connection, str(path)), now)
    except BaseException:
        connection.close()
        raise
    return Opened(connection, notice)


def _told_of_log(connection: sqlite3.Connection, path: Path, promise: Promise, now: Moment) -> str:
    """What to say if the log does not hold all that was committed to it; it is copied before anybody writes to it again."""
    if not promise.missing(0):
        return ""
    _, found, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    missing = promise.missing(found)
    if not missing:
        return ""
    log, copy = Path(f"{path}-wal"), path.with_name(f"{path.name}.log-{_stamp(now)}")
    if log.exists():
        shutil.copy2(log, copy)
    return (
        f"the log of the ledger {path} was damaged: of {promise.frames} pages that were committed to it {missing} can't be read. "
        f"Missing from reports now: what was recorded last, operations included. The log was copied to {copy}"
    )


def _stamp(now: Moment) -> str:
    return rfc3339(now).replace(":", "").replace("-", "")


def _make_file(path: Path) -> None:
    """Make the file before SQLite does, to give it its mode; its log and index take the same.

    Never opened where it exists: closing the descriptor would drop the locks of a reader in this process.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return


def _move_aside(path: Path, problem: str, now: Moment) -> str:
    held = _what_is_readable(path)
    aside = path.with_name(f"{path.name}.damaged-{_stamp(now)}")
    # The log first: were we killed in between, a damaged file without its log is found again, while a log without its file
    # would be taken for a new file's and removed.
    for suffix in ("-wal", "-shm", ""):
        part = Path(f"{path}{suffix}")
        if part.exists():
            part.rename(f"{aside}{suffix}")
    return (
        f"the ledger {path} was damaged ({problem}); it was moved to {aside} and a new one was begun. "
        f"Missing from reports now: {held}. `sqlite3 {aside} .recover` may bring some of it back"
    )


def _what_is_readable(path: Path) -> str:
    """What the damaged file held, as far as it can still be told."""
    try:
        with contextlib.closing(open_to_read(path)) as connection:
            figures = connection.execute("SELECT count(*), min(started_at), max(started_at) FROM calls")
            calls, first, last = figures.fetchone()
            held = f"about {calls} calls" + (f" from {rfc3339(first)} to {rfc3339(last)}" if calls else "")
            (operations,) = connection.execute("SELECT count(*) FROM operations WHERE settled_at IS NULL").fetchone()
        return held + (f", and {operations} operations that may still run" if operations else "")
    except (sqlite3.Error, TypeError, ValueError, OverflowError):  # the ValueErrors: of text that is no UTF-8
        return "everything recorded before this moment (how much can't be told)"
