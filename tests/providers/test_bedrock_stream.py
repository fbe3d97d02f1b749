import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.bedrock import open_reply
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.anthropic_wire import STREAM, delta, start
from tests.providers.bedrock_wire import (
    CONVERSE,
    FRAMES,
    chunk,
    event,
    exception,
    frame,
    invoked,
    metadata,
    metrics,
    text,
    tokens,
)
from tests.providers.wire import Json, read

CLAUDE = invoked(STREAM, 25, 15)
CONVERSED = Reported(Usage(input=18, cached_input=7502, output=386))
INVOKED = Reported(Usage(input=25, output=15))
FORMS = {
    "converse": (FRAMES, b"".join(CONVERSE), CONVERSED),
    "invoke": (FRAMES, b"".join(CLAUDE), INVOKED),
    "gzip": (ReplyHead(200, FRAMES.content_type, "gzip"), zipped(b"".join(CONVERSE)), CONVERSED),
}


def after(*frames: bytes) -> ReplyReader:
    """A reader that has seen these frames, each as a piece of its own; the reply goes on."""
    reader = open_reply(FRAMES, NO_FACTS)
    for one in frames:
        reader.feed(one)
    return reader


@pytest.mark.parametrize(("head", "body", "expected"), FORMS.values(), ids=FORMS)
def test_a_stream_is_read_the_same_at_every_cut(head, body, expected):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_reply(head, NO_FACTS)
        assert read(reader, *pieces) == expected
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=40)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 3000), max_size=10))
def test_a_stream_is_read_the_same_at_many_cuts(form, places):
    head, body, expected = FORMS[form]
    assert read(open_reply(head, NO_FACTS), *cut(body, places)) == expected


@pytest.mark.parametrize(("head", "body", "expected"), FORMS.values(), ids=FORMS)
def test_a_stream_that_breaks_off_anywhere_counts_its_text(head, body, expected):
    for end in range(len(body)):
        got = read(open_reply(head, NO_FACTS), body[:end])
        if got is None or got == expected:
            continue
        whole_message = (got.basis, got.usage.output) == (Basis.EXACT, 15)  # Anthropic's, before Bedrock's metrics came
        assert whole_message or (got.basis, got.reason) == (Basis.ESTIMATED, "counted_deltas")
        assert got.usage.output <= 15


# converse


def test_what_was_made_until_a_cut_is_counted_by_kind():
    tool = event("contentBlockDelta", {"delta": {"toolUse": {"input": '{"a": 1}'}}})
    thought = event("contentBlockDelta", {"delta": {"reasoningContent": {"text": "abcd" * 3}}})
    signature = event("contentBlockDelta", {"delta": {"reasoningContent": {"signature": "x" * 400}}})
    got = after(text("abcd" * 10), tool, thought, signature).reported()
    assert got == Reported(Usage(output=12, reasoning=3), basis=Basis.ESTIMATED, reason="counted_deltas")


def test_nothing_is_known_before_the_first_word():
    assert after(CONVERSE[0]).reported() is None


def test_the_end_of_the_text_is_not_yet_the_end():
    assert not after(*CONVERSE[:-1]).is_terminal
    assert after(*CONVERSE).is_terminal


def test_the_last_event_names_tier_and_model():
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0"
    last = metadata(tokens(18, 3), serviceTier={"type": "flex"}, trace={"promptRouter": {"invokedModelId": arn}})
    assert after(text("Hi"), last).reported() == Reported(Usage(input=18, output=3), "us.x-v1:0", "flex")


def test_the_head_names_the_tier():
    reader = open_reply(ReplyHead(200, FRAMES.content_type, "", {"x-amzn-bedrock-service-tier": "priority"}), NO_FACTS)
    got = read(reader, b"".join(CLAUDE))
    assert got is not None
    assert got.tier == "priority"


def test_an_exception_ends_the_stream():
    reader = after(text("abcdefgh"), exception())
    assert reader.is_terminal
    got = reader.reported()
    assert got is not None
    assert (got.usage, got.basis) == (Usage(output=2), Basis.ESTIMATED)


def test_an_error_ends_the_stream():
    assert after(frame({":message-type": "error", ":error-code": "500"}, b"")).is_terminal


def test_a_broken_frame_ends_the_reading_and_keeps_what_was_counted():
    reader = after(text("abcdefgh"), b"\0" * 64, text("more"))
    assert reader.gave_up == "broken_frame"
    got = reader.reported()
    assert got is not None
    assert got.usage.output == 2


# invoke


def test_the_models_own_usage_is_richer_than_the_metrics():
    events = [
        *STREAM[:-2],
        {"type": "message_delta", "usage": {"output_tokens": 15, "output_tokens_details": {"thinking_tokens": 9}}},
    ]
    got = after(*invoked([*events, STREAM[-1]], 25, 15)).reported()
    assert got == Reported(Usage(input=25, output=6, reasoning=9))


def test_the_metrics_know_what_was_cached():
    got = after(
        chunk({"type": "message_stop"} | metrics(3, 13, cacheReadInputTokenCount=5, cacheWriteInputTokenCount=25_037))
    ).reported()
    assert got == Reported(Usage(input=25_040, cached_input=5, output=13, cache_write_input=25_037))


def test_the_smaller_of_metrics_and_message_counts():
    got = after(*invoked(STREAM, 25, 12)).reported()
    assert got == Reported(Usage(input=25, output=12), basis=Basis.AT_LEAST, reason="made_over_metered")


def test_a_message_of_claude_tells_its_input_before_a_cut():
    got = after(chunk(start()), chunk(delta("abcdefgh"))).reported()
    assert got == Reported(Usage(input=25, output=2), basis=Basis.ESTIMATED, reason="counted_deltas")


MAKERS: dict[str, list[Json]] = {
    "Meta": [
        {"generation": "abcd", "prompt_token_count": 25, "generation_token_count": 1, "stop_reason": None},
        {"generation": "efgh", "prompt_token_count": None, "generation_token_count": 15, "stop_reason": "stop"},
    ],
    "Amazon Titan": [
        {"outputText": "abcd", "index": 0, "totalOutputTextTokenCount": None, "inputTextTokenCount": 25},
        {"outputText": "efgh", "index": 0, "totalOutputTextTokenCount": 15, "inputTextTokenCount": None},
    ],
    "Amazon Nova": [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "abcdefgh"}, "contentBlockIndex": 0}},
        {"metadata": {"usage": {"inputTokens": 25, "outputTokens": 15}, "metrics": {}, "trace": {}}},
    ],
    "Mistral": [
        {"outputs": [{"text": "abcd", "stop_reason": None}]},
        {"outputs": [{"text": "efgh", "stop_reason": "stop"}]},
    ],
    "Mistral, of today": [
        {
            "choices": [{"index": 0, "message": {"role": None, "content": "abcdefgh"}, "stop_reason": None}],
            "usage": None,
        },
        {"choices": [{"index": 0, "message": {"content": ""}, "stop_reason": "stop"}]},
    ],
    "others": [
        {"choices": [{"delta": {"content": "abcdefgh"}}]},
        {"choices": [], "usage": {"prompt_tokens": 25, "completion_tokens": 15}},
    ],
    "Cohere": [
        {"event_type": "text-generation", "is_finished": False, "text": "abcdefgh"},
        {"event_type": "stream-end", "is_finished": True, "finish_reason": "COMPLETE"},
    ],
}


@pytest.mark.parametrize("events", MAKERS.values(), ids=MAKERS)
def test_each_makers_stream_is_read(events):
    assert after(*invoked(events, 25, 15)).reported() == INVOKED


@pytest.mark.parametrize("events", MAKERS.values(), ids=MAKERS)
def test_each_makers_stream_is_counted_until_a_cut(events):
    got = after(*(chunk(one) for one in events)).reported()
    assert got == Reported(Usage(output=2), basis=Basis.ESTIMATED, reason="counted_deltas")


@pytest.mark.parametrize(
    "odd",
    [
        chunk({"type": 7}),
        chunk({"type": None, "delta": 7}),
        chunk({"choices": "x"}),
        chunk({"generation": ["x"]}),
        chunk({"contentBlockDelta": None}),
        event("chunk", {"bytes": "no base64!"}),
        event("chunk", {"bytes": 7}),
        event("chunk", {"bytes": "e30"}),
        event("chunk", {}),
        event("contentBlockDelta", {"delta": None}),
        event("contentBlockDelta", {"delta": {"text": None}}),
        event("contentBlockDelta", {"delta": {"text": 7, "toolUse": "x"}}),
        event("anEventOfNextYear", {"usage": tokens(999, 999)}),
        frame({":message-type": "event", ":event-type": "chunk"}, b"no json"),
        frame({":message-type": "event", ":event-type": "contentBlockDelta"}, b"\xff"),
    ],
)
def test_an_event_that_cannot_be_read_changes_nothing(odd):
    assert not after(odd).is_terminal
    assert after(odd).reported() is None
    assert after(odd, *CONVERSE).reported() == CONVERSED
    assert after(odd, *CLAUDE).reported() == INVOKED


@pytest.mark.parametrize("last", [{"usage": 7}, {"usage": None}, {}, {"usage": {"outputTokens": -1}}])
def test_a_last_event_that_reports_nothing_leaves_the_count(last):
    reader = after(text("abcdefgh"), event("metadata", last))
    assert reader.is_terminal
    got = reader.reported()
    assert got is not None
    assert (got.usage, got.basis) == (Usage(output=2), Basis.ESTIMATED)


def test_a_last_event_of_zeros_is_believed():
    """A guardrail that stops the prompt answers in its own words, and no model is billed."""
    assert after(text("abcdefgh"), metadata(tokens(0, 0))).reported() is None


def test_a_reply_that_is_no_stream_is_read_as_a_document():
    reader = open_reply(ReplyHead(400, "application/json"), NO_FACTS)
    assert read(reader, b'{"message": "no"}') is None
    assert reader.is_terminal
