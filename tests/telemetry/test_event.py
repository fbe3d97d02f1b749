import json
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, rfc3339
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.telemetry.event import CallLine, call_line, encode, shown, stamp

Record = Callable[..., CallRecord]


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_a_stamp_is_what_the_clock_would_write(moment: int):
    assert stamp(moment) == rfc3339(moment)


TO_PRICE_ANEW = {
    "variant", "asked_model", "usage_basis", "usage_reason", "handed_over", "usage_at_left", "at_left_basis",
    "held_milliseconds", "told_usd",
}  # fmt: skip
"""Fields that only the ledger holds."""


def test_a_line_has_every_field_of_the_record():
    assert set(CallRecord.__struct_fields__) - TO_PRICE_ANEW <= set(CallLine.__struct_fields__)


def test_every_field_of_a_record_reaches_the_line(record: Record):
    others = {"kind", "usage", "labels"} | TO_PRICE_ANEW
    names = [name for name in CallRecord.__struct_fields__ if name not in others]
    values = {name: index for index, name in enumerate(names, 100)}
    full = record(**{name: Decimal(n) if name.endswith("_usd") else n for name, n in values.items()})
    line = call_line(full)
    for name, value in values.items():
        assert getattr(line, name) == (
            stamp(value) if name.endswith("_at") else str(value) if name.endswith("_usd") else value
        )


def test_a_line_holds_what_is_set_and_nothing_else(record: Record):
    line = json.loads(encode(call_line(record(caller=None))))
    assert list(line)[:4] == ["timestamp", "level", "event", "id"]
    assert line["started_at"] == "2026-09-21T14:13:20.000000Z"
    assert line["spend_usd"] == "1"
    assert line["usage"] == {"input": 10, "output": 5}
    assert line["duration_seconds"] == 2.0
    assert not line.keys() & {"caller", "left_at", "left_reason", "orphaned_seconds", "rescued_by", "unpriced_reason"}


def test_an_orphans_line_says_how_long_it_was_one(record: Record):
    line = call_line(record(outcome="orphan_finished", left_at=record().started_at + SECOND, left_reason="fin"))
    assert (line.left_reason, line.orphaned_seconds) == ("fin", 1.0)


def test_how_a_call_ended_and_with_whose_help_stand_together(record: Record):
    rescued = record(
        outcome="rescued", rescued_by="c2", left_at=record().started_at, left_reason="fin", decision="follow",
        decision_reason="provider_runs_on", caller="nightly", caller_timeout_seconds=30.0,
    )  # fmt: skip
    line = json.loads(encode(call_line(rescued)))
    names = list(line)
    assert in_a_row(names, "caller", "caller_timeout_seconds")
    assert in_a_row(names, "left_at", "left_reason", "decision", "decision_reason")
    assert in_a_row(names, "outcome", "rescued_by")
    assert (line["decision"], line["decision_reason"]) == ("follow", "provider_runs_on")
    assert line["caller_timeout_seconds"] == 30.0
    answer = json.loads(encode(call_line(record(kind=CallKind.LIVE, socket="c1"))))
    assert (answer["kind"], answer["socket"]) == ("live", "c1")
    joined = list(json.loads(encode(call_line(record(outcome="joined", attempt_of="c1", spend_usd=None)))))
    assert in_a_row(joined, "outcome", "attempt_of")


def in_a_row(names: list[str], *row: str) -> bool:
    first = names.index(row[0])
    return tuple(names[first : first + len(row)]) == row


@pytest.mark.parametrize(("amount", "text"), [("2.25E-7", "0.000000225"), ("0", "0"), ("1.50", "1.5"), ("1E+2", "100")])
def test_money_is_a_plain_decimal_string(record: Record, amount: str, text: str):
    assert call_line(record(spend_usd=Decimal(amount))).spend_usd == text


def test_people_are_shown_what_is_set(record: Record):
    fields = shown(call_line(record(usage={})))
    assert fields["outcome"] == "delivered"
    assert not fields.keys() & {"timestamp", "level", "event", "caller", "usage"}


def test_a_name_that_was_no_utf_8_still_makes_a_line(record: Record):
    assert json.loads(encode(call_line(record(model="a\udc80"))))["model"] == "a\udc80"
    assert json.loads(encode({"event": "x", "why": "\udc80", "amount": Decimal(1)}))["why"] == "\udc80"


def test_what_json_lacks_is_written_as_its_text():
    assert msgspec.json.decode(encode({"error": ValueError("no")})) == {"error": "no"}


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_any_text_is_one_line_that_is_read_back_as_it_was(text: str):
    line = encode({"event": "x", "model": text}).decode()
    assert json.loads(line)["model"] == text
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("unseen", ["\x1b[2J", "\x9b2J", "\x85", "\u2028", "\u2029", "\u202e", "\u2066", "\r\n", "\0"])
def test_what_is_more_than_text_to_a_terminal_is_escaped(unseen: str):
    line = encode({"event": "x", "model": f"gémini{unseen}2.5"}).decode()
    assert line.isprintable()
    assert "gémini" in line
    assert json.loads(line)["model"] == f"gémini{unseen}2.5"
