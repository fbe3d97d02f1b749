"""What no fault may change: figures are the provider's or say that they are not, and nothing is held when all is over."""

import os
import time
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from sidecar.cli.operation_rows import operation_row
from sidecar.cli.rows import call_row
from sidecar.ledger.by_address import open_operation_reader, open_reader
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.call import Outcome
from sidecar.simulator.bill import Bill, Entry
from tests.end_to_end.rig import Row, RunningSidecar
from tests.soak.figures import Figures, look

NEVER_SENT: Final = frozenset({Outcome.REFUSED, Outcome.LEFT_EARLY, Outcome.JOINED})
"""Rows of calls that had no answer of their own from a provider."""
LOOK_EVERY_SECONDS = 0.1
POOL_THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""asyncio's own pool has so many at most. They are started one by one as they are needed, and not given back before the end."""
LEDGER_FILES: Final = 2
"""Of its ledger a sidecar opens more as it is first needed, and keeps it."""
HELD: Final = {
    "in_flight": "calls in flight",
    "connections": "connections of callers",
    "file_descriptors": "file descriptors",
    "threads": "threads",
    "rows_waiting": "rows that wait for the ledger",
}
"""What has to come down to what it was."""


def differing(rows: Sequence[Row], bill: Bill) -> list[str]:
    """Where the ledger's rows (of calls, of operations, or both) and the simulator's bill do not agree, in sentences.

    Each call on the bill has to have one settled row whose `caller` is the entry's tag, so callers name themselves by
    `X-Sidecar-Caller` as by `X-Simulator-Call`. A row that is exact is equal to the last digit, one that says `at_least` is not
    above, one that is estimated may be either, and one without money says why. What is not on the bill costs nothing.
    """
    billed: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(bill.entries, key=lambda entry: entry.received_at):
        if entry.is_billable:
            billed[entry.id].append(entry)
    called: defaultdict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=_began):
        called[row["caller"] or ""].append(row)
    return [
        finding
        for name in sorted(billed.keys() | called.keys())
        for finding in _of_one_caller(name, called[name], billed[name])
    ]


def _began(row: Row) -> str:
    return str(row.get("started_at") or row.get("opened_at"))


def _of_one_caller(name: str, rows: Sequence[Row], entries: Sequence[Entry]) -> list[str]:
    found = [f"{name}: row {row['id']} is not settled" for row in rows if not row["settled_at"]]
    sent = sorted((row for row in rows if row["outcome"] not in NEVER_SENT), key=_says_nothing)
    if len(sent) < len(entries):
        return [*found, f"{name}: the bill has {len(entries)} calls, and the ledger {len(sent)} that were sent"]
    with_bill = sorted(sent[: len(entries)], key=_began)
    pairs = [(row, entry.usd) for row, entry in zip(with_bill, entries, strict=True)]
    pairs += [(row, Decimal(0)) for row in rows if not any(row is other for other in with_bill)]
    return [*found, *(said for row, usd in pairs if (said := _untrue(row, usd)))]


def _says_nothing(row: Row) -> bool:
    """Neither that the call cost something nor that it may have: of a caller's rows the last that may have a bill."""
    return not Decimal(row["spend_usd"] or 0) and not row["unpriced_reason"]


def _untrue(row: Row, billed: Decimal) -> str:
    """What is wrong about a row's money, if its call is billed so; empty for nothing."""
    said, basis = row["spend_usd"], row["basis"]
    told = f"{row['caller']}: {row['outcome']}, {said} USD ({basis}, {row['unpriced_reason']}); the bill says {billed}"
    if said is None:
        return "" if row["unpriced_reason"] or not billed else f"{told}: the row does not say that anything is missing"
    spend = Decimal(said)
    is_true = {"exact": spend == billed, "at_least": spend <= billed, "estimated": True}.get(basis, spend == billed)
    return "" if is_true else told


def rows_in(ledger: Path) -> list[Row]:
    """The calls in a ledger's file, as `sidecar calls list --format json` has them, without a process of its own."""
    return [dict(call_row(record)) for record in open_reader(f"sqlite:///{ledger}").calls(CallQuery())]


def operations_in(ledger: Path) -> list[Row]:
    """The operations in a ledger's file, as `sidecar operations list --format json` has them."""
    reader = open_operation_reader(f"sqlite:///{ledger}")
    return [dict(operation_row(record)) for record in reader.operations(OperationQuery())]


def not_given_back(sidecar: RunningSidecar, before: Figures, patience_seconds: float = 10.0) -> list[str]:
    """What is still held above what was held before, once it was waited for.

    Connections that are kept to a provider are descriptors: look at `before` when some are, or have them closed soon
    (`LIMITS__UPSTREAM_IDLE_SECONDS=1`).
    """
    deadline = time.monotonic() + patience_seconds
    while (held := _held(sidecar, before)) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
    return held


def _held(sidecar: RunningSidecar, before: Figures) -> list[str]:
    try:
        now = look(sidecar)
    except OSError as error:
        return [f"the sidecar shows nothing: {type(error).__name__}: {error}"]
    allowed = before._replace(
        threads=before.threads + POOL_THREADS, file_descriptors=before.file_descriptors + LEDGER_FILES
    )
    return [
        f"{getattr(now, field)} {name}; before there were {getattr(before, field)}"
        for field, name in HELD.items()
        if getattr(now, field) > getattr(allowed, field)
    ]
