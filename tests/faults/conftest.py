"""What tests of a family share that plays its faults all at once."""

from collections.abc import Iterator

import pytest

from tests.faults.at_once import Verdicts, played_at_once


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    """Of the module's `FAULTS`, in the short form."""
    with played_at_once(request.module.FAULTS, tmp_path_factory) as played:
        yield played
