"""A process that is killed while it acts on operations loses nothing that was durable, and leaves no half a move."""

import random
import subprocess

import pytest

from sidecar.ledger.file import Point
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.crashing import child, is_whole
from tests.ledger.given import FilePlace

LIFE = (S.OPENING, S.RUNNING, S.ORPHANED, S.RUNNING, S.CANCELLING, S.CANCELLED)
"""States that each operation of the child passes through; it settles after the last."""
ACTS = len(LIFE) + 1


def acknowledged(process: subprocess.Popen[str], acts: int | None = None) -> int:
    """How many acts were said to be durable; reads until so many were, or to the end."""
    assert process.stdout is not None
    number = 0
    for line in process.stdout:
        number = int(line) if line.endswith("\n") else number
        if number == acts:
            break
    return number


def check_what_is_left(file: FilePlace, acts: int) -> None:
    """Every act that was said to be durable is there, at most one more, and each row agrees with its history."""
    ledger = file.open("next")
    assert ledger.health().notices == ()
    records = list(ledger.operations.operations(OperationQuery()))
    done = 0
    for record in records:
        lines = ledger.operations.moves(record.id)
        assert [line.state for line in lines] == list(LIFE[: len(lines)])
        assert record.state is lines[-1].state
        assert (record.provider_id is None) == (len(lines) == 1)
        assert (record.outcome is not None) == (record.spend_usd is not None)
        done += len(lines) + (record.settled_at is not None)
    assert acts <= done <= acts + 1
    unsettled = [record.id for record in records if record.settled_at is None]
    assert [record.id for record in ledger.operations.take_over(10)] == unsettled
    assert is_whole(file.path)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_any_moment(file: FilePlace, seed: int):
    some = random.Random(seed).randrange(1, 100)
    with child("operation_children", "be_killed", file.url) as process:
        assert acknowledged(process, some) == some
        process.kill()
        rest = acknowledged(process)
    check_what_is_left(file, max(some, rest))


@pytest.mark.parametrize("point", list(Point))
@pytest.mark.parametrize("times", range(1, ACTS + 2))
def test_killed_between_two_statements(file: FilePlace, point: Point, times: int):
    with child("operation_children", "die_at", file.url, point, str(times)) as process:
        durable = acknowledged(process)
        assert process.wait() == -9
    assert durable == times - 1
    check_what_is_left(file, durable)
