"""A body of 20 MB, as calls with a book or a film have: what passing it on costs, and how much of it is kept."""

import http.client
import time

from tests.bench.contenders import Up, alone
from tests.bench.figures import Measured
from tests.bench.transcript import ANSWER, AT_ONCE, HEADERS

SIZE = 20_000_000
DOCUMENT = "A" * SIZE
KIB = 1024


def upload(one: Up, count: int) -> Measured:
    """Send so many uploads one after the other over one connection."""
    with alone(one):
        body = one.dialect.prompt(AT_ONCE, words=DOCUMENT)
        connection = http.client.HTTPConnection("127.0.0.1", one.port, timeout=60)
        errors = _send(one, connection, body)  # the first makes room that is then kept
        resident = one.process.resident_kib() if one.process else 0
        before, begin = one.process.cpu_ns() if one.process else 0, time.monotonic_ns()
        errors += sum(_send(one, connection, body) for _ in range(count))
        measured = {"errors": float(errors), "milliseconds": (time.monotonic_ns() - begin) / 1e6 / count}
        if one.process:
            measured["cpu_ms"] = (one.process.cpu_ns() - before) / 1e6 / count
            measured["growth_mib"] = (one.process.peak_resident_kib() - resident) / KIB
        connection.close()
        return measured


def _send(one: Up, connection: http.client.HTTPConnection, body: bytes) -> int:
    """One upload; returns 1 when it was not answered as the provider answers it."""
    connection.request("POST", one.dialect.unary, body, {**HEADERS, **one.headers})
    return int(ANSWER not in connection.getresponse().read().decode())
