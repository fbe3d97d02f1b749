"""Ollama's own dialect."""

import json

import pytest

from sidecar.simulator.declined import Declined
from tests.simulator.spoken import QUESTION, TURN, spoken

CHAT = {"model": "llama3.2", "messages": TURN}
SCRIPT = "prompt=20 output=6 chunks=3 seconds=1.5 think=0.5"


def test_streamed_unless_told_otherwise__counts_in_the_last_line():
    *lines, last = [json.loads(line) for line in spoken("/api/chat", CHAT, SCRIPT).stream.splitlines()]
    assert [len(line["message"]["content"]) for line in lines] == [8, 8, 8]
    assert (last["done"], last["prompt_eval_count"], last["eval_count"]) == (True, 20, 6)
    assert (last["total_duration"], last["eval_duration"]) == (1_500_000_000, 1_000_000_000)


def test_whole():
    reply = spoken("/api/chat", {**CHAT, "stream": False}, SCRIPT).document
    assert (len(reply["message"]["content"]), reply["done_reason"], reply["eval_count"]) == (24, "stop", 6)


def test_generated__text_without_roles():
    reply = spoken("/api/generate", {"model": "llama3.2", "prompt": QUESTION, "stream": False}, SCRIPT).document
    assert len(reply["response"]) == 24


@pytest.mark.parametrize("stream", [True, False])
def test_usage_kept_silent__nowhere(stream: bool):
    call = spoken("/api/chat", {**CHAT, "stream": stream}, "usage=none output=2")
    assert b"eval_count" not in (call.stream if stream else call.speech.whole())


def test_trouble__in_the_shape_of_ollama():
    speech = spoken("/api/chat", CHAT).speech
    assert json.loads(speech.refusal(Declined(404, "no such model"))) == {"error": "no such model"}
    assert speech.failure().endswith(b'"}\n')
