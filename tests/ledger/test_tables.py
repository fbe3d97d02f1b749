"""The declared columns are those of the records."""

import msgspec
from sqlalchemy import Integer, Text

from sidecar.ledger.rows import ROW_COLUMNS
from sidecar.ledger.tables import CALLS, METADATA, OPERATION_MOVES, OPERATIONS
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallRecord


def test_columns_are_the_fields_of_a_record_and_the_instance():
    assert tuple(CALLS.c.keys()) == ROW_COLUMNS
    assert tuple(name for name in ROW_COLUMNS if name != "instance") == CallRecord.__struct_fields__


def test_what_a_record_must_have_may_not_be_null():
    required = {"id", "upstream", "provider", "dialect", "model", "kind", "started_at", "usage", "instance"}
    assert {column.name for column in CALLS.c if not column.nullable} == required


def test_money_and_usage_are_text_and_moments_are_integers():
    columns = [column for table in METADATA.sorted_tables for column in table.c]
    texts = [column for column in columns if column.name.endswith("_usd") or column.name in {"usage", "labels"}]
    moments = [column for column in columns if column.name.endswith("_at")]
    assert all(isinstance(column.type, Text) for column in texts)
    assert all(isinstance(column.type, Integer) for column in moments)


def test_columns_of_an_operation_are_the_fields_of_its_record_and_its_key():
    columns = tuple(OPERATIONS.c.keys())
    assert tuple(name for name in columns if name != "provider_key") == OperationRecord.__struct_fields__
    assert columns[-2:] == ("provider_key", "trace")  # what a later step adds stands behind
    assert tuple(OPERATION_MOVES.c.keys()) == ("operation_id", *OperationMove.__struct_fields__)


def test_what_may_be_unknown_of_an_operation_is_what_its_record_may_leave_out():
    optional = {field.name for field in msgspec.structs.fields(OperationRecord) if field.default is None}
    assert {column.name for column in OPERATIONS.c if column.nullable} == optional | {"provider_key"}
