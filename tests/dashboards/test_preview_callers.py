"""The preview's callers: who comes, what they ask for, and that they do what their part says."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from dashboards.preview.callers import Course, Leaving, Request, leave, operate, stay
from dashboards.preview.workload import MODELS, Cast, arrivals, rate, target_of
from sidecar.simulator.phase import Phase
from sidecar.simulator.script import Script, read_script
from sidecar.simulator.server import RunningSimulator, running_simulator


def test_the_same_seed__gives_the_same_cast() -> None:
    first, second = ([repr(life) for life in lives(200)] for _ in range(2))
    assert first == second


def lives(count: int) -> Iterator[Any]:
    cast = Cast(seed=3)
    for number in range(count):
        life = cast.caller(number / count)
        yield life.func.__name__, life.keywords


def test_every_script_is_in_the_simulators_grammar() -> None:
    for _, told in lives(600):
        read_script(told["request"].script, Script())


def test_callers_of_every_kind_come() -> None:
    kinds = {name for name, _ in lives(600)}
    assert kinds == {"stay", "leave", "operate", "open_and_end"}


def test_most_callers_of_the_bad_release_leave__and_few_others() -> None:
    def leavers(part: float) -> float:
        cast = Cast(seed=1)
        told = [cast.caller(part) for _ in range(1500)]
        released = [life for life in told if "gemini-2.5-pro" in life.keywords["request"].target]
        return sum(life.func is leave for life in released) / len(released)

    assert leavers(0.2) < 0.2 < 0.5 < leavers(0.6)


def test_callers_come_while_the_time_lasts__and_nobody_after_it() -> None:
    moments = list(arrivals(100.0, random.Random(1)))
    assert len(moments) > 150
    assert moments == sorted(moments)
    assert 95 < moments[-2] < 100
    assert rate(1.01) == 0


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def at_the_provider(target: str) -> str:
    """A target without the sidecar's prefix."""
    return "/" + target.split("/", 2)[2]


@pytest.mark.parametrize("model", [model.name for model in MODELS])
@pytest.mark.parametrize("is_stream", [True, False])
def test_the_provider_takes_each_model_as_it_is_asked_for(
    simulator: RunningSimulator, model: str, is_stream: bool
) -> None:
    target, body = target_of(model, is_stream)
    assert stay(simulator.url, Request(at_the_provider(target), body, "seconds=0")) == 200


def test_a_caller_that_leaves__is_not_there_for_the_end(simulator: RunningSimulator) -> None:
    target, body = target_of("gpt-5.4", is_stream=True)
    simulator.settled()
    before = len(simulator.bill.entries)
    leave(simulator.url, Request(at_the_provider(target), body, "seconds=30 on_close=stops"), Leaving(0.1, True))
    simulator.settled()
    assert len(simulator.bill.entries) == before + 1


def test_a_caller_that_comes_back__asks_the_same_again(simulator: RunningSimulator) -> None:
    target, body = target_of("gpt-5.4", is_stream=False)
    simulator.settled()
    before = len(simulator.bill.entries)
    leave(simulator.url, Request(at_the_provider(target), body, "seconds=0.2"), Leaving(0.05, comes_back_after=0.0))
    simulator.settled()
    assert len(simulator.bill.entries) == before + 2


@pytest.mark.parametrize("target", ["/v1/responses", "/v1beta/interactions"])
def test_an_operator_that_cancels__has_its_work_stopped(
    simulator: RunningSimulator, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dashboards.preview.callers.POLL_SECONDS", 0.01)
    model = "gpt-5.4" if "v1/" in target else "gemini-2.5-pro"
    body = {"model": model, "input": "hi", "background": True}
    operate(simulator.url, Request(target, body, "seconds=60"), Course(1, cancels=True))
    assert simulator.operations[-1].state in (Phase.CANCELLED, Phase.CANCELLING)
