"""While the server is away rows wait, nothing else does, and nothing is lost when it is back."""

import time
from collections.abc import Iterator

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger.contract import CallQuery
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, open_call, settled_call
from tests.ledger.operations_given import brought_to, found
from tests.ledger.postgres_given import PostgresPlace
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.remove()


@pytest.fixture
def place(server: PostgresServer) -> Iterator[PostgresPlace]:
    with server.new_place() as url:
        place = PostgresPlace(server, url)
        yield place
        place.leave()


@pytest.mark.parametrize("ends", ["stop", "kill"])
def test_rows_wait_and_arrive_when_it_is_back(
    server: PostgresServer, place: PostgresPlace, ends: str, capfd: pytest.CaptureFixture[str]
):
    ledger = place.open()
    put_all(ledger, open_call("a"))
    getattr(server, ends)()
    began = time.monotonic()
    for record in (settled_call("a"), open_call("b")):
        ledger.put(record)
    assert time.monotonic() - began < 0.1
    assert not ledger.flush(0.5)
    health = ledger.health()
    assert (health.rows_waiting, health.rows_written) == (2, 1)
    assert "look whether the server runs" in health.problem
    server.start()
    assert ledger.flush(SOON)
    assert [(call.id, call.outcome) for call in place.reader().calls(CallQuery())] == [
        ("b", None),
        ("a", "delivered"),
    ]
    assert (ledger.health().rows_waiting, ledger.health().problem) == (0, "")
    assert capfd.readouterr() == ("", "")  # the log is not psycopg's


def test_past_the_bound_open_rows_are_dropped_and_counted(server: PostgresServer, place: PostgresPlace):
    ledger = place.open(most_rows_waiting=2)
    server.stop()
    for record in (open_call("a"), settled_call("b"), open_call("c"), settled_call("d")):
        ledger.put(record)
    assert not ledger.flush(0.2)
    server.start()
    assert ledger.flush(SOON)
    found = sorted(call.id for call in place.reader().calls(CallQuery()))
    assert (found, ledger.health().rows_dropped) == (["b", "d"], 2)


def test_operations_are_errors_meanwhile_and_go_on_afterwards(server: PostgresServer, place: PostgresPlace):
    operations = place.open().operations
    before = brought_to(operations, S.RUNNING)
    server.stop()
    with pytest.raises(LedgerError, match="look whether the server runs"):
        operations.note("o1", 1, {"looks": 1})
    assert operations.now() > 0
    server.start()
    assert found(operations) == before


def test_closing_while_it_is_away_says_what_was_left(server: PostgresServer, place: PostgresPlace):
    ledger = place.open()
    server.stop()
    ledger.put(open_call())
    assert ledger.close(SOON) is False
    server.start()
