"""One look at everything, every ten seconds, and the line that people see of it."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tests.soak.figures import MIB, Figures
from tests.soak.told import Told


class Sample(NamedTuple):
    """How it stands after so many seconds."""

    seconds: float
    figures: Figures
    tasks: Counter[str]
    """Asyncio's, by what they run."""
    descriptors: Counter[str]
    """By what they are of."""
    wal_bytes: int
    ledger_bytes: int
    cpu: dict[str, float]
    """Of one core, since the sample before, by process."""
    told: Told | None
    """What the callers have told last."""

    def line(self) -> str:
        """For people."""
        figures, told = self.figures, self.told
        cpu = "+".join(f"{share:.2f}" for share in self.cpu.values())
        waits = "" if told is None else (
            f"  late {told.late_p99} ms  added p50 {told.added_p50} p99 {told.added_p99} ms"
            f" (without: {told.direct_p50}, {told.direct_p99})"
        )  # fmt: skip
        return (
            f"{self.seconds:6.0f} s  {figures.started:7d} started  {figures.in_flight:4d} in flight  "
            f"{figures.connections:4d} conns  {figures.file_descriptors:4d} fds  {figures.threads:3d} threads  "
            f"{sum(self.tasks.values()):4d} tasks  {figures.resident_bytes / MIB:6.1f} MiB  {figures.rows_waiting:4d} waiting  "
            f"ledger {self.ledger_bytes / MIB:.1f} + {self.wal_bytes / MIB:.1f} MiB  cpu {cpu}{waits}"
        )


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits best, per second."""
    count = len(samples)
    if count < 2:
        return 0.0
    mean_x, mean_y = sum(x for x, _ in samples) / count, sum(y for _, y in samples) / count
    over = sum((x - mean_x) * (y - mean_y) for x, y in samples)
    return over / (sum((x - mean_x) ** 2 for x, _ in samples) or 1.0)
