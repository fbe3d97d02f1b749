"""What several commands take is the same in each of them."""

from collections.abc import Callable

import pytest
import typer

from sidecar.cli import OK, flags
from sidecar.cli.flags import By, parse_call_kind, parse_kind, parse_outcome, parse_state
from sidecar.ledger import contract
from sidecar.lifecycle.call import Outcome


def test_reports_are_grouped_by_what_the_ledger_groups_by():
    assert [by.value for by in By] == [by.value for by in contract.By]


@pytest.mark.parametrize("outcome", [*Outcome, contract.OPEN])
def test_every_outcome_can_be_asked_for(outcome):
    assert parse_outcome(outcome) == outcome


def test_a_slip_in_an_outcome_names_them_all():
    with pytest.raises(typer.BadParameter, match=r"'orphaned' is not one of delivered, .*, open"):
        parse_outcome("orphaned")


def test_everything_can_be_printed_for_people_and_for_machines():
    for formats in (flags.RowFormat, flags.ReportFormat, flags.Format):
        assert {"table", "json"} <= {each.value for each in formats}


@pytest.mark.parametrize("group", ["calls", "config", "prices"])
def test_a_group_alone_says_what_there_is(sidecar, group):
    ran = sidecar(group)
    assert ran.code == OK
    assert "Commands:" in ran.out


@pytest.mark.parametrize(
    ("parse", "good", "bad"),
    [
        (parse_kind, "batch", "job"),
        (parse_call_kind, "live", "batch"),
        (parse_state, "open", "gone"),
        (parse_state, "expired", ""),
    ],
)
def test_a_word_is_one_of_its_set(parse: Callable[[str], str], good: str, bad: str):
    assert parse(good) == good
    with pytest.raises(typer.BadParameter, match=f"'{bad}' is not one of "):
        parse(bad)
