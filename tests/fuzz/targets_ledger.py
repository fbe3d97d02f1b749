"""Rows of a database in which somebody else has written, and what is made of them: lists, bills, pages, the API's rows.

An input is a JSON object of columns and their values, put over a sound row: `{"table": "calls", "spend_usd": "x"}`. A text may be
given as `{"hex": "ff"}`, since a file can hold text that is no UTF-8. What the tables themselves refuse can't stand there.
"""

import contextlib
import io
import json
import zlib
from typing import Any

import msgspec

from sidecar.cli.report_html import write_page
from sidecar.cli.report_rows import bill_object
from sidecar.cli.report_table import print_bill
from sidecar.cli.rows import call_row, write_csv, write_json, write_object
from sidecar.cli.timeout_report import timeouts_object
from sidecar.control.operation_reply import history_reply, operation_reply
from sidecar.control.shown import call_row as shown_row
from sidecar.errors import LedgerError
from sidecar.ledger.by_address import open_operation_reader, open_reader
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.repricing import priced_anew
from sidecar.metering.price import PriceBook
from sidecar.reaper.reading import facts_of, reported_in
from tests.cli.ledgers import NOON
from tests.fuzz.book import TABLES, book
from tests.fuzz.target import Target

SELDOM = 4
"""Of so many rows one stands in a bill too, which takes ten times as long as the rest."""
PRICES = PriceBook()


def row(data: bytes) -> None:
    """Whatever stands in a row: it is shown, added up and drawn, or the ledger says in a sentence what is wrong with it."""
    wanted = _values(data)
    if wanted is None:
        return
    with book().holding(*wanted) as is_written:
        drawn = zlib.crc32(data)
        looks = [see_calls, see_timeouts, see_operations] + [lambda: see_bill(list(By)[drawn % len(By)])] * (
            drawn % SELDOM == 0
        )
        for look in looks if is_written else ():
            with contextlib.suppress(LedgerError):
                look()


def _values(data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Table and values that an input asks for; None where it asks for none that a database could hold."""
    try:
        asked = json.loads(data)
    except (ValueError, RecursionError):
        return None
    table = asked.pop("table", "calls") if isinstance(asked, dict) else None
    if not isinstance(table, str) or table not in TABLES:
        return None
    values = {name: value for name, value in asked.items() if name in TABLES[table] and _is_value(value)}
    return table, values


def _is_value(value: object) -> bool:
    if isinstance(value, dict):
        try:
            return isinstance(bytes.fromhex(value.get("hex", "")), bytes) and "hex" in value
        except (TypeError, ValueError):
            return False
    if isinstance(value, str):
        return value.isascii() or "\\ud" not in json.dumps(value)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63)


def see_calls() -> None:
    """Lists, one call, every format; the row of the API."""
    reader = open_reader(book().url)
    records = list(reader.calls(CallQuery()))
    reader.call("c001")
    for record in records:
        msgspec.json.encode(shown_row(record))
        assert all(amount is None or amount.is_finite() for amount in (record.spend_usd, record.told_usd))
        priced_anew(record, PRICES)
    write_json(map(call_row, records), shown := io.StringIO())
    check_json(shown.getvalue())
    write_csv(map(call_row, records), list(call_row(records[0])), io.StringIO())


def see_bill(by: By) -> None:
    """The bill by something, as JSON, as a table, as a page in which every text is text."""
    bill = open_reader(book().url).bill(CallQuery(since=0), by, top=3)
    write_object(bill_object(CallQuery(), by, bill), shown := io.StringIO())
    check_json(shown.getvalue())
    page, table = io.StringIO(), io.StringIO()
    write_page(bill, by, "ever", NOON, page)
    print_bill(bill, by, "ever", table)
    assert "<script" not in page.getvalue()
    assert "\x1b]" not in table.getvalue()


def see_timeouts() -> None:
    """What callers' limits cost."""
    write_object(timeouts_object(open_reader(book().url).timeouts(CallQuery())), shown := io.StringIO())
    check_json(shown.getvalue())


def check_json(text: str) -> None:
    """What is written for machines is JSON to all of them: it has no infinity, and nothing that is not a number."""
    json.loads(text, parse_constant=lambda word: 1 / 0)


def see_operations() -> None:
    """Operations with their history, and what the reaper takes out of them."""
    reader = open_operation_reader(book().url)
    for record in reader.operations(OperationQuery()):
        moves = reader.moves(record.id)
        msgspec.json.encode([operation_reply(record), history_reply(record, moves)])
        facts_of(record)
        reported_in(record)


def told(table: str, **values: object) -> bytes:
    """An input."""
    return json.dumps({"table": table, **values}).encode()


COLUMN_WORDS = [f'"{name}": '.encode() for name in sorted({*TABLES["calls"], *TABLES["operations"]})]

TARGETS = (
    Target(
        "ledger_row",
        row,
        [
            told(
                "calls",
                model="<script>",
                caller="\x1b]0;x\x07",
                labels='{"a": "b"}',
                usage='{"input": -1}',
                spend_usd="NaN",
                orphaned_usd="1e400",
            ),
            told(
                "calls",
                kind="dream",
                outcome="later",
                started_at=-1,
                left_at=2**62,
                caller_timeout_seconds=1e308,
                http_status=-7,
                spend_usd="1" * 40,
            ),
            told(
                "calls",
                usage="[]",
                usage_at_left='{"a": null}',
                told_usd="x",
                id="",
                upstream={"hex": "ff"},
                settled_at=0,
                orphaned_usd="0.1",
            ),
            told(
                "operations",
                state="DREAMING",
                usage="{}",
                labels="{}",
                spend_usd="1",
                orphaned_usd="-1",
                basis="word",
                kind="",
                lease_seconds=-1.5,
            ),
            told(
                "operations",
                usage_basis="word",
                provider_id="a\r\nb",
                path="",
                fence=-1,
                opened_at=2**62,
                settled_at=None,
                tier="",
                told_usd="-0",
            ),
            told("operation_moves", event="word", state="word", at=-1, evidence="\x00"),
        ],
        (
            "ledger/rows.py",
            "ledger/operation_rows.py",
            "ledger/bill_reading.py",
            "ledger/reader.py",
            "ledger/operation_reader.py",
            "cli/report_rows.py",
            "cli/report_html.py",
            "cli/report_table.py",
            "cli/rows.py",
        ),
        (*COLUMN_WORDS, b'"orphan_finished"', b'"orphan_cut"', b'"NaN"', b'{"hex": "ff"}'),
    ),
)
