"""A row that a start can't do without and can't understand is damage; a settled one is not looked at."""

import sqlite3
from contextlib import closing

import pytest

from sidecar.ledger.legible import illegible_in
from tests.ledger.conformance import put_all
from tests.ledger.given import SOON, FilePlace, open_call, settled_call
from tests.ledger.operations_given import operation


def after(file: FilePlace, statement: str) -> str:
    """What is said of a ledger with two calls and an operation, after that was done to it."""
    ledger = file.open()
    put_all(ledger, open_call("open"), settled_call("settled"))
    ledger.operations.open(operation("o1"))
    assert ledger.close(SOON)
    with closing(sqlite3.connect(file.path)) as connection:
        with connection:
            connection.execute(statement)
        return illegible_in(connection)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE calls SET kind = 'dream' WHERE id = 'open'", "Invalid enum value 'dream'"),
        ("UPDATE calls SET model = CAST(x'ff' AS TEXT) WHERE id = 'open'", "Could not decode to UTF-8"),
        ("UPDATE operations SET state = 'asleep'", "Invalid enum value 'asleep'"),
        ("UPDATE operations SET labels = '{'", "a row can't be understood"),
    ],
)
def test_what_has_not_settled_must_be_understood(file: FilePlace, statement: str, said: str):
    assert said in after(file, statement)


def test_what_has_settled_holds_nobody_up(file: FilePlace):
    assert after(file, "UPDATE calls SET kind = 'dream' WHERE id = 'settled'") == ""


def test_a_file_that_can_not_be_read_is_an_error_and_not_damage():
    with (
        closing(sqlite3.connect(":memory:")) as connection,
        pytest.raises(sqlite3.OperationalError, match="no such table"),
    ):
        illegible_in(connection)


def test_a_start_sets_such_a_file_aside(file: FilePlace):
    after(file, "UPDATE operations SET state = 'asleep'")
    (notice,) = file.open("next").health().notices
    assert "was damaged (a row can't be understood" in notice
