from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.live_turns import MOST_UNASKED, Turn, Turns, carried, summed, with_text

EXACT, AT_LEAST, ESTIMATED = Basis.EXACT, Basis.AT_LEAST, Basis.ESTIMATED
USED = Usage(
    input=100, audio_input=60, image_input=8, output=30, reasoning=9, audio_output=25,
    cached_input=40, cached_audio_input=20, cached_image_input=3,
)  # fmt: skip


def judged(turn: Turn) -> tuple[Usage, Basis, str] | None:
    got = turn.reported()
    return None if got is None else (got.usage, got.basis, got.reason)


def test_nothing_is_known_of_a_turn_before_anything_passes():
    assert Turn(1).reported() is None


def test_a_report_is_a_lower_bound_until_the_answer_is_whole():
    turn = Turn(1)
    turn.add(Reported(USED))
    assert judged(turn) == (USED, AT_LEAST, "unfinished")
    turn.is_terminal = True
    assert judged(turn) == (USED, EXACT, "")


def test_without_a_report_text_is_counted():
    turn = Turn(1, Usage(input=7))
    turn.said_bytes = 9
    assert judged(turn) == (Usage(input=7, output=3), ESTIMATED, "counted_deltas")


def test_sound_that_nobody_counted_is_said_to_be_missing():
    turn = Turn(1, Usage(input=7))
    turn.has_sound = True
    assert judged(turn) == (Usage(input=7), ESTIMATED, "unreported_sound")


def test_an_answer_that_was_left_before_its_first_word_has_cost_its_input():
    assert judged(Turn(1, Usage(input=7))) == (Usage(input=7), ESTIMATED, "counted_deltas")


def test_an_answer_that_ended_with_nothing_is_not_estimated():
    turn = Turn(1, Usage(input=7))
    turn.is_terminal = True
    assert turn.reported() is None


def test_what_was_declined_cost_nothing():
    turn = Turn(1, Usage(input=7))
    turn.is_declined = True
    assert turn.reported() is None


def test_a_turn_is_kept_until_it_is_asked_for():
    turns = Turns()
    turn = turns.open(Usage(input=7))
    assert turns.take(1) is turn
    assert turns.take(1).reported() is None


def test_whoever_never_asks_loses_the_oldest():
    turns = Turns()
    opened = [turns.open() for _ in range(MOST_UNASKED + 1)]
    assert turns.take(1) is not opened[0]
    assert turns.take(2) is opened[1]


def test_two_reports_are_one():
    one = Reported(USED, "m", basis=AT_LEAST, reason="x", cost_usd=Decimal(1))
    both = summed(one, Reported(Usage(output=1), cost_usd=Decimal(2)))
    assert (both.usage.input, both.usage.output, both.usage.audio_output) == (100, 31, 25)
    assert (both.model, both.basis, both.reason, both.cost_usd) == ("m", AT_LEAST, "x", Decimal(3))


def test_two_tiers_make_a_price_a_guess():
    both = summed(Reported(USED, tier="flex"), Reported(USED))
    assert (both.basis, both.reason, both.cost_usd) == (ESTIMATED, "tiers_differ", None)


@pytest.mark.parametrize(
    ("is_cached", "usage"),
    [
        (False, Usage(input=170, audio_input=105, image_input=11)),
        (True, Usage(input=30, audio_input=25, cached_input=140, cached_audio_input=80, cached_image_input=11)),
    ],
)
def test_the_next_answer_reads_what_this_one_read_and_said(is_cached, usage):
    assert carried(USED, is_cached=is_cached) == usage


def test_text_that_was_said_since_is_read_too():
    assert with_text(Usage(input=7), 9) == Usage(input=10)
    assert with_text(USED, 0) is USED


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=9))
def test_reports_add_up(outputs):
    turn = Turn(1)
    for output in outputs:
        turn.add(Reported(Usage(output=output)))
    assert turn.told is not None
    assert turn.told.usage == Usage(output=sum(outputs))
