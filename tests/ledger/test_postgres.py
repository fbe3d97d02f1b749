"""The ledger in PostgreSQL keeps every promise, beside others who share it."""

import pytest

from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.postgres import PostgresLedger
from tests.ledger.conformance import (
    LostPromises,
    Places,
    ReadingPromises,
    WritingPromises,
    put_all,
)
from tests.ledger.given import SOON, START, open_call, settled_call
from tests.ledger.operations_given import found, operation
from tests.ledger.postgres_given import PostgresPlace, PostgresPlaces
from tests.ledger.timeouts_conformance import TimeoutPromises
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")


class InPostgres:
    @pytest.fixture
    def places(self, postgres_places: PostgresPlaces) -> Places:
        return postgres_places.place


class TestWriting(InPostgres, WritingPromises):
    pass


class TestLost(InPostgres, LostPromises):
    pass


class TestReading(InPostgres, ReadingPromises):
    pass


class TestTimeouts(InPostgres, TimeoutPromises):
    pass


def ids(place: PostgresPlace) -> list[str]:
    return sorted(call.id for call in place.reader().calls(CallQuery()))


def test_many_rows_make_few_commits(database: PostgresPlace):
    ledger = database.open()
    put_all(ledger, *[open_call(f"c{number}") for number in range(5000)])
    health = ledger.health()
    assert health.rows_written == 5000
    assert health.commits < 500


def test_several_sidecars_write_one_ledger(database: PostgresPlace):
    one, two = database.open("one"), database.open("two")
    put_all(one, open_call("a"))
    put_all(two, settled_call("b"))
    assert ids(database) == ["a", "b"]
    assert two.settle_lost(START) == []


def test_calls_and_operations_past_the_retention_are_swept_away(database: PostgresPlace):
    database.open("earlier").operations.open(operation("unsettled"))
    put_all(database.open("first"), settled_call("old"), open_call("open"))
    ledger = database.open("second", retention_days=1)
    assert ledger.flush(SOON)
    assert ids(database) == ["open"]
    assert ledger.health().rows_expired == 1
    assert found(ledger.operations, "unsettled").id == "unsettled"


def test_a_row_that_no_ledger_could_take_is_dropped_and_counted(database: PostgresPlace):
    ledger = database.open()
    put_all(ledger, open_call("a"), open_call("b", model="\ud800"))
    health = ledger.health()
    assert (health.rows_written, health.rows_dropped, health.errors) == (1, 1, {"row": 1})


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"user": "guarded", "password": "hunter2"}, 'password authentication failed for user "guarded"; look whether'),
        ({"database": "none"}, 'database "none" does not exist; look whether the server runs'),
        ({"user": "nobody"}, 'role "nobody" does not exist'),
        ({"schema": "none"}, "no schema has been selected to create in; create the schema that the search path names"),
    ],
)
def test_a_ledger_that_can_not_be_opened_says_why_and_what_to_do(
    postgres: PostgresServer, asked: dict[str, str], problem: str
):
    with pytest.raises(LedgerError) as refused:
        PostgresLedger.open(postgres.url(**asked), clock=SystemClock(), instance="one")
    assert problem in str(refused.value)
    assert not any(secret in str(refused.value) for secret in ("hunter2", "s3cret"))


def test_a_server_that_is_not_there_is_an_error_at_the_start():
    with pytest.raises(LedgerError, match=r"ledger postgresql:///nowhere/l: .* look whether the server runs"):
        PostgresLedger.open("postgresql:///l?host=/nowhere", clock=SystemClock(), instance="one")
