"""A failure is one sentence with advice, and holds neither a row nor a password."""

import psycopg
import pytest
from msgspec import ValidationError

from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import connect
from sidecar.ledger.postgres_trouble import as_ledger_error, told
from tests.postgres import PostgresServer

ADDRESS = postgres_address("postgresql://me:hunter2@db/l")


def test_a_ledger_error_stays_what_it_is():
    error = LedgerError("x", "y")
    assert as_ledger_error(ADDRESS, error) is error


def test_a_password_that_an_error_repeats_is_taken_out():
    error = psycopg.OperationalError("connection failed: no host hunter2\n\tat all.")
    assert str(as_ledger_error(ADDRESS, error)) == (
        "ledger postgresql://db/l: no host *** at all; "
        "look whether the server runs and can be reached, and at user, password and database in ledger.url"
    )


def test_a_row_without_words_is_said_to_be_one():
    error = as_ledger_error(ADDRESS, ValidationError("Invalid enum value 'dream'"))
    assert error.problem == "holds a row that this sidecar has no words for (Invalid enum value 'dream')"


def test_an_error_without_words_is_named_by_its_class():
    assert as_ledger_error(ADDRESS, TimeoutError()).problem == "TimeoutError"


def test_nothing_is_told_where_nothing_happens():
    with told(ADDRESS):
        pass


@pytest.mark.part("postgresql")
@pytest.mark.parametrize(
    ("statement", "problem", "advice"),
    [
        ("CREATE TABLE pg_catalog.notes ()", "permission denied", "GRANT USAGE, CREATE ON SCHEMA"),
        ("SET statement_timeout = 1; SELECT pg_sleep(9)", "canceling statement due to statement timeout", "look at its load"),
        ("SELECT 'not a number'::int", "invalid input syntax for type integer", ""),
    ],
)  # fmt: skip
def test_what_the_server_says_comes_with_advice(postgres: PostgresServer, statement: str, problem: str, advice: str):
    with connect(postgres_address(postgres.url()), "test") as connection:
        with pytest.raises(LedgerError) as failed, told(ADDRESS):
            connection.execute(statement.encode())
        connection.rollback()
    assert problem in failed.value.problem
    assert advice in failed.value.advice


@pytest.mark.part("postgresql")
def test_of_an_error_about_a_row_the_row_is_not_shown(postgres: PostgresServer):
    with connect(postgres_address(postgres.url()), "test") as connection:
        with pytest.raises(LedgerError) as failed, told(ADDRESS):
            connection.execute("CREATE TEMP TABLE t (a TEXT CHECK (a = '')); INSERT INTO t VALUES ('hush')")
        connection.rollback()
    assert "hush" not in str(failed.value)
