"""No wait on a connection is without end."""

import os
import signal
from collections.abc import Iterator

import psycopg
import pytest

from sidecar.ledger import postgres_connection
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection, connect, is_usable
from tests.postgres import PASSWORD, PostgresServer

pytestmark = pytest.mark.part("postgresql")


@pytest.fixture
def connection(postgres: PostgresServer) -> Iterator[Connection]:
    connection = connect(postgres_address(postgres.url()), "test")
    yield connection
    connection.close()


def shown(connection: Connection, setting: str) -> object:
    ((value,),) = connection.execute(f"SHOW {setting}".encode()).fetchall()
    return value


def test_the_server_is_told_our_bounds_and_our_name(connection: Connection):
    settings = ("statement_timeout", "idle_in_transaction_session_timeout", "application_name", "client_encoding")
    assert [shown(connection, setting) for setting in settings] == ["10s", "10s", "test", "UTF8"]


def test_a_statement_that_takes_too_long_is_ended_by_the_server(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(postgres_connection._SETTINGS, "statement_timeout", "20ms")
    connection = connect(postgres_address(postgres.url()), "test")
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("SELECT pg_sleep(30)")
    connection.close()


def test_a_server_that_says_nothing_is_given_up__and_its_late_answer_is_nobodys(connection: Connection):
    connection.answer_seconds = 0.2
    backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(psycopg.OperationalError), connection.transaction():
            connection.execute("SELECT 1")
    finally:
        os.kill(backend, signal.SIGCONT)
    assert connection.closed
    assert not is_usable(connection)


def test_a_connection_that_the_server_ended_is_not_used_again(connection: Connection, postgres: PostgresServer):
    assert is_usable(connection)
    with postgres.connect() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])
    assert not is_usable(connection)


def test_whoever_only_reads_can_not_write(postgres: PostgresServer):
    connection = connect(postgres_address(postgres.url()), "test", to_write=False)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.transaction():
        connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()


def test_whoever_only_reads_leaves_nothing_in_the_session__which_a_pooler_gives_to_a_writer(postgres: PostgresServer):
    connection = connect(postgres_address(postgres.url()), "test", to_write=False)
    assert connection.execute("SHOW default_transaction_read_only").fetchone() == ("off",)
    connection.close()


def test_every_character_of_a_password_comes_through(postgres: PostgresServer):
    connect(postgres_address(postgres.url(user="guarded", password=PASSWORD)), "test").close()


def test_a_wrong_password_is_refused(postgres: PostgresServer):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        connect(postgres_address(postgres.url(user="guarded", password="wrong")), "test")
