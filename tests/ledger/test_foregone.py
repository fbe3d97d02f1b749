"""What `enforce` would have saved is told from the moments of a row."""

from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.ledger.bill import Enforcing
from sidecar.ledger.foregone import Spared, foregone, is_enforcing, would_be_given
from tests.ledger.bill_given import repeat, repeated
from tests.ledger.given import START, settled_call

USUAL = Enforcing(grace_seconds=10, window_seconds=30)


def ran_on(seconds: int, avoidable: str | None = "3", **known: int | None) -> Spared:
    gone = {"lapsed_at": START, "ended_at": START + seconds * SECOND, "claimed_at": None, "settled_at": START}
    return Spared(**(gone | known), spend_usd="4", avoidable_usd=avoidable)


@pytest.mark.parametrize(("seconds", "saved"), [(30, "2"), (20, "1.5"), (10, "0"), (5, "0"), (0, "0"), (-5, "0")])
def test_the_grace_is_taken_off_in_proportion(seconds: int, saved: str):
    assert foregone([ran_on(seconds)], 0, Decimal(0), USUAL).operations_usd == Decimal(saved)


def test_without_a_grace_all_of_the_avoidable_is_saved():
    assert foregone([ran_on(1)], 0, Decimal(0), Enforcing(grace_seconds=0)).operations_usd == Decimal(3)


def test_what_ended_unseen_saves_nothing():
    assert foregone([ran_on(30, ended_at=None)], 0, Decimal(0), USUAL).operations_usd == 0


def test_each_operation_is_counted_once():
    spared = [ran_on(30), ran_on(30, None), ran_on(30, settled_at=None), ran_on(30, claimed_at=START)]
    found = foregone(spared, 5, Decimal(7), USUAL)
    assert (found.operations, found.operations_unpriced, found.operations_open, found.returned) == (2, 1, 1, 1)
    assert (found.repeats, found.repeats_usd, found.saved_usd) == (5, Decimal(7), Decimal(2 + 7 - 4))


@pytest.mark.parametrize(("after_seconds", "is_given"), [(0.9, False), (1, True), (32, True), (32.1, False)])
def test_an_answer_is_there_from_its_callers_leaving_to_the_end_of_the_window(after_seconds: float, is_given: bool):
    again = repeat(started_at=START + int(after_seconds * SECOND))
    assert would_be_given(again, repeated(), USUAL) is is_given


def test_a_process_that_rescues_is_told_by_what_it_wrote():
    assert is_enforcing(settled_call(decision="hold"))
    assert is_enforcing(settled_call(outcome="joined"))
    assert not is_enforcing(settled_call(decision="follow"))
