"""What operations stand on: transactions that are whole, errors of one kind, the server's clock."""

from collections.abc import Callable

import psycopg
import pytest

from sidecar.clock import SECOND, SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.operation_rows import as_record
from sidecar.ledger.operation_statements import moved
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.postgres_operations import PostgresOperations
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from tests.ledger.given import SOON, HandClock
from tests.ledger.operations_given import brought_to, found, operation
from tests.ledger.postgres_given import PostgresPlace

pytestmark = pytest.mark.part("postgresql")

KILL = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'sidecar first'"


def test_the_clock_is_the_servers(database: PostgresPlace):
    ledger = database.open(clock=HandClock())
    assert abs(ledger.operations.now() - SystemClock().now()) < 5 * SECOND


def lapse(operations: PostgresOperations, meanwhile: Callable[[], object]) -> None:
    """A move, with something that happens between the row and the line."""
    with operations._shared.transaction() as execute:
        (row,) = execute(moved(E.LEASE_LAPSED, (), is_fenced=False), {"operation": "o1"})
        meanwhile()
        operations._append(execute, as_record(row), E.LEASE_LAPSED, 5, "")


def fail() -> None:
    raise RuntimeError


def test_a_move_whose_connection_is_killed_before_its_line_is_written_has_not_changed_the_row_either(
    database: PostgresPlace,
):
    operations = database.open().operations
    before = brought_to(operations, S.RUNNING)
    with pytest.raises(LedgerError):
        lapse(operations, lambda: database.execute(KILL))
    assert found(operations) == before
    assert len(operations.moves("o1")) == 2


def test_an_error_of_ours_undoes_the_transaction_and_stays_what_it_is(database: PostgresPlace):
    operations = database.open().operations
    before = brought_to(operations, S.RUNNING)
    with pytest.raises(RuntimeError):
        lapse(operations, fail)
    assert found(operations) == before


def test_an_operation_in_words_of_a_later_version_is_said_to_be_one(database: PostgresPlace):
    operations = database.open().operations
    brought_to(operations, S.RUNNING)
    database.execute("UPDATE operations SET kind = 'dream'")
    with pytest.raises(LedgerError, match=r"holds a row that this sidecar has no words for .*; use a newer one"):
        operations.unsettled()


def test_a_ledger_that_was_closed_refuses(database: PostgresPlace):
    ledger = database.open()
    ledger.close(SOON)
    with pytest.raises(LedgerError, match="is closed"):
        ledger.operations.open(operation())
    with pytest.raises(LedgerError, match="is closed"):
        list(ledger.operations.operations(OperationQuery()))


def test_psycopg_is_what_raises_below(database: PostgresPlace):
    operations = database.open().operations
    database.execute("ALTER TABLE operations ADD CONSTRAINT never CHECK (false)")
    try:
        with pytest.raises(LedgerError) as refused:
            operations.open(operation())
    finally:
        database.execute("ALTER TABLE operations DROP CONSTRAINT never")
    assert isinstance(refused.value.__cause__, psycopg.errors.CheckViolation)
