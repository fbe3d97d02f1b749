"""Whole replies, through the reader that `bedrock.open_reply` gives them."""

import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.bedrock import open_reply
from sidecar.providers.bedrock_reported import plain_model
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.anthropic_wire import message, used
from tests.providers.bedrock_wire import JSON, counted, tokens
from tests.providers.wire import Json, read, whole

ANSWER: Json = {
    "metrics": {"latencyMs": 900},
    "output": {"message": {"content": [{"text": 'a "usage": {brace'}], "role": "assistant"}},
    "stopReason": "end_turn",
    "usage": tokens(18, 386),
}
USED = Reported(Usage(input=18, output=386))


def reported(document: object, head: ReplyHead = JSON, facts: RequestFacts = NO_FACTS) -> Reported | None:
    return read(open_reply(head, facts), whole(document))


@pytest.mark.parametrize(
    ("head", "body"),
    [(JSON, whole(ANSWER)), (ReplyHead(200, "application/json", "gzip"), zipped(whole(ANSWER)))],
    ids=["plain", "gzip"],
)
def test_a_reply_of_converse_is_read_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_reply(head, NO_FACTS)
        assert read(reader, *pieces) == USED
        assert reader.is_terminal


def test_a_reply_that_breaks_off_reports_nothing_where_its_head_does_not():
    body = whole(ANSWER)
    for end in range(len(body)):
        reader = open_reply(JSON, NO_FACTS)
        assert read(reader, body[:end]) is None
        assert not reader.is_terminal


MAKERS = {
    "Anthropic": message(used(18, 386)),
    "Anthropic, without its type": {"usage": {"input_tokens": 18, "output_tokens": 386}},
    "Amazon Nova": {"output": {}, "usage": tokens(18, 386)},
    "Amazon Titan": {"inputTextTokenCount": 18, "results": [{"tokenCount": 380, "outputText": "x"}, {"tokenCount": 6}]},
    "Meta": {"generation": "x", "prompt_token_count": 18, "generation_token_count": 386, "stop_reason": "stop"},
    "Mistral and others": {"choices": [{}], "usage": {"prompt_tokens": 18, "completion_tokens": 386}},
}


@pytest.mark.parametrize("document", MAKERS.values(), ids=MAKERS)
def test_each_makers_reply_is_read(document):
    assert reported(document) == USED
    assert reported(document, counted(18, 386)) == USED


@pytest.mark.parametrize("document", [{"outputs": [{"text": "x"}]}, {"text": "x", "generation_id": "g"}, {}])
def test_where_the_body_says_nothing_the_head_does(document):
    assert reported(document, counted(18, 386)) == USED
    assert reported(document) is None


def test_an_embedding_has_no_output():
    document = {"embedding": [0.25] * 100, "inputTextTokenCount": 6}
    assert reported(document, counted(6)) == reported(document) == Reported(Usage(input=6))


@pytest.mark.parametrize("body", [whole(MAKERS["Meta"])[:40], b"", b"<html>", b"[" + b'"abc",' * 60_000 + b"1]"])
def test_a_body_that_cannot_be_read_is_no_loss_where_the_head_counts(body):
    reader = open_reply(counted(18, 386), NO_FACTS)
    assert read(reader, body) == USED
    assert bool(reader.gave_up) is (len(body) > 0)


def test_the_smaller_of_body_and_head_counts():
    got = reported(MAKERS["Meta"], counted(18, 400))
    assert got == Reported(USED.usage, basis=Basis.AT_LEAST, reason="metered_over_made")
    got = reported(MAKERS["Meta"], counted(18, 300))
    assert got == Reported(Usage(input=18, output=300), basis=Basis.AT_LEAST, reason="made_over_metered")


def test_the_head_knows_what_was_cached():
    head = counted(18, 386, **{"cache-read-input-token-count": "7000", "cache-write-input-token-count": "502"})
    expected = Usage(input=520, cached_input=7000, output=386, cache_write_input=502)
    assert reported(MAKERS["Meta"], head) == Reported(expected)


def test_converse_tells_lifetimes_of_caches():
    details = [{"ttl": "1h", "inputTokens": 500}, {"ttl": "5m", "inputTokens": 2}]
    usage = tokens(18, 386, cacheReadInputTokens=7000, cacheWriteInputTokens=502, cacheDetails=details)
    expected = Usage(520, 7000, 386, cache_write_input=2, cache_write_hour_input=500)
    assert reported(ANSWER | {"usage": usage}) == Reported(expected)


@pytest.mark.parametrize(
    ("head", "more", "tier"),
    [
        (JSON, {"serviceTier": {"type": "flex"}}, "flex"),
        (JSON, {"serviceTier": {"type": "default"}}, ""),
        (JSON, {"performanceConfig": {"latency": "optimized"}}, "latency-optimized"),
        (counted(18, 386, **{"service-tier": "priority"}), {}, "priority"),
        (counted(18, 386, **{"service-tier": "reserved"}), {}, "provisioned"),
        (counted(18, 386, **{"performanceconfig-latency": "optimized"}), {}, "latency-optimized"),
    ],
)
def test_the_tier_stands_in_the_reply_or_its_head(head, more, tier):
    assert reported(ANSWER | more, head) == Reported(USED.usage, tier=tier)


def test_a_tier_that_we_do_not_know_makes_its_price_a_guess():
    got = reported(ANSWER | {"serviceTier": {"type": "next_year"}})
    assert got == Reported(USED.usage, basis=Basis.ESTIMATED, reason="unknown_tier")


def test_a_router_names_the_model_that_it_chose():
    chosen = "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0"
    got = reported(ANSWER | {"trace": {"promptRouter": {"invokedModelId": chosen}}})
    assert got == Reported(USED.usage, "us.amazon.nova-pro-v1:0")


@pytest.mark.parametrize(
    ("facts", "document", "usage"),
    [
        (NO_FACTS, {"images": ["iVBO" * 90_000, "iVBO"], "error": None}, Usage(images=2)),
        (RequestFacts(variant="1024x1024 premium"), {"images": ["iVBO"]}, Usage(images=1, variant="1024x1024 premium")),
        (NO_FACTS, {"images": [None, "iVBO"], "finish_reasons": ["Filter reason: prompt", None]}, Usage(images=1)),
    ],
)
def test_images_are_counted(facts, document, usage):
    body = whole(document)
    assert read(open_reply(JSON, facts), *cut(body, range(0, len(body), 50_000))) == Reported(usage)


def test_no_images_are_no_usage():
    assert reported({"images": [], "error": "blocked"}) is None


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (tokens(18, 386) | {"outputTokens": "386"}, USED),
        (tokens(18, 386) | {"outputTokens": -1, "totalTokens": None}, Usage(input=18)),
        (tokens(18, 386) | {"outputTokens": [386], "totalTokens": "x"}, Usage(input=18)),
        ({"prompt_tokens": 18, "completion_tokens": {}}, Usage(input=18)),
        (tokens(0, 0), None),
        ([1], None),
        ("x", None),
        (None, None),
    ],
)
def test_odd_values_never_inflate(usage, expected):
    if isinstance(expected, Usage):
        expected = Reported(expected, basis=Basis.AT_LEAST, reason="malformed_usage")
    assert reported(ANSWER | {"usage": usage}) == expected


@pytest.mark.parametrize(
    "more", [{"serviceTier": 7}, {"trace": "ENABLED"}, {"images": "x"}, {"results": 7}, {"metadata": [1]}, {"type": 7}]
)
def test_what_else_is_odd_makes_the_counts_a_lower_bound(more):
    assert reported(ANSWER | more) == Reported(USED.usage, basis=Basis.AT_LEAST, reason="malformed_usage")


@pytest.mark.parametrize("body", [b'{"message": "Too many"}', b"<html>", b""])
def test_an_error_reports_nothing(body):
    assert read(open_reply(ReplyHead(429, "application/json"), NO_FACTS), body) is None


@pytest.mark.parametrize(
    ("arn", "model"),
    [
        ("anthropic.claude-x-v1:0", "anthropic.claude-x-v1:0"),
        ("us.anthropic.claude-x-v1:0", "us.anthropic.claude-x-v1:0"),
        ("arn:aws:bedrock:us-east-1::foundation-model/meta.llama-v1:0", "meta.llama-v1:0"),
        ("arn:aws-us-gov:bedrock:us-gov-west-1:1:inference-profile/us-gov.x-v1:0", "us-gov.x-v1:0"),
        ("arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "application-inference-profile/abc"),
        ("arn:aws:bedrock:us-east-1:1:provisioned-model/abc", "provisioned-model/abc"),
        ("arn:broken", "arn:broken"),
    ],
)
def test_an_arn_names_a_model_without_its_account(arn, model):
    assert plain_model(arn) in (model, model.removeprefix("arn:"))
