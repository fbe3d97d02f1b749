"""Converse and InvokeModel, whole and streamed."""

import base64
import json
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from sidecar.simulator.bedrock import converse_usage
from sidecar.simulator.declined import Declined
from sidecar.simulator.prices import Used
from tests.simulator.spoken import QUESTION, TURN, Spoken, spoken

HAIKU = "/model/anthropic.claude-haiku-4-5-20251001-v1:0"
CONVERSE = {"messages": [{"role": "user", "content": [{"text": QUESTION}]}]}
INVOKE = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1000, "messages": TURN}
SCRIPT = "prompt=200 cached=20 cache_write=30 cache_write_hour=40 output=9 chunks=3 seconds=1.5"


def events(call: Spoken) -> list[tuple[str, Any]]:
    buffer = EventStreamBuffer()
    buffer.add_data(call.stream)
    return [(message.headers[":event-type"], json.loads(message.payload)) for message in buffer]


def test_usage_of_converse__what_has_to_do_with_caches_is_apart():
    used = Used(prompt_tokens=200, cached_tokens=20, cache_write_tokens=30, cache_write_hour_tokens=40, output_tokens=9)
    assert converse_usage(used) == {
        "inputTokens": 110,
        "outputTokens": 9,
        "totalTokens": 209,
        "cacheReadInputTokens": 20,
        "cacheWriteInputTokens": 70,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 40}, {"ttl": "5m", "inputTokens": 30}],
    }


def test_converse__the_answer_and_its_usage():
    reply = spoken(f"{HAIKU}/converse", CONVERSE, SCRIPT).document
    assert (reply["usage"]["totalTokens"], reply["metrics"], reply["stopReason"]) == (
        209,
        {"latencyMs": 1500},
        "end_turn",
    )
    assert len(reply["output"]["message"]["content"][0]["text"]) == 36


def test_converse_streamed__usage_in_the_metadata_at_the_end():
    told = events(spoken(f"{HAIKU}/converse-stream", CONVERSE, SCRIPT))
    names = ["messageStart", *["contentBlockDelta"] * 3, "contentBlockStop", "messageStop", "metadata"]
    assert [name for name, _ in told] == names
    assert told[-1][1]["usage"]["outputTokens"] == 9
    assert len("".join(payload["delta"]["text"] for name, payload in told if name == "contentBlockDelta")) == 36


def test_invoke__the_vendors_message_and_counts_in_headers():
    call = spoken(f"{HAIKU}/invoke", INVOKE, SCRIPT)
    headers = dict(call.speech.headers())
    assert call.document["usage"]["input_tokens"] == 110
    assert headers[b"x-amzn-bedrock-input-token-count"] == b"110"
    assert headers[b"x-amzn-bedrock-output-token-count"] == b"9"
    assert headers[b"x-amzn-bedrock-cache-write-input-token-count"] == b"70"


def test_invoke_streamed__the_vendors_events_and_counts_with_the_last():
    call = spoken(f"{HAIKU}/invoke-with-response-stream", INVOKE, SCRIPT)
    told = [json.loads(base64.b64decode(payload["bytes"])) for name, payload in events(call) if name == "chunk"]
    assert (told[0]["type"], told[-1]["type"]) == ("message_start", "message_stop")
    assert told[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == 9
    assert b"x-amzn-bedrock-input-token-count" not in dict(call.speech.headers())


@pytest.mark.parametrize("method", ["converse", "converse-stream", "invoke", "invoke-with-response-stream"])
def test_usage_kept_silent__nowhere(method: str):
    call = spoken(f"{HAIKU}/{method}", INVOKE if "invoke" in method else CONVERSE, "usage=none output=2")
    told = str(events(call)) if call.plan.is_stream else f"{call.document} {call.speech.headers()}"
    assert "okenCount" not in told
    assert "token-count" not in told
    assert "'usage'" not in told


def test_trouble__in_the_shape_of_aws():
    call = spoken(f"{HAIKU}/converse", CONVERSE, "status=429")
    assert (b"x-amzn-errortype", b"ThrottlingException") in call.speech.headers()
    assert json.loads(call.speech.refusal(Declined(429, "slower"))) == {"message": "slower"}
    assert b"modelStreamErrorException" in call.speech.failure()
