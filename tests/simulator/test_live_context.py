"""The context of a conversation, and the plan of its next answer."""

from typing import Any

import pytest

from sidecar.simulator.asked import Asked
from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.live_context import Context, plan_answer, spoken_tokens, words_of_step, words_up_to
from sidecar.simulator.plan import Plan
from sidecar.simulator.prices import Used
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from sidecar.simulator.settings import Settings


def planned(context: Context, script: Script | None = None, bound: int | None = None, *, speaks: bool = False) -> Plan:
    request: Any = Request(method="GET", path="/", query={}, headers={}, sha256="0", length=0, held=b"", received_at=0)
    route = Route(Dialect.GEMINI, "bidiGenerateContent", "gemini-live-2.5-flash", asks_stream=True)
    asked = Asked(route, CATALOG[route.model], script or Script(output=40), request, Settings())
    return plan_answer(asked, context, bound, speaks=speaks)


def test_answer__reads_all_that_was_said_before_by_either_side():
    context = Context()
    context.hear("four tokens here.")
    context.answer(Used(output_tokens=40, thought_tokens=7))
    context.answer(Used(audio_output_tokens=25))
    used = planned(context).used
    assert (used.prompt_tokens, used.audio_tokens) == (4 + 40 + 25, 25)


@pytest.mark.parametrize(("speaks", "tokens"), [(False, (40, 0)), (True, (0, 40))])
def test_output__is_written_or_spoken(speaks: bool, tokens: tuple[int, int]):
    used = planned(Context(), speaks=speaks).used
    assert (used.output_tokens, used.audio_output_tokens) == tokens


def test_scripted_prompt__is_the_whole_one():
    used = planned(Context(text=500, audio=60), Script(prompt=100, audio=10, cached=20, tool=5, output=1)).used
    assert (used.prompt_tokens, used.audio_tokens, used.cached_tokens, used.tool_tokens) == (100, 10, 20, 5)


def test_unscripted_answer__is_drawn_from_the_newest_text_and_bounded():
    same, other = Context(newest="a"), Context(newest="b")
    assert planned(same, Script()).used == planned(same.copy(), Script()).used != planned(other, Script()).used
    bounded = planned(same, Script(), bound=3)
    assert (bounded.used.output_tokens, bounded.finish_reason) == (3, "MAX_TOKENS")


@pytest.mark.parametrize("speaks", [False, True])
def test_words__add_up_step_by_step(speaks: bool):
    plan = planned(Context(), Script(output=43, chunks=4), speaks=speaks)
    assert sum(spoken_tokens(plan, step) for step in range(plan.steps + 1)) == 43
    assert "".join(words_of_step(plan, step) for step in range(1, 5)) == words_up_to(plan, 4)
    assert (len(words_up_to(plan, 4)), words_up_to(plan, None), spoken_tokens(plan, 0)) == (4 * 43, "", 0)


def test_copy__goes_its_own_way():
    context = Context(text=3)
    copy = context.copy()
    copy.hear("more text")
    assert context == Context(text=3)
