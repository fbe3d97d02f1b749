"""Operations that have not settled go along to another file, with their histories."""

import sqlite3
from pathlib import Path

from sidecar.ledger.carrying import number_of, put_down, unsettled_in
from sidecar.ledger.opening import open_to_write
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationEvent as E
from tests.ledger.given import SOON, START, FilePlace
from tests.ledger.operations_given import operation, settled


def filled(file: FilePlace) -> sqlite3.Connection:
    """One operation that runs and one that has settled, and the file they are in."""
    ledger = file.open()
    settled(ledger.operations, "over")
    ledger.operations.open(operation("runs"))
    ledger.operations.move("runs", E.ACCEPTED, {"provider_id": "resp_1"})
    assert ledger.close(SOON)
    return sqlite3.connect(file.path)


def test_unsettled_ones_are_put_down_as_they_were(file: FilePlace, tmp_path: Path):
    source = filled(file)
    carried = unsettled_in(source)
    source.close()
    other = FilePlace(tmp_path / "other")
    other.open()
    other.leave()
    target = open_to_write(other.path, START).connection
    put_down(target, carried)
    target.close()
    assert number_of(carried) == 1
    there, here = other.open("second").operations, file.open("second").operations
    assert [found.id for found in there.operations(OperationQuery())] == ["runs"]
    assert there.operation("runs") == here.operation("runs")
    assert there.moves("runs") == here.moves("runs")
    other.leave()


def test_an_older_copy_of_an_operation_makes_way(file: FilePlace):
    source = filled(file)
    carried = unsettled_in(source)
    with source:
        source.execute("UPDATE operations SET state = 'opening' WHERE id = 'runs'")
    put_down(source, carried)
    assert source.execute("SELECT state FROM operations WHERE id = 'runs'").fetchall() == [("running",)]
    source.close()


def test_nothing_to_carry_writes_nothing():
    connection = sqlite3.connect(":memory:")
    put_down(connection, {})
    assert (number_of({}), connection.total_changes) == (0, 0)
    connection.close()
