"""One simulator for the tests of a file; tests tell their calls apart by tag."""

from collections.abc import Iterator

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.certificates import Certificate, certificate_in


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate_in(tmp_path_factory.mktemp("certificate"))
