"""The demo's cast."""

import pytest

from sidecar.simulator.cast import AGENT_ANSWERS, Ending, Role, Work, scene
from sidecar.simulator.script import Script, read_script

LENGTHS = (10, 60, 600)


def named(name: str, seconds: float = 60) -> Role:
    (role,) = [role for role in scene(seconds, 12, seed=7) if role.name == name]
    return role


def test_same_seed_gives_the_same_cast() -> None:
    assert scene(60, 20, seed=3) == scene(60, 20, seed=3)
    assert scene(60, 20, seed=3) != scene(60, 20, seed=4)


@pytest.mark.parametrize("seed", range(5))
def test_a_dozen_plain_callers_show_every_way_to_leave(seed: int) -> None:
    cast = scene(60, 12, seed)
    assert {role.ending for role in cast} == set(Ending)
    assert {role.work for role in cast} == set(Work)


@pytest.mark.parametrize("seconds", LENGTHS)
def test_who_vanishes_does_so_in_the_middle_of_its_work(seconds: float) -> None:
    for role in scene(seconds, 30, seed=7):
        assert role.ending is Ending.STAYS or 0 < role.leaves_after_seconds < role.work_seconds, role


@pytest.mark.parametrize("seconds", LENGTHS)
def test_all_have_entered_before_the_scene_is_two_thirds_over(seconds: float) -> None:
    cast = scene(seconds, 12, seed=7)
    assert max(role.enters_after_seconds for role in cast) <= seconds * 2 / 3
    assert list(cast) == sorted(cast, key=lambda role: role.enters_after_seconds)


@pytest.mark.parametrize("seconds", LENGTHS)
def test_the_first_to_enter_is_killed_within_a_second(seconds: float) -> None:
    first = scene(seconds, 1, seed=7)[0]
    assert (first.ending, first.enters_after_seconds) == (Ending.KILLED, 0)
    assert first.leaves_after_seconds < 1


def test_names_are_given_once() -> None:
    names = [role.name for role in scene(60, 50, seed=7)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("seconds", LENGTHS)
def test_every_script_is_the_simulators_grammar_and_takes_as_long_as_the_role_says(seconds: float) -> None:
    for role in scene(seconds, 12, seed=7):
        for text in role.scripts:
            assert read_script(text, Script()).seconds == pytest.approx(role.work_seconds, abs=0.01)


def test_only_one_batch_is_leased_and_enough_answers_are_fetched_to_tell_what_a_cancelled_one_would_have_cost() -> None:
    assert named("hourly").lease_seconds > named("hourly").leaves_after_seconds
    assert named("nightly").lease_seconds == 0
    assert len(named("research").scripts) == AGENT_ANSWERS
    assert named("research").model == named("forsaken").model


def test_who_comes_back_gives_up_once_and_not_twice() -> None:
    impatient = named("impatient")
    assert impatient.leaves_after_seconds < impatient.work_seconds < 2 * impatient.leaves_after_seconds
