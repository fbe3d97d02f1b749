"""Operations are read while a sidecar writes them and when none runs, a page at a time."""

from pathlib import Path

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.operation_sqlite import SqliteOperationReader
from sidecar.ledger.operations import OperationLedgerReader, OperationQuery
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.given import START, FilePlace
from tests.ledger.operations_given import brought_to, operation


def test_a_reader_sees_what_is_committed_without_the_lock(file: FilePlace):
    ledger = file.open().operations
    reader: OperationLedgerReader = SqliteOperationReader.open(file.url)
    assert list(reader.operations(OperationQuery())) == []
    record = brought_to(ledger, S.ORPHANED)
    assert list(reader.operations(OperationQuery())) == [record]
    assert (reader.operation("o"), reader.moves("o1")) == (record, ledger.moves("o1"))


def test_a_reader_sees_nothing_of_a_move_that_is_not_committed(file: FilePlace):
    seen: list[tuple[S, int]] = []

    def look(_: object) -> None:
        record = reader.operation("o1")
        if record is not None:
            seen.append((record.state, len(reader.moves("o1"))))

    ledger = file.open(signal=look)
    reader = SqliteOperationReader.open(file.url)
    brought_to(ledger.operations, S.RUNNING)
    assert seen == [(S.OPENING, 1), (S.OPENING, 1), (S.OPENING, 1), (S.RUNNING, 2)]


def test_what_comes_while_a_list_is_read_does_not_disturb_it(file: FilePlace):
    ledger = file.open().operations
    for number in range(250):
        ledger.open(operation(f"o{number:03}", opened_at=START + number))
    listed = SqliteOperationReader.open(file.url).operations(OperationQuery())
    first = next(listed)
    ledger.open(operation("new", opened_at=START + 1000))
    assert [first.id, *(record.id for record in listed)] == [f"o{number:03}" for number in reversed(range(250))]


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path):
    with pytest.raises(LedgerError, match=r'does not exist \(--ledger is "sqlite:///'):
        SqliteOperationReader.open(f"sqlite:///{tmp_path}/none.db", named_by="--ledger")
