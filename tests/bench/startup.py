"""From the start of the process to its first call answered, and what it occupies when it then has nothing to do."""

import time
import urllib.request
from pathlib import Path

from tests.bench import streams
from tests.bench.contenders import Contender, Up, call, up
from tests.bench.figures import Measured
from tests.bench.places import Upstream
from tests.bench.transcript import Pace

CALLS = 100
STREAMS = 10
QUIET_SECONDS = 1.0
KIB = 1024


def start(contender: Contender, folder: Path, upstream: Upstream) -> Measured:
    """Start a contender, let it do everything once, so that nothing is left to be loaded, and look at it."""
    begin = time.monotonic()
    with up(contender, folder, upstream) as one:
        seconds = time.monotonic() - begin
        for _ in range(CALLS):
            call(one)
        errors = streams.read(one, STREAMS, Pace(chunks=5, every_ms=1))["errors"]
        assert one.process is not None
        one.process.go_on()
        _visit(one)
        time.sleep(QUIET_SECONDS)
        return {"seconds": seconds, "errors": errors, "idle_mib": one.process.resident_kib() / KIB}


def _visit(one: Up) -> None:
    """Ask our other two sockets for what they show; peers have none."""
    for name, path in (("SIDECAR_OBSERVE__LISTEN", "/metrics"), ("SIDECAR_CONTROL__LISTEN", "/")):
        if name in one.variables:
            urllib.request.urlopen(f"http://{one.variables[name]}{path}", timeout=10).read()
