"""An address of a database is taken apart as libpq would, and no error says anything of what stands in it."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import PostgresAddress, postgres_address


@pytest.mark.parametrize(
    ("url", "parameters", "shown"),
    [
        (
            "postgresql://me:p%40ss%2Fw@db.example:5433/ledger?sslmode=require",
            {"user": "me", "password": "p@ss/w", "host": "db.example", "port": "5433", "dbname": "ledger", "sslmode": "require"},
            "postgresql://db.example:5433/ledger",
        ),
        ("postgres://db/ledger", {"host": "db", "dbname": "ledger"}, "postgresql://db/ledger"),
        ("postgresql://", {}, "postgresql:///"),
        (
            "postgresql://[2001:db8::1]:5432/l",
            {"host": "2001:db8::1", "port": "5432", "dbname": "l"},
            "postgresql://[2001:db8::1]:5432/l",
        ),
        ("postgresql://a:1,b:2/l", {"host": "a,b", "port": "1,2", "dbname": "l"}, "postgresql://a:1,b:2/l"),
        ("postgresql://a,b/l", {"host": "a,b", "dbname": "l"}, "postgresql://a,b/l"),
        ("postgresql://me@%2Frun%2Fpg/l", {"user": "me", "host": "/run/pg", "dbname": "l"}, "postgresql://%2Frun%2Fpg/l"),
        (
            "postgresql:///l?host=/run/pg&password=a+b%25",
            {"dbname": "l", "host": "/run/pg", "password": "a+b%"},
            "postgresql:///run/pg/l",
        ),
        ("postgresql://:secret@db/l", {"password": "secret", "host": "db", "dbname": "l"}, "postgresql://db/l"),
    ],
)  # fmt: skip
def test_an_address_is_taken_apart(url: str, parameters: dict[str, Any], shown: str):
    address = postgres_address(url)
    assert (dict(address.parameters), address.shown) == (parameters, shown)


def test_no_text_of_an_address_shows_user_or_password():
    address = postgres_address("postgresql://me:hunter2@db/l?sslpassword=hunter3")
    for text in (str(address), repr(address), f"{address}", repr([address])):
        assert text.strip("[]") == "PostgresAddress(postgresql://db/l)"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql:db", "is not a PostgreSQL address; write postgresql://user:password@host:5432/database"),
        ("mysql://hunter2@db/l", "is not a PostgreSQL address"),
        ("postgresql://me:hunter2@x@db/l", "has more than one @; in a user name or a password write %40 for @"),
        ("postgresql://me:hunter2/x@db/l", "has an @ or a / behind its host"),
        ("postgresql://me:hunter2#@db/l", "holds a # or a % that stands for itself, or an unprintable character"),
        ("postgresql://me:hunter2%@db/l", "holds a # or a %"),
        ("postgresql://me:hunter2\n@db/l", "holds a # or a %"),
        ("postgresql://me:hunter2?x@db/l", "has a host or a port that can't be one"),
        ("postgresql://me:2?hunter2@db/l", "has something behind the ? that is not a parameter of libpq's"),
        ("postgresql://db/l?hunter2=1", "has something behind the ?"),
        ("postgresql://db/l?client_encoding=latin1", "or is one that is ours to set"),
        ("postgresql://db:hunter2/l", "has a host or a port that can't be one"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_of_the_address_repeated(url: str, problem: str):
    with pytest.raises(LedgerError) as refused:
        postgres_address(url)
    assert problem in str(refused.value)
    assert "hunter2" not in str(refused.value)


@given(password=st.text(min_size=8).map(lambda text: f"{text}%zz\N{SNOWMAN}"))
def test_a_password_that_is_not_encoded_is_never_shown(password: str):
    """Its end stands in no sentence of ours by chance."""
    try:
        shown = str(postgres_address(f"postgresql://me:{password}@db.example/ledger"))
    except LedgerError as refused:
        shown = str(refused).partition(";")[0]
    assert "\N{SNOWMAN}" not in shown


def test_addresses_of_one_place_are_equal():
    assert postgres_address("postgres://db/l") == PostgresAddress("postgresql://db/l", {"host": "db", "dbname": "l"})
