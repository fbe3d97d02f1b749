"""Places for a ledger to live in, let go of when the test is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.given import FilePlace
from tests.ledger.postgres_given import PostgresPlace, PostgresPlaces
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FilePlace]:
    place = FilePlace(tmp_path)
    yield place
    place.leave()


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
