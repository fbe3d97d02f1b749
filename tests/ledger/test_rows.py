"""A call survives being a row."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import astuple

from sidecar.ledger.rows import NOTHING, RECORD_COLUMNS, ROW_COLUMNS, Row, as_record, as_row
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import WishedBy
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.spend import HandedOver
from tests.ledger.given import orphaned_call, settled_call


def as_selected(row: Row) -> Row:
    """A row as it is read: what the statement made of it, without the instance."""
    columns = [pair for pair in zip(CALLS.c, row, strict=True) if pair[0].name != "instance"]
    return tuple(None if column.nullable and value == NOTHING else value for column, value in columns)


def column(row: Row, name: str) -> object:
    return row[ROW_COLUMNS.index(name)]


WORDS = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
MONEY = st.none() | st.decimals(0, 10**9, places=12)
RECORDS = st.builds(
    CallRecord, id=st.text(), upstream=st.text(), model=st.text(), caller=WORDS, left_reason=WORDS, outcome=WORDS,
    usage=st.dictionaries(st.sampled_from(["input", "output"]), st.integers(0, 2**63)), basis=WORDS, price_source=WORDS,
    spend_usd=MONEY, orphaned_usd=MONEY, avoidable_usd=MONEY, method=WORDS, tier=WORDS, asked_model=WORDS,
    labels=st.dictionaries(st.text(), st.text(), max_size=3), handed_over=st.none() | st.sampled_from(HandedOver),
    usage_at_left=st.none() | st.dictionaries(st.just("output"), st.integers(0, 2**63)), told_usd=MONEY,
    held_milliseconds=st.none() | st.integers(0, 2**62), decision=WORDS, decision_reason=WORDS,
    caller_timeout_seconds=st.none() | st.floats(0, allow_infinity=False), socket=WORDS,
)  # fmt: skip


@given(RECORDS)
def test_any_record_comes_back_from_its_row(record: CallRecord):
    assert as_record(as_selected(as_row(astuple(record), "i"))) == record


def test_a_row_holds_only_what_the_driver_takes_without_asking():
    record = orphaned_call(
        outcome=Outcome.ORPHAN_CUT, left_reason=LeftReason.RST, decision_reason=WishedBy.ROUTE, caller_timeout_seconds=0.1
    )  # fmt: skip
    assert {type(value) for value in as_row(astuple(record), "i")} == {str, int, float}


@pytest.mark.parametrize(
    ("amount", "text"), [("1E-7", "0.0000001"), ("1E+2", "100"), ("0", "0"), ("-0.10", "-0.10"), ("123.456", "123.456")]
)
def test_money_is_written_without_exponent(amount: str, text: str):
    assert column(as_row(astuple(settled_call(spend_usd=Decimal(amount))), "i"), "spend_usd") == text


def test_usage_is_written_as_json():
    assert column(as_row(astuple(settled_call(usage={"input": 3})), "i"), "usage") == '{"input":3}'


def test_no_label_is_no_text():
    assert column(as_row(astuple(settled_call()), "i"), "labels") == NOTHING
    assert column(as_row(astuple(settled_call(labels={"team": "a"})), "i"), "labels") == '{"team":"a"}'


def test_the_instance_stands_in_its_column():
    assert column(as_row(astuple(settled_call()), "i7"), "instance") == "i7"


def test_a_kind_without_a_word_for_it_is_refused():
    row = dict(zip(RECORD_COLUMNS, as_selected(as_row(astuple(settled_call()), "i")), strict=True)) | {"kind": "dream"}
    with pytest.raises(msgspec.ValidationError, match="dream"):
        as_record(tuple(row.values()))


@pytest.mark.parametrize(
    "wrong",
    [{"spend_usd": "NaN"}, {"told_usd": "-Infinity"}, {"usage": '{"input":-1}'}, {"usage_at_left": '{"output":-1}'}],
)
def test_what_can_be_no_amount_and_no_count_is_refused(wrong: dict[str, str]):
    row = dict(zip(RECORD_COLUMNS, as_selected(as_row(astuple(settled_call()), "i")), strict=True)) | wrong
    with pytest.raises(msgspec.ValidationError):
        as_record(tuple(row.values()))
