"""A real Prometheus scrapes the sidecar, and its `increase()` of orphaned spend is the truth."""

import time
import uuid
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.callers import Client, Nursery
from tests.end_to_end.prometheus import Target, configuration, running_prometheus
from tests.end_to_end.rig import RunningSidecar, running_sidecar, usd

pytestmark = pytest.mark.part("prometheus")

SCRAPE_SECONDS = 0.2


def _orphan_one(simulator: RunningSimulator, sidecar: RunningSidecar, nursery: Nursery) -> Decimal:
    """Kill a caller in the middle of its call; what its answer cost."""
    name = uuid.uuid4().hex
    client = Client("gemini", "sync")
    with nursery.caller(
        client, f"{sidecar.proxy}/gemini", name, "seconds=1 prompt=100000 output=50000", "unary"
    ) as caller:
        simulator.reached(name, Milestone.RECEIVED)
        caller.kill()
        return usd(sidecar.row(name), "orphaned_usd")


def test_increase_of_orphaned_spend_is_the_truth(tmp_path: Path, nursery: Nursery) -> None:
    spend = 'inference_sidecar_spend_usd_total{fate="orphaned",basis="exact"}'
    with (
        running_simulator() as simulator,
        running_sidecar(tmp_path, simulator) as sidecar,
        running_prometheus(tmp_path, configuration([Target(sidecar.observe)], SCRAPE_SECONDS)) as prometheus,
    ):
        prometheus.wait_for("sum(up)", least=1)
        began = time.monotonic()
        orphaned = sum((_orphan_one(simulator, sidecar, nursery) for _ in range(4)), Decimal(0))
        prometheus.wait_for(f"sum({spend})", least=float(orphaned) - 1e-9)
        # increase() extrapolates by up to half an interval at the edges of what it has seen; max - min does not
        window = f"{int(time.monotonic() - began) + 30}s"
        increased = prometheus.value(f"sum(increase({spend}[{window}]))")
        raw = prometheus.value(f"sum(max_over_time({spend}[{window}]) - min_over_time({spend}[{window}]))")
    print(f"orphaned {orphaned} USD; increase() says {increased}, max - min {raw}")
    assert raw == pytest.approx(float(orphaned), abs=1e-9)
    assert increased == pytest.approx(float(orphaned), rel=0.1)
