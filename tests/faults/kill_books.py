"""What must be in a ledger whose sidecar was killed, and in what state the next one finds the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sidecar.clock import SystemClock
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.simulator.bill import Bill
from tests.faults.books import differing
from tests.faults.kill_scripts import Seen
from tests.faults.ledger_scene import Scene, rows_in

PATIENCE_SECONDS: Final = 30.0


def lost_by(scene: Scene, seen: Seen) -> list[str]:
    """Open the ledger again, as the next start does: what is missing, or other than a reader has seen it before."""
    mended = list(mended_in(scene.ledger))
    rows = {row["caller"]: row for row in rows_in(scene.ledger)}
    lost = [
        f"{name} was settled, and is {rows.get(name)}" for name, row in seen.settled.items() if rows.get(name) != row
    ]
    lost += [f"{row['caller']} is open" for row in rows.values() if "started_at" in row and row["outcome"] is None]
    for operation in scene.simulator.operations:
        if not operation.tag.startswith(f"{scene.callers.team}-"):
            continue
        row = rows.get(operation.tag)
        if row is None:
            lost.append(f"{operation.tag} has an operation at the provider, and no row")
        elif operation.cancels and not row["cancel_requested_at"]:
            lost.append(f"{operation.tag} was cancelled, and its row says nothing of it")
    return mended + lost


def wrong_after(scene: Scene) -> list[str]:
    """Rows that say another amount than the provider's bill."""
    rows = [row for row in rows_in(scene.ledger) if row["settled_at"]]
    known, bill = {row["caller"] for row in rows}, Bill()
    for entry in scene.simulator.bill.entries:
        if entry.id in known:
            bill.add(entry)
    return differing(rows, bill)


def mended_in(ledger: Path) -> Iterator[str]:
    """Whatever a start on this file has to mend, and whatever SQLite finds wrong with it afterwards."""
    opened = SqliteLedger.open(f"sqlite:///{ledger}", clock=SystemClock(), instance="next")
    opened.settle_lost(SystemClock().now())
    yield from opened.health().notices
    if not opened.close(PATIENCE_SECONDS):
        yield "the next start can't write it"
    with closing(sqlite3.connect(ledger)) as connection:
        whole = connection.execute("PRAGMA integrity_check").fetchall()
    if whole != [("ok",)]:
        yield f"it is not whole: {whole}"
