"""An operation is a row and back without loss, whatever is in it; and only some of its fields may be set."""

import math
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.ledger.operation_rows import (
    AFTERWARDS,
    CHANGEABLE,
    MOVE_COLUMNS,
    RECORD_COLUMNS,
    ROW_COLUMNS,
    SETTLING,
    as_columns,
    as_evidence,
    as_move,
    as_record,
    as_row,
    check_changes,
    writable,
)
from sidecar.lifecycle.operation import OperationEvent, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from tests.ledger.operations_given import operation

WHOLE_NUMBERS = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: WHOLE_NUMBERS,
    float: st.floats(0, 1e9),
    bool: st.booleans(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    dict[str, int]: st.dictionaries(TEXT, st.integers(0, 2**63)),
    dict[str, str]: st.dictionaries(TEXT, TEXT),
    OperationKind: st.sampled_from(OperationKind),
    OperationState: st.sampled_from(OperationState),
}


def any_value(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in BY_TYPE:
        return BY_TYPE[annotation]
    return st.none() | BY_TYPE[next(part for part in annotation.__args__ if part is not type(None))]


RECORDS = st.builds(
    OperationRecord, **{field.name: any_value(field.type) for field in msgspec.structs.fields(OperationRecord)}
)


def back(record: OperationRecord) -> OperationRecord:
    row = as_row(record)
    return as_record([row[name] for name in RECORD_COLUMNS])


@given(RECORDS)
def test_an_operation_is_a_row_and_back_without_loss(record: OperationRecord):
    assert back(record) == record


@given(RECORDS)
def test_a_row_is_numbers_and_text(record: OperationRecord):
    assert {type(value) for value in as_row(record).values()} <= {int, float, str, type(None)}


def test_a_row_has_every_column():
    assert sorted(as_row(operation())) == sorted(ROW_COLUMNS)


@given(st.text())
def test_any_text_becomes_one_that_can_be_written_and_stays_so(text: str):
    written = writable(text)
    assert "\0" not in written.encode().decode()
    assert writable(written) == written
    assert len(written) == len(text)


def test_money_is_plain_digits():
    assert as_columns({"spend_usd": Decimal("1E-7"), "told_usd": Decimal("1E+3"), "avoided_usd": None}) == {
        "spend_usd": "0.0000001", "told_usd": "1000", "avoided_usd": None,
    }  # fmt: skip


def test_members_of_enums_become_their_words_and_claims_become_numbers():
    columns = as_columns({"kind": OperationKind.LRO, "is_detached": True, "is_lease_asked": False})
    assert columns == {"kind": "lro", "is_detached": 1, "is_lease_asked": 0}
    assert {type(value) for value in columns.values()} == {str, int}


@pytest.mark.parametrize(
    ("provider_id", "key"),
    [("resp_1", "resp_1"), ("a/b/12", "12"), ("a/12/", "12"), ("a\0b", "a\ufffdb"), (None, None)],
)
def test_the_providers_id_brings_its_key(provider_id: str | None, key: str | None):
    assert as_columns({"provider_id": provider_id})["provider_key"] == key
    assert "provider_key" not in as_columns({"looks": 1})


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_no_column_holds_is_refused(number: int):
    with pytest.raises(OverflowError):
        as_columns({"asked_pieces": number})


def test_a_lease_may_be_for_ever():
    assert back(operation(lease_seconds=math.inf)).lease_seconds == math.inf


@pytest.mark.parametrize("column", ["kind", "state", "usage"])
def test_a_word_of_a_later_version_is_said_to_be_unknown(column: str):
    row = as_row(operation()) | {column: "future"}
    with pytest.raises(msgspec.MsgspecError):
        as_record([row[name] for name in RECORD_COLUMNS])


def test_a_line_of_history_is_read():
    line = OperationMove(
        number=1, at=5, event=OperationEvent.OPENED, state=OperationState.OPENING, instance="first", evidence="seen"
    )
    assert as_move([getattr(line, name) for name in MOVE_COLUMNS]) == line
    with pytest.raises(msgspec.MsgspecError):
        as_move([1, 5, "future", "opening", "first", ""])


def test_evidence_is_short_and_writable():
    assert as_evidence("\0" + "x" * 300) == "\ufffd" + "x" * 199


def test_every_field_is_changed_by_changes_or_by_the_ledger_itself():
    kept = {"id", "upstream", "opened_at", "state", "settled_at", "outcome", "holder", "fence"}
    assert set(RECORD_COLUMNS) - CHANGEABLE == kept | AFTERWARDS
    assert {"settled_at"} == SETTLING - CHANGEABLE


def test_a_field_that_may_not_be_set_is_named():
    check_changes({"looks": 1, "due_at": 2})
    check_changes({"settled_at": 2}, SETTLING)
    with pytest.raises(ValueError, match=r"not to be set by changes: fence, state$"):
        check_changes({"state": "running", "fence": 2, "looks": 1})


@pytest.mark.parametrize("wrong", [{"spend_usd": "NaN"}, {"avoided_usd": "Infinity"}, {"usage": '{"input":-1}'}])
def test_what_can_be_no_amount_and_no_count_is_refused(wrong: dict[str, str]):
    row = as_row(operation()) | wrong
    with pytest.raises(msgspec.ValidationError):
        as_record([row[name] for name in RECORD_COLUMNS])
