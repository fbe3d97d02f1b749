"""What happens to the provider's connection when the caller leaves, as a table."""

import pytest

from sidecar.lifecycle.policy import (
    TOO_MANY,
    CutUpstream,
    FollowBounds,
    FollowUpstream,
    OnClose,
    OnDeparture,
    on_departure,
)

BOUNDS = FollowBounds(max_calls=2, max_seconds=900, max_bytes=1)

ROWS = [
    # setting            what closing does   decision
    (OnDeparture.AUTO, OnClose.STOPS, CutUpstream("provider_stops")),
    (OnDeparture.AUTO, OnClose.RUNS_ON, FollowUpstream("provider_runs_on")),
    (OnDeparture.AUTO, OnClose.UNKNOWN, CutUpstream("provider_unknown")),
    (OnDeparture.CUT, OnClose.STOPS, CutUpstream("setting")),
    (OnDeparture.CUT, OnClose.RUNS_ON, CutUpstream("setting")),
    (OnDeparture.CUT, OnClose.UNKNOWN, CutUpstream("setting")),
    (OnDeparture.FOLLOW, OnClose.STOPS, FollowUpstream("setting")),
    (OnDeparture.FOLLOW, OnClose.RUNS_ON, FollowUpstream("setting")),
    (OnDeparture.FOLLOW, OnClose.UNKNOWN, FollowUpstream("setting")),
]


@pytest.mark.parametrize(("setting", "on_close", "command"), ROWS)
def test_setting_and_fact_decide(
    setting: OnDeparture, on_close: OnClose, command: CutUpstream | FollowUpstream
) -> None:
    assert on_departure(setting, on_close, followed=0, bounds=BOUNDS) == command


def test_the_table_is_whole() -> None:
    assert {row[:2] for row in ROWS} == {(setting, on_close) for setting in OnDeparture for on_close in OnClose}


@pytest.mark.parametrize("followed", [0, 1])
def test_below_the_bound__followed(followed: int) -> None:
    command = on_departure(OnDeparture.AUTO, OnClose.RUNS_ON, followed, BOUNDS)
    assert command == FollowUpstream("provider_runs_on")


@pytest.mark.parametrize("followed", [2, 3])
@pytest.mark.parametrize("setting", [OnDeparture.AUTO, OnDeparture.FOLLOW])
def test_at_the_bound__cut_and_said_so(setting: OnDeparture, followed: int) -> None:
    assert on_departure(setting, OnClose.RUNS_ON, followed, BOUNDS) is TOO_MANY


def test_a_cut_keeps_its_reason_at_the_bound() -> None:
    assert on_departure(OnDeparture.AUTO, OnClose.STOPS, 2, BOUNDS) == CutUpstream("provider_stops")


def test_no_call_is_followed_where_none_may_be() -> None:
    none = FollowBounds(max_calls=0, max_seconds=900, max_bytes=1)
    assert on_departure(OnDeparture.FOLLOW, OnClose.STOPS, 0, none) is TOO_MANY
