"""One simulator and one sidecar for all tests of this folder that do not need one of their own."""

from collections.abc import Iterator

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.callers import Nursery
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.postgres import postgres as postgres


@pytest.fixture(scope="session")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


@pytest.fixture(scope="session")
def sidecar(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with running_sidecar(tmp_path_factory.mktemp("sidecar"), simulator) as running:
        yield running


@pytest.fixture(scope="session")
def nursery() -> Nursery:
    return Nursery()
