"""A ledger of millions of calls, made in seconds: rows are written as they come, beside the ledger's own road."""

import contextlib
import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final

import psycopg

from sidecar.clock import SECOND, SystemClock
from sidecar.ledger.operation_rows import as_row
from sidecar.ledger.schema import bring_up_to_date
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.lifecycle.operation import OperationState
from tests.cli.ledgers import NOON, operation

DAYS: Final = 30
MODELS: Final = 40
CALLERS: Final = 400
OPERATIONS_IN: Final = 200
"""One operation for so many calls."""
AT_ONCE: Final = 10_000
RETRIED_AFTER: Final = 20
"""Calls between one that was left and its repeat: 26 s with two million in a month."""
COLUMNS: Final = (
    "id", "upstream", "provider", "dialect", "model", "kind", "caller", "started_at", "committed_at", "answered_at", "left_at",
    "left_reason", "finished_at", "settled_at", "outcome", "http_status", "usage", "spend_usd", "orphaned_usd", "avoidable_usd",
    "basis", "price_source", "attempt_of", "instance", "method", "handed_over", "avoidable_basis", "decision",
    "decision_reason", "caller_timeout_seconds",
)  # fmt: skip
Row = tuple[Any, ...]
PLACES: Final = (("gemini", "google"), ("openai", "openai"), ("anthropic", "anthropic"))


def calls(rows: int) -> Iterator[Row]:
    """Calls of a month: one in twenty-five was left, of these one in four at its limit, and one in ten was repeated."""
    random, step = Random(7), DAYS * 86_400 * SECOND // rows
    begun, coming = NOON - DAYS * 86_400 * SECOND, deque([""] * RETRIED_AFTER)
    for number in range(rows):
        id, draw = f"01a{number:013x}-{random.getrandbits(32):08x}", random.random()
        started, tokens = begun + number * step, random.randrange(100, 9000)
        coming.append(id if draw < 0.004 else "")
        yield _call(number, id, started, tokens, is_left=draw < 0.04, is_at_limit=draw < 0.01, repeats=coming.popleft())


def _call(number: int, id: str, started: int, tokens: int, *, is_left: bool, is_at_limit: bool, repeats: str) -> Row:
    upstream, provider = PLACES[tokens % MODELS % 3]
    took = (2 + tokens % 97 / 10) * SECOND
    left = started + (10 * SECOND if is_at_limit else 2 * SECOND) if is_left else None
    finished = int(max(started + took, (left or 0) + SECOND))
    lost = (f"0.{tokens * 29:08d}", f"0.{tokens * 2_917_191:012d}") if is_left else ("0", "0")
    is_stream = number % 2 == 0
    return (
        id, upstream, provider, upstream, f"model-{tokens % MODELS}", "stream" if is_stream else "unary",
        f"worker-{tokens % CALLERS}", started, started + SECOND // 20, started + SECOND, left,
        ("fin" if number % 3 else "rst") if is_left else None, finished, finished + SECOND,
        "orphan_finished" if is_left else "delivered", 200, f'{{"input":{tokens},"output":{tokens // 9}}}',
        f"0.{tokens * 37:08d}", *lost, "estimated" if number % 17 == 0 else "exact", "genai-prices", repeats or None,
        "bench", "streamGenerateContent" if is_stream else "generateContent", "nothing" if is_left else "whole",
        "exact" if is_left else None, "follow" if is_left else None, "provider_runs_on" if is_left else None,
        10.0 if is_at_limit else None if number % 3 else 600.0,
    )  # fmt: skip


def operations(count: int) -> Iterator[dict[str, Any]]:
    """Operations of the same month: one in three was left, and would have been cancelled."""
    for number in range(count):
        opened = NOON - (number % DAYS) * 86_400 * SECOND
        gone: dict[str, Any] = {"lapsed_at": opened + 90 * SECOND, "cancel_result": "would_cancel"}
        ended: dict[str, Any] = {
            "state": OperationState.SUCCEEDED,
            "outcome": "succeeded",
            "ended_at": opened + 600 * SECOND,
        }
        record = operation(
            number, **({"opened_at": opened} | ended | (gone if number % 3 == 0 else {"claimed_at": opened}))
        )
        record.id, record.settled_at, record.basis = f"o{number:09}", opened + 700 * SECOND, "exact"
        columns = as_row(record)
        is_lost = number % 3 == 0
        money = {
            "spend_usd": "0.25",
            "orphaned_usd": "0.25" if is_lost else "0",
            "avoidable_usd": "0.2" if is_lost else "0",
        }
        yield columns | money


def write_file(path: Path, rows: int) -> str:
    """Write a file; returns its address."""
    SqliteLedger.open(f"sqlite:///{path}", clock=SystemClock(), instance="bench").close(10)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        bring_up_to_date(connection, _version(connection), NOON)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.executemany(_insert("calls", COLUMNS, "?"), calls(rows))
        for each in operations(rows // OPERATIONS_IN):
            connection.execute(_insert("operations", tuple(each), "?"), tuple(each.values()))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return f"sqlite:///{path}"


def write_database(connection: "psycopg.Connection[Any]", rows: int) -> None:
    """Fill the tables that this connection finds."""
    cursor = connection.cursor()
    with cursor.copy(f"COPY calls ({', '.join(COLUMNS)}) FROM STDIN".encode()) as copy:
        left = calls(rows)
        while some := list(islice(left, AT_ONCE)):
            copy.write("".join(map(_line, some)))
    for each in operations(rows // OPERATIONS_IN):
        cursor.execute(_insert("operations", tuple(each), "%s").encode(), tuple(each.values()))
    connection.execute(b"VACUUM ANALYZE")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT max(version) FROM schema_version").fetchone()[0])


def _insert(table: str, columns: Sequence[str], mark: str) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join([mark] * len(columns))})"


def _line(row: Row) -> str:
    return "\t".join("\\N" if value is None else str(value) for value in row) + "\n"
