"""A log that has lost what was committed to it is noticed; one that was killed in the middle of a commit is not blamed."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.ledger.log_index import NOTHING, Promise, is_head_of_a_log, promise_of
from tests.ledger.conformance import put_all
from tests.ledger.given import FilePlace, settled_call


@pytest.fixture
def killed(file: FilePlace, tmp_path: Path) -> FilePlace:
    """What a process leaves that is killed: ten calls in the log, none in the file."""
    ledger = file.open()
    for number in range(10):
        put_all(ledger, settled_call(f"c{number}"))
    place = FilePlace(tmp_path / "killed")
    place.path.parent.mkdir()
    for part in file.path.parent.glob("ledger.db*"):
        shutil.copy2(part, place.path.parent / part.name)
    return place


def log_of(place: FilePlace) -> Path:
    return Path(f"{place.path}-wal")


def notices(place: FilePlace) -> tuple[str, ...]:
    found = place.open("next").health().notices
    place.leave()
    return found


def test_an_index_tells_how_far_its_log_went(killed: FilePlace):
    promise = promise_of(killed.path)
    assert promise.frames * 4120 + 32 <= log_of(killed).stat().st_size
    assert promise.missing(promise.frames) == 0
    assert promise.missing(promise.frames - 3) == 3


def test_pages_that_are_in_the_file_already_are_not_missing():
    assert Promise(10, backfilled=8).missing(3) == 2
    assert Promise(10, backfilled=10).missing(0) == 0


def test_a_whole_log_is_not_spoken_of(killed: FilePlace):
    assert notices(killed) == ()


def test_half_a_commit_at_its_end_is_not_spoken_of(killed: FilePlace):
    with log_of(killed).open("ab") as log:
        log.write(bytes(5000))
    assert notices(killed) == ()


def cut(log: Path) -> None:
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size // 2)


def scribble(log: Path) -> None:
    with log.open("r+b") as file:
        file.seek(log.stat().st_size // 2)
        file.write(random.Random(1).randbytes(512))


def behead(log: Path) -> None:
    with log.open("r+b") as file:
        file.write(bytes(32))


@pytest.mark.parametrize("strike", [cut, scribble, behead])
def test_a_damaged_log_is_copied_and_spoken_of(killed: FilePlace, strike: Callable[[Path], None]):
    strike(log_of(killed))
    damaged = log_of(killed).read_bytes()
    (notice,) = notices(killed)
    assert "Missing from reports now: what was recorded last, operations included" in notice
    (copy,) = killed.path.parent.glob("ledger.db.log-*Z")
    assert copy.read_bytes() == damaged


def test_a_log_that_is_gone_is_spoken_of(killed: FilePlace):
    log_of(killed).unlink()
    (notice,) = notices(killed)
    assert "can't be read" in notice


def test_an_index_of_another_log_says_nothing(killed: FilePlace, tmp_path: Path):
    other = FilePlace(tmp_path / "other")
    put_all(other.open(), settled_call())
    shutil.copy2(f"{other.path}-shm", f"{killed.path}-shm")
    other.leave()
    assert promise_of(killed.path) == NOTHING


def test_an_index_that_is_none_says_nothing(killed: FilePlace):
    Path(f"{killed.path}-shm").write_bytes(bytes(32768))
    assert promise_of(killed.path) == NOTHING
    Path(f"{killed.path}-shm").write_bytes(b"short")
    assert promise_of(killed.path) == NOTHING
    Path(f"{killed.path}-shm").unlink()
    assert promise_of(killed.path) == NOTHING


def test_a_head_is_known_by_its_checksum(killed: FilePlace):
    head = log_of(killed).read_bytes()[:32]
    assert is_head_of_a_log(head)
    assert not is_head_of_a_log(head[:31])
    assert not is_head_of_a_log(bytes(32))
    assert not is_head_of_a_log(head[:20] + b"\1" + head[21:])
