"""One simulator and one sidecar for all tests of this folder that do not need one of their own; which of them run alone."""

from collections.abc import Iterator

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.callers import Nursery
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.end_to_end.websocket_road import socket_road as socket_road
from tests.postgres import postgres as postgres

ALONE = frozenset({
    "test_dashboards_live", "test_departures", "test_fifty_kills", "test_five_thousand_calls", "test_many_rescues", "test_page",
    "test_page_people", "test_pod_crashes", "test_pod_life", "test_rescue", "test_run", "test_run_alone",
    "test_shared_ledger",
})  # fmt: skip
"""Files whose scenes fill the machine, or are measured by seconds: each has it for itself. The rest runs beside all tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in ALONE and item.path.parent.name == "end_to_end":
            item.add_marker(pytest.mark.alone)


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
