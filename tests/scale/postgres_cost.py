"""What each deed of a sidecar costs a PostgreSQL server: its processors' time, its log, and how long the sidecar waits."""

import os
import statistics
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.ledger.postgres_given import PostgresPlace
from tests.postgres import PostgresServer
from tests.scale.postgres_deeds import Deeds
from tests.scale.postgres_fill import fill

SETTINGS: Final = {"shared_buffers": "512MB", "max_connections": "200", "max_wal_size": "4GB", "autovacuum": "on"}
TIMES: Final = 300
"""So often each deed is done."""
TICKS: Final = os.sysconf("SC_CLK_TCK")
SETTLED_SHARE: Final = 4
"""Settled operations, and calls, for each unsettled one."""
AT_ONCE: Final = 8
"""Sidecars that work at the same time, for the rates."""
RATE_SECONDS: Final = 4.0
RATED: Final = ("alive for one more term", "its lease is renewed", "64 leases are renewed", "its row is read")
"""Deeds that may be done as often as one likes, one after the other."""


class Cost(NamedTuple):
    """Of one deed."""

    server_ms: float
    """Of processors' time, of all its processes."""
    log_bytes: int
    """Written to the write-ahead log."""
    waits_ms: float
    """The median of what a sidecar waits, on this machine."""


class Sizes(NamedTuple):
    """Bytes on the server's disk, indexes included."""

    operation: int
    """Of one operation, its history of two moves included."""
    call: int
    instance: int


class Shape(NamedTuple):
    """What the ledger holds when it is measured."""

    pods: int
    unsettled: int
    settled: int
    open_calls: int
    settled_calls: int


class Measured(NamedTuple):
    """All of it."""

    shape: Shape
    costs: Mapping[str, Cost]
    sizes: Sizes
    rates: Mapping[str, float]
    """Deeds a second of `AT_ONCE` sidecars, they and the server on this machine's processors."""


@contextmanager
def filled_server(shape: Shape) -> Iterator[PostgresPlace]:
    """A server of its own with such a ledger."""
    server = PostgresServer(**SETTINGS)
    try:
        with server.new_place() as url:
            place = PostgresPlace(server, url)
            fill(place, **shape._asdict())
            yield place
            place.leave()
    finally:
        server.remove()


def measured(shape: Shape) -> Measured:
    """Measure on a server of its own."""
    with filled_server(shape) as place:
        sizes = sizes_in(place, shape)
        deeds = Deeds(place.open("pod-000500.me"))
        costs = {what: _cost(place, deed, TIMES) for what, deed in deeds.deeds().items()}
        rates = {what: _rate(place, what) for what in RATED}
        return Measured(shape, costs, sizes, rates)


def sizes_in(place: PostgresPlace, shape: Shape) -> Sizes:
    """What a row takes, by what the tables take."""

    def size(table: str) -> int:
        ((found,),) = place.execute(f"SELECT pg_total_relation_size('{table}')")
        return int(str(found))

    operations = shape.unsettled + shape.settled
    return Sizes(
        (size("operations") + size("operation_moves")) // operations,
        size("calls") // (shape.open_calls + shape.settled_calls),
        size("instances") // shape.pods,
    )


def _cost(place: PostgresPlace, deed: object, times: int) -> Cost:
    assert callable(deed)
    deed()  # connected, and compiled
    place.execute("CHECKPOINT")
    log_before, server_before, waits = _log_bytes(place), _server_seconds(place.server), list[float]()
    for _ in range(times):
        began = time.perf_counter()
        deed()
        waits.append(time.perf_counter() - began)
    server_ms = (_server_seconds(place.server) - server_before) * 1e3 / times
    return Cost(server_ms, (_log_bytes(place) - log_before) // times, statistics.median(waits) * 1e3)


def _rate(place: PostgresPlace, what: str) -> float:
    """Deeds a second, of several sidecars at once."""
    all_deeds = [Deeds(place.open(f"pod-{number:06}.rated-{what}")) for number in range(AT_ONCE)]
    until = time.monotonic() + RATE_SECONDS

    def work(deeds: Deeds) -> int:
        deed, count = deeds.deeds()[what], 0
        while time.monotonic() < until:
            deed()
            count += 1
        return count

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sum(threads.map(work, all_deeds)) / RATE_SECONDS


def _log_bytes(place: PostgresPlace) -> int:
    ((found,),) = place.execute("SELECT pg_current_wal_insert_lsn() - '0/0'")
    return int(str(found))


def _server_seconds(server: PostgresServer) -> float:
    """Processors' time of all its processes, those that have ended included."""
    return sum(_seconds(Path(f"/proc/{pid}/stat")) for pid in (server.pid, *_children(server.pid)))


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _seconds(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS if stat.parent.name.isdecimal() else 0.0
