"""The declared columns are those of a call's record."""

from sqlalchemy import Integer, Text

from sidecar.ledger.rows import ROW_COLUMNS
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.record import CallRecord


def test_columns_are_the_fields_of_a_record_and_the_instance():
    assert tuple(CALLS.c.keys()) == ROW_COLUMNS
    assert tuple(name for name in ROW_COLUMNS if name != "instance") == CallRecord.__struct_fields__


def test_what_a_record_must_have_may_not_be_null():
    required = {"id", "upstream", "provider", "dialect", "model", "kind", "started_at", "usage", "instance"}
    assert {column.name for column in CALLS.c if not column.nullable} == required


def test_money_and_usage_are_text_and_moments_are_integers():
    assert all(
        isinstance(column.type, Text) for column in CALLS.c if column.name.endswith("_usd") or column.name == "usage"
    )
    assert all(isinstance(column.type, Integer) for column in CALLS.c if column.name.endswith("_at"))
