"""A process that is killed while it writes loses nothing that was durable, and leaves a ledger that is whole."""

import random
import subprocess

import pytest

from sidecar.ledger.contract import CallQuery
from sidecar.ledger.file import Point
from tests.ledger.crashing import child, is_whole
from tests.ledger.given import START, FilePlace, settled_call


def acknowledged(process: subprocess.Popen[str], batches: int | None = None) -> int:
    """Read batches' numbers, all there are or so many; returns how many batches are durable."""
    assert process.stdout is not None
    read = 0
    for line in process.stdout:
        assert int(line) == read
        read += 1
        if read == batches:
            break
    return read


def check_what_is_left(file: FilePlace, batches: int) -> None:
    """All of the batches are there as they were put, in a file that is whole, and whoever comes next can go on."""
    found = {call.id: call for call in file.reader().calls(CallQuery())}
    expected = {f"c{number:06}" for number in range(batches * 20)}
    assert expected <= found.keys()
    assert all(call == settled_call(call.id) for call in found.values() if int(call.id[1:]) % 2)
    ledger = file.open("next")
    assert ledger.health().notices == ()
    assert {call.id for call in ledger.settle_lost(START)} == {id for id in found if int(id[1:]) % 2 == 0}
    assert is_whole(file.path)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(file: FilePlace, seed: int):
    some = random.Random(seed).randrange(1, 60)
    with child("children", "be_killed", file.url) as process:
        assert acknowledged(process, some) == some
        process.kill()
        durable = some + acknowledged_after(process, some)
    check_what_is_left(file, durable)


def acknowledged_after(process: subprocess.Popen[str], batches: int) -> int:
    """Batches that were said to be durable between the last that was read and the end."""
    assert process.stdout is not None
    rest = [int(line) for line in process.stdout if line.endswith("\n")]
    assert rest == list(range(batches, batches + len(rest)))
    return len(rest)


@pytest.mark.parametrize("point", list(Point))
@pytest.mark.parametrize("times", [1, 8])
def test_killed_between_two_statements(file: FilePlace, point: Point, times: int):
    with child("children", "die_at", file.url, point, str(times)) as process:
        durable = acknowledged(process)
        assert process.wait() == -9
    assert durable < times
    check_what_is_left(file, durable)


def test_what_was_committed_and_not_said_to_be_is_there_all_the_same(file: FilePlace):
    with child("children", "die_at", file.url, Point.COMMITTED, "1") as process:
        assert acknowledged(process) == 0
    assert list(file.reader().calls(CallQuery()))


def test_a_full_disk_keeps_rows_waiting_and_loses_none_once_there_is_room(file: FilePlace):
    with child("children", "fill_the_disk", file.url) as process:
        assert process.stdout is not None
        full, room = process.stdout.read().splitlines()
        assert process.wait() == 0
    flushed, waiting, problem = full.split(" ", 2)
    assert (flushed, problem) in {("False", "disk I/O error"), ("False", "database or disk is full")}
    assert int(waiting) >= 1
    assert room == "True 0 0 True"
    assert len(list(file.reader().calls(CallQuery()))) == 3001
