"""Each thing that is done to operations is one transaction: whole, or not at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.file import Point
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_rows import as_row
from sidecar.ledger.operation_sql import expire
from sidecar.ledger.operation_sqlite import SqliteOperations
from sidecar.ledger.operation_statements import EXPIRE_ROWS, OPEN_OPERATION
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from tests.ledger.given import START, Signals
from tests.ledger.operations_given import END, FileOperationPlace, brought_to, operation, settled

LATER = START + 3600 * SECOND
ONE_TRANSACTION = {Point.BEGUN: 1, Point.CHANGED: 1, Point.COMMITTED: 1}


@pytest.fixture
def signals() -> Signals:
    return Signals()


@pytest.fixture
def place(tmp_path: Path, signals: Signals) -> Iterator[FileOperationPlace]:
    place = FileOperationPlace(tmp_path, signals)
    yield place
    place.file.close()


@pytest.fixture
def ledger(place: FileOperationPlace) -> SqliteOperations:
    return place.open()


ACTS: dict[str, tuple[S, Callable[[SqliteOperations], object]]] = {
    "open": (S.RUNNING, lambda ledger: ledger.open(operation("new"))),
    "move": (S.RUNNING, lambda ledger: ledger.move("o1", E.LEASE_LAPSED, {"lapsed_at": 1}, fence=1)),
    "note": (S.RUNNING, lambda ledger: ledger.note("o1", 1, {"looks": 1})),
    "renew": (S.ORPHANED, lambda ledger: ledger.renew("openai", "resp_o1", {"renewed_at": LATER})),
    "renew_all": (S.ORPHANED, lambda ledger: ledger.renew_all(["o1"], LATER)),
    "settle": (S.SUCCEEDED, lambda ledger: ledger.settle("o1", 1, END)),
}


def all_there_is(ledger: SqliteOperations) -> list[Any]:
    return [(record, ledger.moves(record.id)) for record in ledger.operations(OperationQuery())]


@pytest.mark.parametrize("name", ACTS)
def test_every_act_is_one_transaction(ledger: SqliteOperations, signals: Signals, name: str):
    state, act = ACTS[name]
    brought_to(ledger, state)
    signals.heard.clear()
    act(ledger)
    assert signals.heard == ONE_TRANSACTION


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_fails_changes_nothing_and_says_so(ledger: SqliteOperations, signals: Signals, name: str):
    state, act = ACTS[name]
    brought_to(ledger, state)
    before = all_there_is(ledger)
    with failing(signals), pytest.raises(LedgerError, match="input/output error"):
        act(ledger)
    assert all_there_is(ledger) == before


@contextmanager
def failing(signals: Signals) -> Iterator[None]:
    signals.error = OSError(5, "Input/output error")
    yield
    signals.error = None


def test_taking_over_that_fails_changes_nothing(place: FileOperationPlace, signals: Signals):
    brought_to(place.open("dead"), S.RUNNING)
    with failing(signals), pytest.raises(LedgerError):
        place.open("heir").take_over(10)
    assert [record.fence for record in place.open("heir").take_over(10)] == [2]


def test_an_operation_settles_at_the_moment_of_the_ledgers_clock(place: FileOperationPlace, ledger: SqliteOperations):
    place.clock.at = LATER
    assert settled(ledger).settled_at == LATER == ledger.now()
    assert ledger.moves("o1")[-1].at == LATER


def expired(place: FileOperationPlace, before: int) -> int:
    with place.file.transaction() as connection:
        return expire(executing(connection), before)


def test_only_settled_operations_past_the_moment_expire_and_their_history_with_them(
    place: FileOperationPlace, ledger: SqliteOperations
):
    settled(ledger, "old", settled_at=START)
    settled(ledger, "settled late", settled_at=START + DAY)
    settled(ledger, "young", opened_at=START + DAY, settled_at=START + DAY)
    brought_to(ledger, S.SUCCEEDED, "unsettled")
    assert expired(place, START + DAY) == 1
    left = ["young", "unsettled", "settled late"]
    assert [record.id for record in ledger.operations(OperationQuery())] == left
    assert [len(ledger.moves(id)) for id in ("old", *left)] == [0, 3, 3, 3]


def test_operations_expire_in_chunks_oldest_first(place: FileOperationPlace, ledger: SqliteOperations):
    with place.file.transaction() as connection:
        execute = executing(connection)
        for number in range(EXPIRE_ROWS + 70):
            old = operation(f"o{number:03}", opened_at=START + number, settled_at=START + number)
            execute(OPEN_OPERATION, {f"new_{name}": value for name, value in as_row(old).items()})
    assert expired(place, START + DAY) == EXPIRE_ROWS
    assert min(record.id for record in ledger.operations(OperationQuery())) == f"o{EXPIRE_ROWS:03}"
    assert [expired(place, START + DAY), expired(place, START + DAY)] == [70, 0]
