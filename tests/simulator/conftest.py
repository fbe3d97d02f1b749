"""One simulator for the tests of a file; tests tell their calls apart by tag."""

from collections.abc import Iterator

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running
