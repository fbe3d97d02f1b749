"""What people and programs do to a ledger's file while a sidecar has it open."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tests.faults.ledger_scene import Scene

Strike = Callable[[Path], None]


def replace_by_a_copy(ledger: Path) -> None:
    """A copy of a moment ago is moved into its place."""
    copy = ledger.with_name("copy.db")
    with closing(sqlite3.connect(ledger)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    copy.replace(ledger)


def replace_by_an_empty_one(ledger: Path) -> None:
    """A file without a byte is moved into its place."""
    (fresh := ledger.with_name("fresh.db")).touch()
    fresh.replace(ledger)


def remove_it(ledger: Path) -> None:
    """The file is removed, and its log stays."""
    ledger.unlink()


def remove_all_of_it(ledger: Path) -> None:
    """`rm ledger.db*`: its log, its index and its lock go with it."""
    for part in ledger.parent.glob(f"{ledger.name}*"):
        part.unlink()


def remove_its_directory(ledger: Path) -> None:
    """The directory and all in it."""
    shutil.rmtree(ledger.parent)


def remove_its_log(ledger: Path) -> None:
    """Somebody takes the log for something that was left over."""
    Path(f"{ledger}-wal").unlink()


def remove_its_index(ledger: Path) -> None:
    """Somebody takes the log's index for something that was left over."""
    Path(f"{ledger}-shm").unlink()


def remove_its_lock(ledger: Path) -> None:
    """Somebody takes the lock for a stale one."""
    Path(f"{ledger}.lock").unlink()


def move_it_away(ledger: Path) -> None:
    """`mv ledger.db old.db`: the old file lives on under another name."""
    ledger.rename(ledger.with_name("old.db"))


STRIKES: Final[tuple[Strike, ...]] = (
    replace_by_a_copy, remove_its_log, remove_it, remove_its_index, remove_its_lock, replace_by_an_empty_one, move_it_away,
    remove_its_directory, remove_all_of_it,
)  # fmt: skip
KEEPS_EVERYTHING: Final = frozenset({replace_by_a_copy, remove_its_log, remove_its_index, remove_its_lock})


@contextmanager
def locked(scene: Scene) -> Iterator[None]:
    """Another program has a transaction open that keeps everybody else from writing."""
    with closing(sqlite3.connect(scene.ledger, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def read_for_long(ledger: Path) -> Iterator[None]:
    """Another program reads, and does not come to an end."""
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM calls").fetchone()
        yield
