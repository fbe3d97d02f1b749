"""What a disk does to a ledger's files between two starts: sectors of chance bytes, and ends that are missing.

SQLite keeps no checksums of a file's pages: a few bytes that are others within a row, and still are words, nobody can find. So
damage comes in whole sectors here, as it does from a disk. And nobody can tell that something is missing when both the log and
its index are gone, when the file is empty, nor when another ledger's log was put beside it.
"""

import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.clock import SystemClock
from sidecar.ledger.sqlite import SqliteLedger
from tests.faults.strace import files_of
from tests.ledger.given import START, settled_call
from tests.ledger.operations_given import operation

SECTOR: Final = 512
HEADER_BYTES: Final = 100
FRAME: Final = 4096 + 24
"""A page in the log, with its head."""
CALLS, OPERATIONS, CALLS_IN_A_COMMIT = 240, 20, 20
SOON: Final = 30.0


class Damage(NamedTuple):
    """One thing that happened to the files."""

    name: str
    ledger: Path
    """A whole one, of which a copy is damaged."""
    strike: Callable[[Path], None]


def made(directory: Path) -> tuple[Path, Path]:
    """A ledger as a sidecar leaves it that is killed, with its log, and the same as one leaves it that ends."""
    directory.mkdir()
    ledger = SqliteLedger.open(f"sqlite:///{directory / 'ledger.db'}", clock=SystemClock(), instance="first")
    for number in range(CALLS):
        ledger.put(settled_call(f"c{number:04}", started_at=START + number))
        if number % CALLS_IN_A_COMMIT == 0:
            assert ledger.flush(SOON)
    for number in range(OPERATIONS):
        ledger.operations.open(operation(f"o{number:04}"))
    assert ledger.flush(SOON)
    killed = copied(ledger.path, directory / "killed")
    assert ledger.close(SOON)
    return killed, copied(ledger.path, directory / "ended")


def copied(ledger: Path, directory: Path) -> Path:
    """All files of a ledger as they are, in another place."""
    directory.mkdir()
    for part in files_of(ledger):
        if part.exists():
            shutil.copy2(part, directory / part.name)
    return directory / ledger.name


def damages(killed: Path, ended: Path) -> list[Damage]:
    """Every sector and every length in pages of the file, every frame of the log; and what lies beside it gone, or nonsense."""
    return [
        *_of_file("the file's", "", ended, SECTOR),
        *_of_file("the log's", "-wal", killed, FRAME),
        Damage("the log is gone", killed, lambda ledger: Path(f"{ledger}-wal").unlink()),
        Damage("the index is gone", killed, lambda ledger: Path(f"{ledger}-shm").unlink()),
        Damage("the index is nonsense", killed, partial(_scribble, "-shm", 0, SECTOR)),
        Damage("the log is nonsense", killed, lambda ledger: _scribble("-wal", 0, _size(ledger, "-wal"), ledger)),
    ]


def _of_file(whose: str, suffix: str, ledger: Path, step: int) -> Iterator[Damage]:
    size = _size(ledger, suffix)
    yield Damage(f"{whose} header", ledger, partial(_scribble, suffix, 0, HEADER_BYTES))
    for at in range(0, size - SECTOR + 1, step):
        yield Damage(f"{whose} sector at {at}", ledger, partial(_scribble, suffix, at, SECTOR))
    for at in range(FRAME, size, FRAME):
        yield Damage(f"{whose} end behind {at}", ledger, partial(_cut, suffix, at))


def _size(ledger: Path, suffix: str) -> int:
    return Path(f"{ledger}{suffix}").stat().st_size


def scribbled(path: Path, at: int, length: int) -> None:
    """Nonsense in that place of a file, always the same."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(random.Random(at).randbytes(length))


def _scribble(suffix: str, at: int, length: int, ledger: Path) -> None:
    scribbled(Path(f"{ledger}{suffix}"), at, length)


def _cut(suffix: str, length: int, ledger: Path) -> None:
    with Path(f"{ledger}{suffix}").open("r+b") as file:
        file.truncate(length)
