"""A process that shares a database until it is killed. `python -m tests.ledger.postgres_children URL TERM_SECONDS`."""

import signal
import sys

from sidecar.clock import SystemClock
from sidecar.ledger.postgres import PostgresLedger
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.given import SOON, open_call
from tests.ledger.operations_given import brought_to


def live(url: str, term_seconds: float) -> None:
    """Open an operation and a call, say so, and keep alive."""
    ledger = PostgresLedger.open(url, clock=SystemClock(), instance="child", term_seconds=term_seconds)
    brought_to(ledger.operations, S.RUNNING)
    ledger.put(open_call())
    assert ledger.flush(SOON)
    print("opened", flush=True)
    signal.pause()


if __name__ == "__main__":
    live(sys.argv[1], float(sys.argv[2]))
