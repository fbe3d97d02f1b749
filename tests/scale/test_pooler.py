"""Behind PgBouncer in transaction mode, where no two statements need come to the same session, a ledger keeps its promises."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from decimal import Decimal

import pytest

from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.postgres import PostgresLedger
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_operations import PostgresOperationReader
from sidecar.ledger.postgres_reader import PostgresReader
from sidecar.ledger.postgres_repricing import write
from sidecar.ledger.statements import MONEY_COLUMNS
from sidecar.lifecycle.operation import OperationState as S
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import SOON, settled_call
from tests.ledger.operations_given import brought_to, operation
from tests.postgres import PostgresServer, postgres
from tests.scale.pooler import Pooler, running_pooler

__all__ = ["postgres"]

pytestmark = [pytest.mark.part("postgresql"), pytest.mark.part("pgbouncer")]

SIDECARS = 12


@pytest.fixture(scope="module")
def pooler(postgres: PostgresServer) -> Iterator[Pooler]:
    with running_pooler(postgres, size=2) as pooler:
        yield pooler


@contextmanager
def sidecars(pooler: Pooler, letter: str) -> Iterator[list[PostgresLedger]]:
    """Ledgers of so many sidecars, all by the pooler; closed at the end."""
    with ExitStack() as stack:
        opened = [
            PostgresLedger.open(pooler.url, clock=SystemClock(), instance=f"{letter}{number:02}")
            for number in range(SIDECARS)
        ]
        for ledger in opened:
            stack.callback(ledger.close, SOON)
        yield opened


def test_many_sidecars_by_two_sessions__each_does_all_that_it_does(pooler: Pooler):
    with sidecars(pooler, "a") as ledgers:

        def live(number: int) -> str:
            ledger = ledgers[number]
            record = brought_to(ledger.operations, S.CANCELLING, f"o{number:02}")
            assert ledger.operations.note(record.id, 1, {"looks": 1})
            ledger.put(settled_call(f"c{number:02}"))
            assert ledger.flush(SOON)
            assert ledger.operations.take_over(10, 1) == []
            return ledger.operations.unsettled()[0].id

        with ThreadPoolExecutor(SIDECARS) as threads:
            done = list(threads.map(live, range(SIDECARS)))
        assert done == [f"o{number:02}" for number in range(SIDECARS)]
        assert pooler.sessions() <= 2
        assert pooler.clients() >= 2 * SIDECARS


def test_a_report_takes_nobodys_right_to_write(pooler: Pooler):
    """A session that was made read-only for a reader is a writer's next."""
    with sidecars(pooler, "b") as ledgers:
        reader = PostgresReader.open(pooler.url)
        for turn, ledger in enumerate(ledgers):
            list(reader.calls(CallQuery()))
            list(PostgresOperationReader.open(pooler.url).operations(OperationQuery()))
            reader.bill(CallQuery(), By.MODEL)
            ledger.operations.open(operation(f"r{turn:02}"))


def test_what_one_reads_nobody_can_change(pooler: Pooler):
    reader = PostgresReader.open(pooler.url)
    with pytest.raises(LedgerError, match="read-only"), reader._connection() as connection, connection.transaction():
        connection.execute("DELETE FROM calls")


def test_what_the_dead_left_is_taken_over_by_one(pooler: Pooler):
    with sidecars(pooler, "d") as ledgers:
        for number in range(20):
            brought_to(ledgers[0].operations, S.RUNNING, f"d{number:02}")
        assert ledgers[0].close(SOON)
        heirs = [ledger.operations for ledger in ledgers[1:]]
        with ThreadPoolExecutor(len(heirs)) as threads:
            taken = list(threads.map(lambda heir: [each.id for each in heir.take_over(7)], heirs))
        ids = [id for some in taken for id in some if id.startswith("d")]
        assert sorted(ids) == sorted(set(ids))


def test_rows_are_repriced_in_one_go(pooler: Pooler):
    """All changes are sent before the first is answered, which a pooler has to keep apart."""
    with sidecars(pooler, "p") as ledgers:
        for number in range(8):
            ledgers[0].put(settled_call(f"p{number}"))
        assert ledgers[0].flush(SOON)
        calls = [call for call in PostgresReader.open(pooler.url).calls(CallQuery()) if call.id.startswith("p")]
        changes = [changed(call, Decimal(2)) for call in calls]
        assert write(postgres_address(pooler.url), changes) == [True] * 8
        assert write(postgres_address(pooler.url), changes) == [False] * 8


def changed(call: CallRecord, spend_usd: Decimal) -> dict[str, str | None]:
    """The parameters of `reprice_call`: another spend, and all else as it was read."""
    now = {name: as_text(getattr(call, name)) for name in MONEY_COLUMNS}
    new = now | {"spend_usd": str(spend_usd)}
    was, becomes = ({f"{when}_{name}": text for name, text in of.items()} for when, of in (("was", now), ("new", new)))
    return {"call": call.id, **was, **becomes}


def as_text(value: object) -> str | None:
    return None if value is None else str(value)
