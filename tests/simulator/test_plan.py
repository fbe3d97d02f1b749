"""What a plan says of its steps."""

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script


def a_plan(method: str = "streamGenerateContent", model: str = "gemini-2.5-flash", **fields: object) -> Plan:
    return Plan(
        **{
            "route": Route(Dialect.GEMINI, method, model),
            "model": CATALOG[model],
            "script": Script(think=0.5),
            "used": Used(prompt_tokens=100, output_tokens=25, thought_tokens=40, image_tokens=1290),
            "seconds": 1.5,
            "steps": 10,
            **fields,
        }  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(("step", "due"), [(0, 0.5), (1, 0.6), (5, 1.0), (10, 1.5)])
def test_steps__are_spread_over_the_time_behind_thinking(step: int, due: float):
    assert a_plan().due(step) == pytest.approx(due)


def test_before_thinking_is_done__only_the_input_is_used():
    assert a_plan().used_after(None) == Used(prompt_tokens=100)


@pytest.mark.parametrize(("step", "output"), [(0, 0), (1, 2), (3, 7), (9, 22), (10, 25)])
def test_output__grows_with_the_steps_and_ends_whole(step: int, output: int):
    used = a_plan().used_after(step)
    assert (used.output_tokens, used.thought_tokens) == (output, 40)
    assert used.image_tokens == (1290 if step == 10 else 0)


def test_images__one_a_step_and_none_for_those_withheld():
    plan = a_plan("predict", "imagen-4.0-generate-001", used=Used(images=2), steps=4)
    assert [plan.used_after(step).images for step in range(5)] == [0, 1, 2, 2, 2]


def test_billable__neither_free_methods_nor_errors():
    assert a_plan().is_billable
    assert not a_plan("countTokens").is_billable
    assert not a_plan(declined=Declined(429, "slower")).is_billable


def test_an_error__is_no_stream():
    assert a_plan().is_stream
    assert not a_plan(declined=Declined(429, "slower")).is_stream
    assert not a_plan("generateContent").is_stream
