"""An operation as a row for machines: the ledger's own columns, by name; written as calls are (`rows.py`)."""

from collections.abc import Iterable
from typing import Final

from sidecar.cli.rows import Row, written
from sidecar.clock import rfc3339
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord

FIRST: Final = (
    "id", "upstream", "provider_id", "kind", "model", "caller", "opened_at", "lapsed_at", "cancel_requested_at", "ended_at",
    "settled_at", "state", "outcome", "usage", "spend_usd", "orphaned_usd", "avoided_usd", "basis",
)  # fmt: skip
COLUMNS: Final = (*FIRST, *(name for name in OperationRecord.__struct_fields__ if name not in FIRST))
"""Those that people look for, then the others in the order of the record."""
MOVE_COLUMNS: Final = OperationMove.__struct_fields__


def operation_row(record: OperationRecord) -> Row:
    """An operation's columns, ready for JSON."""
    return {name: written(name, getattr(record, name)) for name in COLUMNS}


def move_row(move: OperationMove) -> Row:
    """One line of an operation's history, ready for JSON."""
    return {name: rfc3339(move.at) if name == "at" else getattr(move, name) for name in MOVE_COLUMNS}


def history_row(record: OperationRecord, moves: Iterable[OperationMove]) -> Row:
    """An operation's columns and `moves`, oldest first."""
    return {**operation_row(record), "moves": [move_row(move) for move in moves]}
