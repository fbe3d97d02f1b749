"""What happens to a fleet costs nobody his operation, loses none, and brings no herd: the scenarios of `make scale`, small."""

from functools import cache
from statistics import median

import pytest

from sidecar.ledger.postgres_presence import TERM_SECONDS
from sidecar.reaper.reaper import beat_seconds_of
from tests.reaper.world import RULES
from tests.scale.fleet_report import Report
from tests.scale.scenarios import (
    SCENARIOS,
    Scenario,
    everybody_looks_at_everything,
    play,
    steady,
)

PODS = 90
"""Three nodes, one in each zone."""
OUTAGE = 5
"""So many times the usual statements in the busiest second after an outage, at most."""
USUAL = 2
BY_NAME = {scenario.play.__name__: scenario for scenario in SCENARIOS}
LATEST_SECONDS = TERM_SECONDS + 2 * beat_seconds_of(RULES) + 1
"""Seen to be dead a term after the last word; the neighbor looks within a beat, and one more where it may not judge yet."""


@cache
def played(name: str, seed: int = 1) -> Report:
    """The report of a scenario; each is played once with a seed."""
    return play(BY_NAME[name], PODS, seed)


@pytest.fixture
def at_rest() -> Report:
    return played("steady")


@pytest.mark.parametrize("name", BY_NAME)
def test_nothing_is_lost_or_taken_twice_or_cancelled_falsely(name: str) -> None:
    report = played(name)
    assert report.findings() == []
    assert report.takeover[-1] <= LATEST_SECONDS
    assert report.operations > 2 * PODS


def test_gateways_hear_nobody__their_breakers_trip() -> None:
    assert played("gateways_silent").suspicions >= 2
    assert played("all_silent").suspicions == 0  # of two operations of a pod both may well be over


def test_at_rest__so_many_statements_a_pod_and_no_more(at_rest: Report) -> None:
    a_pod = {what: count / PODS for what, count in at_rest.statements.items()}
    assert a_pod["presence"] == pytest.approx(3 / (0.9 * TERM_SECONDS), rel=0.05)
    assert a_pod["dead"] <= 3 / beat_seconds_of(RULES) + 3 / 30 + 0.01
    assert a_pod["renew"] <= 2 / 20 * 1.3  # two operations, polled every 20 s
    assert sum(a_pod.values()) <= 0.75
    assert at_rest.most_statements <= USUAL * sum(at_rest.statements.values())
    assert (at_rest.connects, at_rest.looks <= PODS // 10) == (0, True)


def test_the_database_comes_back__they_do_not_all_come_at_once(at_rest: Report) -> None:
    name = "database_away"
    reports = [played(name), played(name, 2), played(name, 3)]  # the busiest second is one of chance
    assert median(report.most_statements for report in reports) <= OUTAGE * sum(at_rest.statements.values())
    assert median(report.connects for report in reports) <= 1.5 * PODS


def test_a_zone_is_lost__those_who_live_share_what_it_left() -> None:
    report = played("zone_lost")
    assert report.left >= PODS // 3
    assert report.most_taken <= report.left // 3


def test_a_look_for_the_dead_reads_what_is_near_and_not_all_that_is_open(at_rest: Report) -> None:
    """Before each looked after his neighbors alone, every look read all: the square of the fleet."""
    before = play(BY_NAME["steady"], PODS, prepare=everybody_looks_at_everything)
    assert before.findings() == []
    assert at_rest.entries_read < before.entries_read / 10


def test_the_same_seed_is_the_same_run__another_is_another() -> None:
    first, again, other = (play(Scenario("now", steady), 30, seed=seed) for seed in (7, 7, 8))
    assert first == again
    assert first != other
