"""Pauses between questions."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.operation import KNOWN, REVISABLE, OperationState as S
from sidecar.lifecycle.pace import CONFIRMING, LOOKING, SENDING, WATCHING, Pace, after

PACES = [*LOOKING.values(), SENDING]


def test_pauses_grow_up_to_the_longest() -> None:
    pauses = [Pace(1, 2, 10).pause_seconds(attempts, chance=1) for attempts in range(6)]
    assert pauses == [1, 2, 4, 8, 10, 10]


def test_chance_spreads_over_the_upper_half() -> None:
    assert [Pace(8, 2, 8).pause_seconds(0, chance) for chance in (0, 0.5, 1)] == [4, 6, 8]


@given(st.sampled_from(PACES), st.integers(0, 10**9), st.floats(0, 1))
def test_any_attempt__never_at_once_and_never_longer_than_the_longest(pace: Pace, attempts: int, chance: float) -> None:
    assert pace.first_seconds / 2 <= pace.pause_seconds(attempts, chance) <= pace.longest_seconds


def test_the_provider_wants_longer__at_least_that() -> None:
    assert after(CONFIRMING, 0, 0.5, asked_seconds=600) >= 600


def test_the_provider_wants_less__our_own_pause() -> None:
    assert after(WATCHING, 20, 1, asked_seconds=1) == WATCHING.longest_seconds


@pytest.mark.parametrize("state", sorted(KNOWN | REVISABLE | {S.OPENING}))
def test_every_state_that_is_looked_at_has_its_pace(state: S) -> None:
    assert state in LOOKING
