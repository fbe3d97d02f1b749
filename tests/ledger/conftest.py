"""Places for a ledger to live in, let go of when the test is over."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.ledger.schema import bring_up_to_date
from tests.ledger.given import FilePlace
from tests.ledger.postgres_given import PostgresPlace, PostgresPlaces
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FilePlace]:
    place = FilePlace(tmp_path)
    yield place
    place.leave()


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """SQLite with the tables of a ledger and nothing in them; what is PostgreSQL's has one of its own."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bring_up_to_date(connection, 0, 1)
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def postgres_places(postgres: PostgresServer) -> Iterator[PostgresPlaces]:
    with postgres.new_place() as url:
        places = PostgresPlaces(postgres, url)
        yield places
        places.leave()


@pytest.fixture
def database(postgres_places: PostgresPlaces) -> Iterator[PostgresPlace]:
    """An empty database, as far as a ledger can see."""
    with postgres_places.place() as place:
        yield place
