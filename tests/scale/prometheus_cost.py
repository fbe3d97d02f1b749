"""What a real Prometheus takes for a target that serves a sidecar's page: memory, processors' time, samples."""

import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.prometheus import Prometheus, Target, configuration, running_prometheus
from tests.scale.pages import Page, Seen, busy_sidecar, page_of, see
from tests.scale.responder import responding

SCRAPE_SECONDS: Final = 5.0
FEW, MANY = 20, 400
"""Targets of the two runs; what a target takes is told from their difference."""
RUN_SECONDS: Final = 100.0
SNAPSHOTS: Final = 20
"""Pages of one sidecar with calls between them, so that counters move as they do."""
TYPICAL: Final = Seen(1, 3, 1)
"""A pod that calls one provider's three models."""


class Figures(NamedTuple):
    """Of one Prometheus, after `RUN_SECONDS`."""

    targets: int
    series: int
    resident_bytes: int
    cpu_seconds: float
    samples: int


class Measured(NamedTuple):
    """What one target more takes."""

    page: Page
    few: Figures
    many: Figures

    @property
    def bytes_a_series(self) -> float:
        """Of Prometheus' memory."""
        return (self.many.resident_bytes - self.few.resident_bytes) / (self.many.series - self.few.series)

    @property
    def cpu_of_a_million_samples(self) -> float:
        """Seconds of processors' time."""
        return (self.many.cpu_seconds - self.few.cpu_seconds) / (self.many.samples - self.few.samples) * 1e6


def measured() -> Measured:
    """Measure: a minute and a half each."""
    pages = snapshots()
    few, many = (_run(pages, targets) for targets in (FEW, MANY))
    return Measured(pages[-1], few, many)


def snapshots() -> list[Page]:
    """Pages of one real sidecar, one after the other, while calls pass through it."""
    with tempfile.TemporaryDirectory() as directory, busy_sidecar(Path(directory)) as sidecar:
        see(sidecar, TYPICAL)
        pages = list[Page]()
        for _ in range(SNAPSHOTS):
            see(sidecar, TYPICAL)
            pages.append(page_of(sidecar, TYPICAL))
        return pages


def _run(pages: Sequence[Page], targets: int) -> Figures:
    with tempfile.TemporaryDirectory() as directory, responding([page.packed for page in pages]) as place:
        named = [Target(f"http://{place}", labels_of(number)) for number in range(targets)]
        with running_prometheus(Path(directory), configuration(named, SCRAPE_SECONDS)) as prometheus:
            time.sleep(RUN_SECONDS)
            return _figures(prometheus, targets)


def labels_of(number: int) -> dict[str, str]:
    """What tells one target of the responder from another, and what relabeling adds to a pod's series in a cluster."""
    pod = f"checkout-7f9c8d5b4-{number:05}"
    return {"__metrics_path__": f"/{number}/metrics", "instance": f"10.0.{number // 250}.{number % 250}:8781",
            "pod": pod, "namespace": "shop"}  # fmt: skip


def _figures(prometheus: Prometheus, targets: int) -> Figures:
    with urllib.request.urlopen(f"{prometheus.url}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    found = {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.labels or sample.labels == {"type": "float"}
    }
    return Figures(
        targets,
        int(found["prometheus_tsdb_head_series"]),
        int(found["process_resident_memory_bytes"]),
        found["process_cpu_seconds_total"],
        int(found["prometheus_tsdb_head_samples_appended_total"]),
    )
