"""From what was measured of one to what a fleet asks: sums, and the rules of thumb that others have published."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from tests.scale.fleet_report import Report
from tests.scale.postgres_cost import Cost, Measured, Sizes

GIB: Final = 2**30
DAY: Final = 86_400
BYTES_A_SERIES_IN_HEAD: Final = 3_000
"""A rule of thumb (robustperception.io/why-does-prometheus-use-so-much-ram, of Prometheus 2.20), recent samples included."""
BYTES_A_SAMPLE_ON_DISK: Final = 2
"""prometheus.io/docs/prometheus/latest/storage: 1 to 2 on average."""
DROPPED: Final = (
    "inference_sidecar_orphaned_seconds_bucket",
    "inference_sidecar_cancel_seconds_bucket",
    "inference_sidecar_upstream_connections",
    "python_gc_",
)
"""Beginnings of the names that a large fleet may do without: most are 0, `_sum` and `_count` stay, and no rule asks for them."""


class Prometheus(NamedTuple):
    """What a fleet asks of it."""

    series: int
    samples_a_second: float
    scraped_bytes_a_second: float
    """Over the network."""
    memory_bytes: float
    disk_bytes_a_day: float


def prometheus(pods: int, series: int, packed_bytes: int, every_seconds: float) -> Prometheus:
    """Of so many pods with pages of so many series."""
    all_series = pods * series
    return Prometheus(
        all_series,
        all_series / every_seconds,
        pods * packed_bytes / every_seconds,
        all_series * BYTES_A_SERIES_IN_HEAD,
        all_series / every_seconds * BYTES_A_SAMPLE_ON_DISK * DAY,
    )


def kept(body: bytes) -> bytes:
    """A page without what `DROPPED` names, as relabeling leaves it."""
    names = tuple(name.encode() for name in DROPPED)
    return b"\n".join(line for line in body.splitlines() if not line.startswith(names))


class Database(NamedTuple):
    """What a fleet asks of PostgreSQL for one thing."""

    a_second: float
    processors: float
    """Busy with it, on average."""
    log_bytes_a_second: float


A_LOOK: Final = 3
"""Statements of a look for the dead."""


def database(at_rest: Report, measured: Measured) -> Mapping[str, Database]:
    """What a fleet at rest asks, by what for: the simulation's figures with the costs that were measured."""
    costs, asked = measured.costs, at_rest.statements
    looks = [costs["a look for what the dead left"], costs["a look for the calls that they left"]]
    return {
        "being alive": _times(asked["presence"], costs["alive for one more term"]),
        "looking for the dead": _times(asked["dead"] / A_LOOK, _mean(looks)),
        "renewing leases": _times(asked["renew"], costs["its lease is renewed"]),
        "opening, moving, settling": _times(asked["write"] / 2, _mean([costs[name] for name in CHANGES])),
        "reading rows": _times(asked["read"], costs["its row is read"]),
    }


CHANGES: Final = ("an operation is opened", "its id is learned", "a look at its provider is noted", "it settles")
"""Two statements each, more or less."""
CALL: Final = "a call is written, open and settled"


def calls(a_second: float, measured: Measured) -> Database:
    """What so many calls a second ask."""
    return _times(a_second, measured.costs[CALL])


def bytes_a_day(calls_a_second: float, operations_a_second: float, sizes: Sizes) -> float:
    """What the tables grow by."""
    return (calls_a_second * sizes.call + operations_a_second * sizes.operation) * DAY


def _times(a_second: float, cost: Cost) -> Database:
    return Database(a_second, a_second * cost.server_ms / 1e3, a_second * cost.log_bytes)


def _mean(costs: list[Cost]) -> Cost:
    return Cost(*(sum(column) / len(costs) for column in zip(*costs, strict=True)))
