import io
from decimal import Decimal

import pytest

from sidecar.cli.operation_table import gone_after, orphaned, print_operation, print_operations, ran_on_for, spend
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


def test_everything_that_is_known_of_one_is_a_line():
    file = io.StringIO()
    print_operation(operation(1, usage={"input": 3}), [], file)
    said = [line.split(maxsplit=1) for line in file.getvalue().splitlines()]
    assert ["usage.input", "3"] in said
    assert ["state", "opening"] in said
    assert "lapsed_at" not in [line[0] for line in said]


def test_an_operation_that_nobody_left_and_that_costs_nothing_leaves_its_cells_empty():
    assert [tell(operation(1)) for tell in (gone_after, ran_on_for, spend, orphaned)] == ["", "", "", ""]
    assert spend(operation(1, unpriced_reason="expired")) == "unpriced"
