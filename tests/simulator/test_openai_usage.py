"""Usage in OpenAI's words: the parts are in the totals."""

from sidecar.simulator.openai_usage import chat_usage, image_usage, response_usage, service_tier
from sidecar.simulator.prices import Used
from tests.simulator.spoken import TURN, spoken

USED = Used(prompt_tokens=100, cached_tokens=30, audio_tokens=10, output_tokens=20, thought_tokens=5)


def test_of_a_chat():
    said = chat_usage(USED)
    assert (said["prompt_tokens"], said["completion_tokens"], said["total_tokens"]) == (100, 25, 125)
    assert said["prompt_tokens_details"] == {"cached_tokens": 30, "audio_tokens": 10}


def test_of_a_response():
    said = response_usage(USED)
    assert (said["input_tokens"], said["output_tokens"], said["total_tokens"]) == (100, 25, 125)
    assert said["output_tokens_details"] == {"reasoning_tokens": 5}


def test_of_images():
    said = image_usage(Used(prompt_tokens=7, image_tokens=1056))
    assert said["output_tokens_details"] == {"text_tokens": 0, "image_tokens": 1056}
    assert said["total_tokens"] == 1063


def test_the_tier__as_scripted_or_the_default():
    body = {"model": "gpt-5-mini", "messages": TURN}
    assert service_tier(spoken("/v1/chat/completions", body, "tier=priority").plan) == "priority"
    assert service_tier(spoken("/v1/chat/completions", body).plan) == "default"
