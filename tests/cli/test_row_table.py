"""Rows of the ledger for people."""

import io

import pytest

from sidecar.cli.row_table import Column, filled, print_facts, print_rows
from sidecar.lifecycle.record import CallRecord
from tests.cli.ledgers import call

COLUMNS: tuple[Column[CallRecord], ...] = (
    Column("CALL", lambda record: record.id),
    Column("MODEL", lambda record: record.model, gives_way=True),
    Column("STATUS", lambda record: str(record.http_status), is_number=True),
    Column("CALLER", lambda record: record.caller or "", needs_room=True),
)


def printed(*records, style=None) -> list[str]:
    file = io.StringIO()
    print_rows(records, COLUMNS, lambda record: style, file)
    return file.getvalue().splitlines()


def test_a_line_for_each_below_its_heads():
    head, *lines = printed(call(1, caller="worker-1"), call(2))
    assert head.split() == ["CALL", "MODEL", "STATUS", "CALLER"]
    assert [line.split() for line in lines] == [
        ["c001", "gemini-2.5-flash", "200", "worker-1"], ["c002", "gemini-2.5-flash", "200"],
    ]  # fmt: skip


def test_numbers_stand_to_the_right():
    head, line = printed(call(1))
    assert line.index("200") + len("200") == head.index("STATUS") + len("STATUS")


@pytest.mark.parametrize(("columns", "is_wide"), [("117", False), ("118", True)])
def test_a_column_that_needs_room_waits_for_a_wide_terminal(monkeypatch, columns, is_wide):
    monkeypatch.setenv("COLUMNS", columns)
    assert ("CALLER" in printed(call(1))[0]) is is_wide


def test_a_name_gives_way_where_the_terminal_is_narrow(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    _, line = printed(call(1, model="a-model-of-a-very-long-name"))
    assert len(line) <= 30
    assert line.startswith("c001")
    assert line.endswith("200")


def test_marks_are_explained_below():
    assert printed(call(1, basis="estimated"))[-1].startswith("~ estimated")


def test_a_fact_a_line__without_what_would_move_the_cursor():
    file = io.StringIO()
    print_facts([("id", "c001"), ("model", "evil\x1b[2J"), ("status", 200)], file)
    assert [line.split() for line in file.getvalue().splitlines()] == [
        ["id", "c001"], ["model", "evil?[2J"], ["status", "200"],
    ]  # fmt: skip


def test_filled__what_holds_something_and_objects_member_by_member():
    row = {"id": "c001", "left_at": None, "usage": {"input": 3, "output": 5}, "labels": {}, "held": 0}
    assert list(filled(row)) == [("id", "c001"), ("usage.input", 3), ("usage.output", 5), ("held", 0)]
