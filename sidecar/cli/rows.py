"""A call as a row: the ledger's own columns, by name and in order, and how they are written for machines.

Moments are RFC 3339 in UTC with microseconds, money is an exact decimal string, usage an object of counts.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TextIO

import msgspec

from sidecar.clock import rfc3339
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.money import plain

COLUMNS = (
    "id", "upstream", "provider", "dialect", "model", "kind", "caller", "started_at", "committed_at", "answered_at", "left_at",
    "left_reason", "finished_at", "settled_at", "outcome", "http_status", "usage", "spend_usd", "orphaned_usd", "avoidable_usd",
    "basis", "price_source", "rescued_by", "attempt_of", "basis_reason", "avoidable_basis", "unpriced_reason", "method", "tier",
    "variant", "labels", "asked_model", "usage_basis", "usage_reason", "handed_over", "usage_at_left", "at_left_basis",
    "held_milliseconds", "told_usd", "decision", "decision_reason", "caller_timeout_seconds", "socket",
)  # fmt: skip

Row = Mapping[str, object]


def call_row(record: CallRecord) -> Row:
    """A call's columns, ready for JSON."""
    return {name: written(name, getattr(record, name)) for name in COLUMNS}


def written(name: str, value: object) -> object:
    """A column's value as it stands in JSON: a moment where the name says so, money where it is any."""
    if name.endswith("_at") and isinstance(value, int):
        return rfc3339(value)
    return plain(value) if isinstance(value, Decimal) else value


def write_json(rows: Iterable[Row], file: TextIO) -> None:
    """One array, a row a line, written as the rows come."""
    before = "["
    for row in rows:
        file.write(f"{before}\n{_json(row)}")
        before = ","
    file.write("[]\n" if before == "[" else "\n]\n")


def write_jsonl(rows: Iterable[Row], file: TextIO) -> None:
    """One object a line."""
    for row in rows:
        file.write(f"{_json(row)}\n")


def write_csv(rows: Iterable[Row], columns: Sequence[str], file: TextIO) -> None:
    """RFC 4180 but for line ends, which are the system's own. Objects are JSON in their cell, None is empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_json(cell) if isinstance(cell, Mapping) else cell for cell in map(row.get, columns)])


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def write_object(value: object, file: TextIO) -> None:
    """One object, over several lines."""
    file.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
