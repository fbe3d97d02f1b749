"""Processes that write a ledger and come to a bad end. `python -m tests.ledger.children NAME URL ...`."""

import itertools
import os
import resource
import signal
import sys
from pathlib import Path

from sidecar.clock import SystemClock
from sidecar.ledger.file import Point, Signal, silent
from sidecar.ledger.sqlite import SqliteLedger
from tests.ledger.given import SOON, open_call, settled_call


def opened(url: str, signal: Signal = silent) -> SqliteLedger:
    return SqliteLedger.open(url, clock=SystemClock(), instance=f"child {os.getpid()}", signal=signal)


def write_until_killed(ledger: SqliteLedger) -> None:
    """Batches of 20 calls, every second one settled; prints a batch's number when it is durable."""
    for batch in itertools.count():
        for number in range(batch * 20, batch * 20 + 20):
            ledger.put((settled_call if number % 2 else open_call)(f"c{number:06}"))
        assert ledger.flush(SOON)
        print(batch, flush=True)


def be_killed(url: str) -> None:
    """Write until the parent ends it."""
    write_until_killed(opened(url))


def die_at(url: str, point: str, times: str) -> None:
    """Write, and end between two statements: when a point is passed for the n-th time."""
    write_until_killed(opened(url, deadly(point, times)))


def deadly(point: str, times: str) -> Signal:
    """A signal that ends the process when that point is passed for the n-th time."""
    left = itertools.count(int(times), -1)

    def die(passed: Point) -> None:
        if passed == point and next(left) == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def fill_the_disk(url: str) -> None:
    """Write more than there is room for; then room is made. Prints what was seen."""
    ledger = opened(url)
    ledger.put(settled_call("first"))
    assert ledger.flush(SOON)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = Path(f"{ledger.path}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (log + 20_000, most))
    for number in range(3000):
        ledger.put(settled_call(f"c{number:06}"))
    while not ledger.health().problem:
        ledger.flush(0.05)
    print(ledger.flush(0.0), ledger.health().rows_waiting, ledger.health().problem)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    print(ledger.flush(SOON), ledger.health().rows_waiting, ledger.health().rows_dropped, ledger.close(SOON))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
