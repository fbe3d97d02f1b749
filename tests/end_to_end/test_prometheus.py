"""A real Prometheus scrapes the sidecar, and its `increase()` of orphaned spend is the truth."""

import json
import subprocess
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.callers import Client, Nursery
from tests.end_to_end.rig import RunningSidecar, running_sidecar, usd

pytestmark = pytest.mark.part("prometheus")

PATIENCE_SECONDS = 60.0
CONFIGURATION = """
global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs:
  - job_name: inference-sidecar
    static_configs: [{targets: ["%s"]}]
"""


class Prometheus:
    """A server of its own, on a free port, with what it has scraped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def value(self, query: str) -> float | None:
        """The single value of an instant query; None when there is none yet."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(address, timeout=10) as reply:
            result = json.load(reply)["data"]["result"]
        return float(result[0]["value"][1]) if result else None

    def wait_for(self, query: str, least: float) -> float:
        """The value of a query once it is at least this."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                value = self.value(query)
            except OSError:
                value = None  # it is still starting
            if value is not None and value >= least:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{query} did not come to {least}")


@contextmanager
def running_prometheus(directory: Path, target: str) -> Iterator[Prometheus]:
    (directory / "prometheus.yml").write_text(CONFIGURATION % target.removeprefix("http://"))
    port = _free_port()
    command = [
        "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


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
        running_prometheus(tmp_path, sidecar.observe) as prometheus,
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
