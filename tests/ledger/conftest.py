"""A file for a ledger to live in, let go of when the test is over."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ledger.given import FilePlace


@pytest.fixture
def file(tmp_path: Path) -> Iterator[FilePlace]:
    place = FilePlace(tmp_path)
    yield place
    place.leave()
