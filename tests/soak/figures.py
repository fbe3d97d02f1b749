"""What a sidecar process holds, seen from outside: its metrics, its control socket, and what the kernel says of it."""

import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.rig import RunningSidecar

PREFIX = "inference_sidecar_"
MIB = 1024 * 1024


class Figures(NamedTuple):
    """One look at the process."""

    outcomes: Counter[str]
    started: int
    in_flight: int
    connections: int
    """Callers' connections, idle ones included."""
    resident_bytes: int
    file_descriptors: int
    threads: int
    rows_waiting: int
    """Of the ledger."""
    rows_dropped: int

    @property
    def settled(self) -> int:
        """Calls with an outcome."""
        return sum(self.outcomes.values())

    def line(self, seconds: float) -> str:
        """For people."""
        return (
            f"{seconds:6.0f} s  {self.started:7d} started  {self.in_flight:4d} in flight  {self.connections:4d} connections  "
            f"{self.file_descriptors:4d} fds  {self.threads:3d} threads  {self.resident_bytes / MIB:6.1f} MiB  "
            f"{self.rows_waiting:4d} rows waiting"
        )


def look(sidecar: RunningSidecar) -> Figures:
    """The figures of now."""
    outcomes: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for (name, labels), value in sidecar.metrics().items():
        totals[name.removeprefix(PREFIX)] += int(value)
        if name == f"{PREFIX}calls_settled_total":
            outcomes[dict(labels)["outcome"]] += int(value)
    with urllib.request.urlopen(f"{sidecar.control}/api/state", timeout=10) as reply:
        ledger = json.load(reply)["ledger"]
    process = Path(f"/proc/{sidecar.process.pid}")
    return Figures(
        outcomes=outcomes,
        started=totals["calls_started_total"],
        in_flight=totals["calls_in_flight"],
        connections=totals["downstream_connections"],
        resident_bytes=sidecar.resident_bytes(),
        file_descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        rows_waiting=ledger["rows_waiting"],
        rows_dropped=ledger["rows_dropped"],
    )
