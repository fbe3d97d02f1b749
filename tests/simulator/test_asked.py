"""What the script leaves open."""

import pytest

from sidecar.simulator.asked import Asked
from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings


def asked(script: Script | None = None, held: bytes | None = b"{}") -> Asked:
    route = Route(Dialect.OPENAI, "chat.completions", "gpt-5-mini")
    request = Request("POST", "/", {}, {}, "00", 400, held, 0)
    settings = Settings(tokens_per_second=100.0, seconds_per_image=2.0)
    return Asked(route, CATALOG["gpt-5-mini"], script or Script(), request, settings)


def test_a_body_that_was_not_held__is_judged_by_its_length():
    assert (asked(held=None).is_held, asked(held=None).tokens_by_length) == (False, 100)


@pytest.mark.parametrize(("script", "tokens"), [(Script(), 9), (Script(prompt=5), 5), (Script(cached=20), 20)])
def test_the_prompt__as_scripted_or_as_counted(script: Script, tokens: int):
    assert asked(script).prompt_tokens(9) == tokens


@pytest.mark.parametrize(("script", "seconds"), [(Script(), 5.0), (Script(think=1.0), 6.0), (Script(seconds=3.0), 3.0)])
def test_time__as_scripted_or_by_the_pace(script: Script, seconds: float):
    assert asked(script).seconds(tokens=100, images=2) == seconds


def test_the_answer__drawn_from_the_text_and_bounded():
    drawn, is_cut_short = asked().answer_tokens("a question", None)
    assert (drawn, is_cut_short) == asked().answer_tokens("a question", drawn)
    assert asked().answer_tokens("a question", drawn - 1) == (drawn - 1, True)
    assert asked(Script(output=500)).answer_tokens("a question", 3) == (500, False)
