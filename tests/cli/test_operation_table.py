"""Operations for people."""

import io
import re
from decimal import Decimal

import pytest

from sidecar.cli.operation_table import print_operation, print_operations
from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OperationState
from tests.cli.ledgers import NOON, operation


def printed(*records) -> list[str]:
    file = io.StringIO()
    print_operations(records, file)
    return file.getvalue().splitlines()


def test_a_line_for_each():
    head, line = printed(
        operation(
            1, state=OperationState.ORPHANED, lapsed_at=NOON + 120 * SECOND, ended_at=NOON + 150 * SECOND,
            spend_usd=Decimal("0.5"), orphaned_usd=Decimal("0.5"), basis="exact",
        )
    )  # fmt: skip
    assert head.split() == [
        "OPENED", "(UTC)", "KIND", "MODEL", "STATE", "GONE", "AFTER", "RAN", "ON", "FOR", "SPEND", "USD", "ORPHANED",
        "OPERATION",
    ]  # fmt: skip
    assert line.split() == [
        "11-20", "12:01:00", "background", "gpt-6", "orphaned", "1m00s", "30.0s", "0.500000", "0.500000", "o001",
    ]  # fmt: skip


def test_none__said():
    assert printed() == ["no operations"]


def test_marks_are_explained_where_they_stand():
    assert printed(operation(1, spend_usd=Decimal(1), basis="estimated"))[-1].startswith("~ estimated")
    assert "estimated" not in printed(operation(1, spend_usd=Decimal(1), basis="exact"))[-1]


@pytest.mark.parametrize(
    ("columns", "is_wide"), [("100", False), ("118", True)], ids=["a usual terminal", "a wide one"]
)
def test_durations_are_shown_where_there_is_room(monkeypatch, columns, is_wide):
    monkeypatch.setenv("COLUMNS", columns)
    lines = printed(operation(1, lapsed_at=NOON + 90 * SECOND))
    assert ("GONE AFTER" in lines[0]) is is_wide
    assert max(map(len, lines)) <= int(columns)


def test_a_name_can_not_move_the_cursor():
    assert "evil?[2J" in printed(operation(1, model="evil\x1b[2J"))[1]


def shown(record) -> dict[str, str]:
    file = io.StringIO()
    print_operation(record, [], file)
    return dict(re.split(" {2,}", line, maxsplit=1) for line in file.getvalue().splitlines())


def test_what_is_known_of_one_is_a_line():
    facts = shown(operation(1, usage={"input": 3}, lapsed_at=NOON + 90 * SECOND, orphaned_usd=Decimal(0)))
    assert facts["usage.input"] == "3"
    assert facts["state"] == "opening"
    assert facts["gone after"] == "30.0s"
    assert facts["orphaned_usd"] == "0"


def test_what_is_not_known_no_and_0_is_none():
    told = {"asked_seconds", "asked_pieces", "is_lease_asked", "is_detached", "cancel_attempts", "ended_at", "host"}
    assert told.isdisjoint(shown(operation(1)))
    assert told <= shown(
        operation(
            1, asked_seconds=8, asked_pieces=1, is_lease_asked=True, is_detached=True, cancel_attempts=1,
            ended_at=NOON + 90 * SECOND, host="eu.example.com",
        )
    ).keys()  # fmt: skip


def test_what_its_reaper_works_by_is_shown_until_it_has_settled():
    working = {"due_at", "looks", "holder", "fence"}
    held = {"looks": 2, "holder": "me", "fence": 1}
    assert working <= shown(operation(1, **held)).keys()
    assert working.isdisjoint(shown(operation(1, **held, settled_at=NOON + 90 * SECOND)))


def test_an_operation_that_nobody_left_and_that_costs_nothing_leaves_its_cells_empty():
    assert printed(operation(1))[1].split() == ["11-20", "12:01:00", "background", "gpt-6", "opening", "o001"]
    assert "unpriced" in printed(operation(1, unpriced_reason="expired"))[1]
