"""Connections are few, are used again, and a broken one is nobody's."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger import postgres_pool
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_pool import Connections
from tests.ledger.given import HandClock
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")


@pytest.fixture
def connections(postgres: PostgresServer) -> Iterator[Connections]:
    connections = Connections(postgres_address(postgres.url()), "test", most=1)
    yield connections
    connections.close()


def backend(connection: Connection) -> int:
    return connection.info.backend_pid


def end(postgres: PostgresServer, pid: int) -> None:
    with postgres.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_is_used_again(connections: Connections):
    with connections.one() as first:
        pass
    with connections.one() as second:
        assert second is first


def test_one_that_the_server_ended_meanwhile_is_replaced_without_anybody_noticing(
    connections: Connections, postgres: PostgresServer
):
    with connections.one() as first:
        pid = backend(first)
    end(postgres, pid)
    with connections.transaction() as second:
        assert second.execute("SELECT 1").fetchall() == [(1,)]


def test_one_that_breaks_in_use_is_an_error_and_not_given_out_again(connections: Connections):
    with pytest.raises(psycopg.OperationalError), connections.transaction() as first:
        first.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert first.closed
    with connections.one() as second:
        assert second.execute("SELECT 1").fetchall() == [(1,)]


def test_one_whose_server_was_made_a_standby_under_it_is_not_given_out_again(connections: Connections):
    with connections.one() as first:
        first.execute("SET default_transaction_read_only = on")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connections.one() as first:
        first.execute("CREATE TABLE notes (text TEXT)")
    assert first.closed
    with connections.transaction() as second:
        second.execute("CREATE TEMP TABLE notes (text TEXT)")


def test_a_transaction_that_is_left_by_an_error_has_changed_nothing(connections: Connections):
    with connections.one() as connection:
        connection.execute("CREATE TEMP TABLE notes (text TEXT)")
    with pytest.raises(psycopg.DataError), connections.transaction() as connection:
        connection.execute("INSERT INTO notes VALUES ('a'); SELECT 1 / 0")
    with connections.one() as connection:
        assert connection.execute("SELECT * FROM notes").fetchall() == []


def test_whoever_finds_all_in_use_waits_for_his_turn(connections: Connections):
    seen = []

    def ask() -> None:
        with connections.one() as connection:
            seen.append(connection)

    with connections.one() as first:
        other = threading.Thread(target=ask)
        other.start()
        assert seen == []
    other.join()
    assert seen == [first]


def test_whoever_waits_too_long_is_told_so(connections: Connections, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(postgres_pool, "STATEMENT_SECONDS", 0.01)
    with connections.one(), pytest.raises(LedgerError, match="too slow: every connection"), connections.one():
        pass


def test_after_the_end_there_are_none__and_those_in_use_are_closed_when_they_come_back(connections: Connections):
    with connections.one() as connection:
        connections.close()
        connection.execute("SELECT 1")
    assert connection.closed
    with pytest.raises(LedgerError, match="is closed"), connections.one():
        pass


def test_what_nobody_wanted_for_a_minute_is_closed_when_another_is_given_back(postgres: PostgresServer):
    clock = HandClock()
    several = Connections(postgres_address(postgres.url()), "test", clock=clock)
    with several.one() as often, several.one() as once:
        pass  # a burst: both are wanted
    for _ in range(7):
        clock.at += int(10 * SECOND)
        with several.one() as again:
            assert again is often
    assert (often.closed, once.closed) == (False, True)
    several.close()
    assert often.closed
