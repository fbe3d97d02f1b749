"""Processes that keep operations and come to a bad end. `python -m tests.ledger.operation_children NAME URL ...`."""

import itertools
import sys
from collections.abc import Iterator

from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import OperationEvent as E
from tests.ledger.children import deadly, opened
from tests.ledger.operations_given import END, operation


def acts(ledger: OperationLedger, id: str) -> Iterator[object]:
    """The life of one operation, an act at a time."""
    yield ledger.open(operation(id))
    yield ledger.move(id, E.ACCEPTED, {"provider_id": f"resp_{id}"}, fence=1)
    yield ledger.move(id, E.LEASE_LAPSED, {"gone_reason": "lease_lapsed"}, fence=1)
    yield ledger.renew("openai", f"resp_{id}", {"renewed_at": ledger.now()})
    yield ledger.move(id, E.CANCEL_CLAIMED, {}, fence=1)
    yield ledger.move(id, E.OBSERVED_CANCELLED, {}, fence=1)
    yield ledger.settle(id, 1, END)


def live_until_killed(ledger: OperationLedger) -> None:
    """One operation after another; prints how many acts are durable, each time that one is."""
    numbers = itertools.count(1)
    for life in itertools.count():
        for answer in acts(ledger, f"o{life:06}"):
            assert answer
            print(next(numbers), flush=True)


def be_killed(url: str) -> None:
    """Go on until the parent ends it."""
    live_until_killed(opened(url).operations)


def die_at(url: str, point: str, times: str) -> None:
    """Go on, and end between two statements: when a point is passed for the n-th time."""
    live_until_killed(opened(url, deadly(point, times)).operations)


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
