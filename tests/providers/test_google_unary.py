"""Whole replies through the dialect's own routes: what `METHODS` opens is what reads them."""

import json

import pytest

from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.gemini import GEMINI
from sidecar.providers.google_continuation import digest_of
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.wire import JSON, Json, event, read, usage, whole

ANSWER = event('a "finishReason" and a {brace', finish="STOP", used=usage(10, 7, thoughtsTokenCount=3))
USED = Reported(Usage(input=10, output=7, reasoning=3), "gemini-3-flash")


def opened(method: str, head: ReplyHead = JSON) -> ReplyReader:
    route = GEMINI.route("POST", f"/v1beta/models/gemini-3-flash:{method}")
    assert route is not None
    return route.open_reply(head, NO_FACTS)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (JSON, whole(ANSWER)),
        (JSON, json.dumps(ANSWER, separators=(",", ":")).encode()),
        (ReplyHead(200, "application/json", "gzip"), zipped(whole(ANSWER))),
        (ReplyHead(200, "", "identity"), whole(ANSWER)),
    ],
    ids=["indented", "compact", "gzip", "no content type"],
)
def test_a_whole_reply_is_read_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        assert read(opened("generateContent", head), *pieces) == USED


def test_a_reply_that_breaks_off_reports_nothing():
    body = whole(ANSWER)
    for end in range(len(body)):
        reader = opened("generateContent")
        assert read(reader, body[:end]) is None
        assert not reader.is_terminal


@pytest.mark.parametrize("size", [4_096, 65_536, 8_000_000])
@pytest.mark.parametrize("is_usage_first", [True, False])
@pytest.mark.parametrize(
    "bulk",
    [
        {
            "candidates": [
                {"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "iVBO/+" * 400_000}}]}}
            ]
        },
        {"candidates": [{"content": {"parts": [{"text": 'line "one"\n\\' * 60_000}]}}]},
        {
            "candidates": [
                {
                    "logprobsResult": {
                        "topCandidates": [{"candidates": [{"token": "a{", "logProbability": -0.1}] * 5}] * 2_000
                    }
                }
            ]
        },
        {"embeddings": [{"values": [-0.0123456789, 1e-05] * 1_500}] * 20},
    ],
    ids=["image", "escaped text", "log probabilities", "embeddings"],
)
def test_megabytes_around_the_usage_do_not_hide_it(bulk, is_usage_first, size):
    used: Json = {"usageMetadata": usage(10, 7), "modelVersion": "m"}
    body = whole(used | bulk if is_usage_first else bulk | used)
    assert len(body) > 256 * 1024
    assert read(opened("generateContent"), *cut(body, range(0, len(body), size))) == Reported(
        Usage(input=10, output=7), "m"
    )


@pytest.mark.parametrize("method", ["embedContent", "batchEmbedContents"])
def test_embeddings_report_their_prompt(method):
    reply = {
        "embeddings": [{"values": [0.1, -0.2]}],
        "usageMetadata": {"promptTokenCount": 6, "promptTokensDetails": []},
    }
    assert read(opened(method), whole(reply)) == Reported(Usage(input=6))


def test_a_blocked_prompt_may_be_billed():
    reply = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage(8)}
    assert read(opened("generateContent"), whole(reply)) == Reported(Usage(input=8))


@pytest.mark.parametrize("body", [b'{"error": {"code": 400}}', b'[{"error": {"code": 400}}]', b"<html>", b""])
def test_an_error_reports_nothing(body):
    assert read(opened("generateContent", ReplyHead(400, "application/json")), body) is None


def test_an_error_that_reports_usage_is_believed():
    body = whole({"error": {"code": 499}, "usageMetadata": usage(8)})
    assert read(opened("generateContent", ReplyHead(499, "application/json")), body) == Reported(Usage(input=8))


@pytest.mark.parametrize(("token", "digest"), [("dG9r", digest_of("dG9r")), ("", ""), (None, ""), (7, "")])
def test_a_reply_says_by_which_token_its_answer_goes_on(token, digest):
    reply = event("a", finish="CONTINUATION", used=usage(10, 4))
    reply["candidates"][0]["continuationToken"] = token
    for pieces in in_two(whole(reply)):
        got = read(opened("generateContent"), *pieces)
        assert got == Reported(Usage(input=10, output=4), "gemini-3-flash", continuation=digest)
