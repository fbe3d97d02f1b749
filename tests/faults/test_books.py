"""What the campaign is judged by: each thing that can be wrong about rows is found, and what is right is not."""

import socket
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sidecar.simulator.bill import Bill, Entry, Finished
from sidecar.simulator.server import running_simulator
from tests.end_to_end.rig import Row, running_sidecar
from tests.faults.books import differing, not_given_back, operations_in, rows_in
from tests.soak.figures import look


def entry(name: str, usd: str, received_at: int = 1) -> Entry:
    told: dict[str, Any] = {
        "number": received_at,
        "id": name,
        "dialect": "gemini",
        "method": "generateContent",
        "model": "gemini-2.5-flash",
        "kind": "unary",
        "received_at": received_at,
        "first_byte_at": None,
        "caller_left_at": None,
        "finished_at": received_at,
        "finished_how": Finished.COMPLETED,
        "http_status": 200,
        "is_billable": usd != "0",
        "usage": {},
        "usd": Decimal(usd),
        "request_bytes": 1,
        "request_sha256": "",
        "reply_bytes": 1,
        "reply_sha256": "",
    }
    return Entry(**told)


def bill_of(entries: Sequence[Entry]) -> Bill:
    bill = Bill()
    for each in entries:
        bill.add(each)
    return bill


def row(name: str, spend: str | None, basis: str | None = "exact", **other: Any) -> Row:
    told = {
        "id": f"id-{name}",
        "caller": name,
        "started_at": "2026-01-01T00:00:00Z",
        "settled_at": "2026-01-01T00:00:01Z",
    }
    return {**told, "outcome": "delivered", "spend_usd": spend, "basis": basis, "unpriced_reason": None, **other}


RIGHT: dict[str, tuple[list[Row], list[Entry]]] = {
    "exact and equal": ([row("a", "0.0010")], [entry("a", "0.001")]),
    "at least, and below": ([row("a", "0.001", "at_least")], [entry("a", "0.002")]),
    "estimated, and above": ([row("a", "0.003", "estimated")], [entry("a", "0.002")]),
    "no money, and says why": ([row("a", None, None, unpriced_reason="lost")], [entry("a", "0.002")]),
    "not on the bill, and free": ([row("a", None, None, outcome="refused")], []),
    "declined": ([row("a", "0", outcome="rejected")], [entry("a", "0")]),
    "refused once, then sent": (
        [row("a", None, None, outcome="refused"), row("a", "0.002")],
        [entry("a", "0.002")],
    ),
    "twice": (
        [row("a", "0.001"), row("a", "0.002", started_at="2026-01-01T00:00:02Z")],
        [entry("a", "0.002", 2), entry("a", "0.001", 1)],
    ),
}
WRONG: dict[str, tuple[list[Row], list[Entry]]] = {
    "exact and above": ([row("a", "0.002")], [entry("a", "0.001")]),
    "exact and below": ([row("a", "0.001")], [entry("a", "0.002")]),
    "at least, and above": ([row("a", "0.002", "at_least")], [entry("a", "0.001")]),
    "no money, and does not say why": ([row("a", None, None)], [entry("a", "0.001")]),
    "no row": ([], [entry("a", "0.001")]),
    "another's row": ([row("b", "0")], [entry("a", "0.001")]),
    "one row for two calls": ([row("a", "0.001")], [entry("a", "0.001"), entry("a", "0.001", 2)]),
    "two rows for one call": ([row("a", "0.001"), row("a", "0.001")], [entry("a", "0.001")]),
    "on no bill": ([row("a", "0.001")], []),
    "said to be refused": ([row("a", None, None, outcome="refused")], [entry("a", "0.001")]),
    "not settled": ([row("a", "0.001", settled_at=None)], [entry("a", "0.001")]),
}


@pytest.mark.parametrize("case", RIGHT)
def test_rows_that_are_true__nothing_differs(case: str) -> None:
    rows, entries = RIGHT[case]
    assert differing(rows, bill_of(entries)) == []


@pytest.mark.parametrize("case", WRONG)
def test_a_row_that_is_not_true__is_told_with_its_caller(case: str) -> None:
    rows, entries = WRONG[case]
    (sentence,) = differing(rows, bill_of(entries))
    assert sentence.startswith("a: ")


def test_what_is_held__is_told_until_it_is_given_back(tmp_path: Path) -> None:
    with running_simulator() as simulator, running_sidecar(tmp_path, simulator) as sidecar:
        before = look(sidecar)
        place = urlsplit(sidecar.proxy)
        with socket.create_connection((place.hostname, place.port)):
            held = not_given_back(sidecar, before, patience_seconds=0.3)
        assert held[0] == "1 connections of callers; before there were 0"
        assert not_given_back(sidecar, before) == []
        assert rows_in(sidecar.ledger) == sidecar.rows() == operations_in(sidecar.ledger) == []
        sidecar.end()
        (said,) = not_given_back(sidecar, before, patience_seconds=0.3)
        assert said.startswith("the sidecar shows nothing: ")
