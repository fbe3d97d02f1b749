"""From a chat to a plan."""

from typing import Any

import pytest

from sidecar.simulator.plan import Wishes
from sidecar.simulator.prices import Used
from tests.simulator.spoken import TURN, spoken

CHAT: dict[str, Any] = {"model": "gpt-5-mini", "messages": TURN}
HAIKU = "/model/anthropic.claude-haiku-4-5-20251001-v1:0"
CLAUDE: dict[str, Any] = {"model": "claude-haiku-4-5", "messages": TURN, "max_tokens": 1000}


def test_nothing_scripted__counted_and_drawn_from_the_prompt():
    plan = spoken("/v1/chat/completions", CHAT).plan
    assert plan.used.prompt_tokens == 3 + 5
    assert 16 <= plan.used.output_tokens < 256
    assert plan.used == spoken("/v1/responses", {"model": "gpt-5-mini", "input": "Why is the sky blue?"}).plan.used


def test_everything_scripted__as_scripted():
    script = "prompt=200 cached=20 cache_write=30 cache_write_hour=40 output=9 thoughts=5"
    assert spoken("/v1/messages", CLAUDE, script).plan.used == Used(
        prompt_tokens=200,
        cached_tokens=20,
        cache_write_tokens=30,
        cache_write_hour_tokens=40,
        output_tokens=9,
        thought_tokens=5,
    )


def test_parts_scripted_alone__the_prompt_has_them():
    assert spoken("/v1/messages", CLAUDE, "cached=20 cache_write=30").plan.used.prompt_tokens == 50


@pytest.mark.parametrize(
    ("path", "body", "steps"),
    [
        ("/v1/chat/completions", {**CHAT, "stream": True}, 30),
        ("/v1/chat/completions", CHAT, 10),
        ("/v1/messages", {**CLAUDE, "stream": True}, 10),
        (f"{HAIKU}/converse-stream", {"messages": TURN}, 10),
    ],
)
def test_steps__a_token_each_where_openai_streams(path: str, body: dict[str, Any], steps: int):
    assert spoken(path, body, "output=30").plan.steps == steps
    assert spoken(path, body, "output=30 chunks=4").plan.steps == 4


def test_a_stream_without_output__one_step():
    assert spoken("/v1/chat/completions", {**CHAT, "stream": True}, "output=0").plan.steps == 1


@pytest.mark.parametrize(
    ("options", "script", "wishes"),
    [
        ({}, "", Wishes()),
        ({"include_usage": True}, "", Wishes(include_usage=True)),
        ({"include_usage": True}, "usage=none", Wishes()),
        ({"continuous_usage_stats": True}, "", Wishes()),
        ({}, "usage=last", Wishes(include_usage=True)),
        ({}, "usage=every", Wishes(include_usage=True, usage_in_chunks=True)),
    ],
)
def test_wishes__of_the_request_or_of_the_script(options: dict[str, bool], script: str, wishes: Wishes):
    assert spoken("/v1/chat/completions", {**CHAT, "stream_options": options}, script).plan.wishes == wishes


def test_counting__is_free():
    plan = spoken("/v1/messages/count_tokens", CLAUDE).plan
    assert (plan.used, plan.is_billable) == (Used(prompt_tokens=8), False)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
def test_nothing_asked__declined(path: str):
    model = "claude-haiku-4-5" if "messages" in path else "gpt-5-mini"
    declined = spoken(path, {"model": model}).plan.declined
    assert declined is not None
    assert declined.status == 400
