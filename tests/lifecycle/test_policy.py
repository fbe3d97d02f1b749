"""What happens to the provider's connection when the caller leaves, as a table."""

from itertools import product

import pytest

from sidecar.lifecycle.policy import (
    DECISIONS,
    TOO_MANY,
    Command,
    CutUpstream,
    FollowBounds,
    FollowUpstream,
    HoldUpstream,
    OnClose,
    OnDeparture,
    Wish,
    WishedBy,
    on_departure,
)

BOUNDS = FollowBounds(max_calls=2, max_seconds=900, max_bytes=1)
HAS_ROOM, IS_FULL = 1, 2
"""Calls that are read on already."""
NO_GRACE, GRACE = 0.0, 1.5
"""Seconds."""

STOPS, UNKNOWN = CutUpstream("provider_stops"), CutUpstream("provider_unknown")
RUNS_ON = FollowUpstream("provider_runs_on")
CUT, FOLLOW = CutUpstream("request"), FollowUpstream("request")

ROWS: list[tuple[OnDeparture, OnClose, Command, Command, Command, Command]] = [
    # wished by request  what closing does  room, no grace  room, grace                   full, no grace  full, grace
    (OnDeparture.AUTO, OnClose.STOPS, STOPS, HoldUpstream(GRACE, STOPS), STOPS, TOO_MANY),
    (OnDeparture.AUTO, OnClose.UNKNOWN, UNKNOWN, HoldUpstream(GRACE, UNKNOWN), UNKNOWN, TOO_MANY),
    (OnDeparture.AUTO, OnClose.RUNS_ON, RUNS_ON, RUNS_ON, TOO_MANY, TOO_MANY),
    (OnDeparture.FOLLOW, OnClose.STOPS, FOLLOW, FOLLOW, TOO_MANY, TOO_MANY),
    (OnDeparture.FOLLOW, OnClose.UNKNOWN, FOLLOW, FOLLOW, TOO_MANY, TOO_MANY),
    (OnDeparture.FOLLOW, OnClose.RUNS_ON, FOLLOW, FOLLOW, TOO_MANY, TOO_MANY),
    (OnDeparture.CUT, OnClose.STOPS, CUT, CUT, CUT, CUT),
    (OnDeparture.CUT, OnClose.UNKNOWN, CUT, CUT, CUT, CUT),
    (OnDeparture.CUT, OnClose.RUNS_ON, CUT, CUT, CUT, CUT),
]
CASES = [(wished, fact, *column) for wished, fact, *row in ROWS for column in zip(
    product((HAS_ROOM, IS_FULL), (NO_GRACE, GRACE)), row, strict=True)]  # fmt: skip


@pytest.mark.parametrize(("wished", "on_close", "now", "command"), CASES)
def test_wish_fact_room_and_grace_decide(
    wished: OnDeparture, on_close: OnClose, now: tuple[int, float], command: Command
) -> None:
    followed, grace = now
    assert on_departure(Wish(wished, WishedBy.REQUEST), on_close, followed, BOUNDS, grace) == command


def test_the_table_is_whole() -> None:
    assert sorted(row[:2] for row in ROWS) == sorted(product(OnDeparture, OnClose))


EVERY = list(product(OnDeparture, WishedBy, OnClose, range(4), (NO_GRACE, GRACE)))


def decided(wished: OnDeparture, by: WishedBy, on_close: OnClose, followed: int, grace: float) -> Command:
    return on_departure(Wish(wished, by), on_close, followed, BOUNDS, grace)


def test_auto_without_a_retry_to_wait_for_never_costs_more_than_a_bare_connection() -> None:
    """Which closes at once: reading on is free only where closing stops nothing."""
    for wished, by, on_close, followed, grace in EVERY:
        command = decided(wished, by, on_close, followed, grace)
        if wished is OnDeparture.AUTO and grace == NO_GRACE and on_close is not OnClose.RUNS_ON:
            assert isinstance(command, CutUpstream)


def test_who_asks_for_a_cut_has_it_at_once_whoever_it_is() -> None:
    for wished, by, on_close, followed, grace in EVERY:
        if wished is OnDeparture.CUT:
            assert decided(wished, by, on_close, followed, grace) == CutUpstream(by)


def test_who_asks_to_follow_is_named_as_the_reason() -> None:
    for wished, by, on_close, followed, grace in EVERY:
        if wished is OnDeparture.FOLLOW and followed < BOUNDS.max_calls:
            assert decided(wished, by, on_close, followed, grace) == FollowUpstream(by)


def test_only_what_the_facts_would_cut_is_held_and_then_cut_for_that_reason() -> None:
    held = {
        (wished, on_close, grace, command.seconds, command.then.because)
        for wished, by, on_close, followed, grace in EVERY
        if isinstance(command := decided(wished, by, on_close, followed, grace), HoldUpstream)
    }
    assert held == {
        (OnDeparture.AUTO, OnClose.STOPS, GRACE, GRACE, "provider_stops"),
        (OnDeparture.AUTO, OnClose.UNKNOWN, GRACE, GRACE, "provider_unknown"),
    }


def test_nothing_is_read_on_past_the_bound() -> None:
    for wished, by, on_close, followed, grace in EVERY:
        command = decided(wished, by, on_close, followed, grace)
        assert followed < BOUNDS.max_calls or isinstance(command, CutUpstream)


def test_nothing_is_read_on_where_nothing_may_be() -> None:
    none = FollowBounds(max_calls=0, max_seconds=900, max_bytes=1)
    for wished in OnDeparture:
        for on_close in OnClose:
            assert isinstance(on_departure(Wish(wished), on_close, 0, none, GRACE), CutUpstream)


def test_every_command_has_a_name_and_a_reason_of_one_word() -> None:
    commands = [decided(*case) for case in EVERY]
    assert {DECISIONS[type(command)] for command in commands} == {"cut", "follow", "hold"}
    assert all(command.because.replace("_", "").isalpha() for command in commands)


def test_a_wish_is_the_settings_unless_it_says_otherwise() -> None:
    assert Wish(OnDeparture.CUT).by is WishedBy.SETTING
