"""Streams that are cut without any usage, and what they may be gone on with."""

import base64
import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.estimate import tokens_of, with_input
from sidecar.providers.google_continuation import digest_of
from sidecar.providers.google_stream import open_stream
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.wire import JSON, SSE, Json, array, event, read, sse, usage

ON_DEMAND = {"trafficType": "ON_DEMAND"}
TEXTS = ["Hello ", "w\u00f6rld,\n", '"quoted" ', "back\\slash ", "plain again", "", "and \\", "the end"]
SIZE = sum(len(text.encode()) for text in TEXTS)
STREAM = [event(text, used=ON_DEMAND) for text in TEXTS]
GUESS = Reported(Usage(output=tokens_of(SIZE)), basis=Basis.ESTIMATED, reason="counted_deltas")
TOKEN = base64.b64encode(b"\xfb\xff\xfe checkpoint").decode()
FORMS = {
    "crlf": (SSE, sse(STREAM)),
    "lf": (SSE, sse(STREAM, "\n")),
    "compact": (SSE, "".join(f"data: {json.dumps(one, separators=(',', ':'))}\n\n" for one in STREAM).encode()),
    "unescaped": (SSE, "".join(f"data: {json.dumps(one, ensure_ascii=False)}\n\n" for one in STREAM).encode()),
    "array": (JSON, array(STREAM)),
    "gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(sse(STREAM))),
}


def stream(head: ReplyHead = SSE) -> ReplyReader:
    return open_stream(head, NO_FACTS)


def after(*events: Json) -> ReplyReader:
    reader = stream()
    for one in events:
        reader.feed(sse([one]))
    return reader


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_without_usage_is_estimated_from_its_text_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        assert read(stream(head), *pieces) == GUESS


@pytest.mark.parametrize("form", ["crlf", "lf", "compact", "unescaped"])
def test_it_is_the_same_when_events_come_one_by_one(form):
    head, body = FORMS[form]
    end = b"\r\n\r\n" if form == "crlf" else b"\n\n"
    pieces = [piece + end for piece in body.split(end) if piece] * 3
    got = read(stream(head), *pieces)
    assert got is not None
    assert got.usage.output == tokens_of(3 * SIZE)


@settings(max_examples=60)
@given(st.lists(st.text(max_size=12), max_size=12), st.booleans(), st.data())
def test_events_known_by_their_frame_are_counted_as_all_others(texts, is_ascii, data):
    body = "".join(f"data: {json.dumps(event(text), ensure_ascii=is_ascii)}\n\n" for text in texts).encode()
    size = sum(len(text.encode()) for text in texts)
    at_ends = [piece + b"\n\n" for piece in body.split(b"\n\n") if piece]
    anywhere = cut(body, data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    for pieces in (at_ends, anywhere):
        got = read(stream(), *pieces)
        assert (got.usage.output if got else 0) == tokens_of(size)


@pytest.mark.parametrize("text", ['"quoted"', "a\n", "plain", "", "\\"])
def test_the_same_event_again_and_again_is_counted_each_time(text):
    got = after(*[event(text)] * 40).reported()
    assert (got.usage.output if got else 0) == tokens_of(40 * len(text))


def test_a_frame_does_not_hide_what_comes_after():
    usual = [event(text) for text in ("a", "b", "c", "d")]
    last = event("e", finish="STOP", used=usage(10, 7))
    reader = after(*usual, last, *usual)
    assert reader.reported() == Reported(Usage(input=10, output=7), "gemini-3-flash")
    assert reader.is_terminal
    assert after(*usual, {"error": {"code": 503}}).is_terminal


def test_text_is_not_counted_once_usage_was_reported():
    reader = after(event("a" * 400), event("b", used=usage(10, 5)), *[event("c" * 400)] * 5)
    got = reader.reported()
    assert got is not None
    assert (got.usage, got.basis) == (Usage(input=10, output=5), Basis.AT_LEAST)


def test_images_and_sound_are_no_text():
    sound = {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "audio/pcm", "data": "A" * 900}}]}}]}
    assert after(*[sound] * 5).reported() is None


def test_a_stream_that_ends_without_usage_is_an_estimate_too():
    reader = after(event("1234"), event("", finish="STOP"))
    assert reader.is_terminal
    assert reader.reported() == Reported(Usage(output=1), basis=Basis.ESTIMATED, reason="counted_deltas")


def test_the_input_is_added_by_whoever_has_read_the_request():
    assert with_input(GUESS, 40).usage == Usage(input=10, output=GUESS.usage.output)


def test_the_tier_is_known_from_the_head():
    reader = stream(ReplyHead(200, "text/event-stream", "", {"x-gemini-service-tier": "flex"}))
    got = read(reader, sse(STREAM))
    assert got is not None
    assert got.tier == "flex"


def test_or_from_the_traffic_type_that_vertex_names_in_each_event():
    served = [event(text, used={"trafficType": "PROVISIONED_THROUGHPUT"}) for text in TEXTS]
    got = after(*served, event("and more")).reported()
    assert got is not None
    assert (got.tier, got.basis) == ("provisioned", Basis.ESTIMATED)


# continuation


def token(value: object, text: str = "x", finish: str | None = None, index: int | None = None, **more: object) -> Json:
    document = event(text, finish=finish, index=index) | more
    document["candidates"][0]["continuationToken"] = value
    return document


def continuation_of(*events: Json) -> str:
    got = after(*events).reported()
    assert got is not None
    return got.continuation


def test_a_hop_says_by_which_token_the_next_goes_on():
    reader = after(event("a"), token(TOKEN, "b", "CONTINUATION", usageMetadata=usage(10, 4)))
    assert reader.reported() == Reported(Usage(input=10, output=4), "gemini-3-flash", continuation=digest_of(TOKEN))
    assert not reader.is_terminal


@pytest.mark.parametrize(
    ("events", "newest"),
    [
        ([token("a"), event("x"), event("y"), event("z")], "a"),
        ([token("a"), event("x"), token("b"), event("y", used=usage(10, 5))], "b"),
        ([token("a"), token(None), token(7), token("")], "a"),
        ([token("a"), event("x", finish="STOP", used=usage(10, 5))], ""),
        ([event("x", used=usage(10, 5)), token("a"), event("y", finish="SAFETY")], ""),
        ([token("a"), token("b", "y", "STOP")], "b"),
        ([token("a"), token("b", index=1)], "a"),
        ([event("x")], ""),
    ],
)
def test_the_newest_token_of_the_first_candidate_counts_until_it_has_finished(events, newest):
    assert continuation_of(*events) == (digest_of(newest) if newest else "")


def test_it_is_found_at_every_cut():
    body = sse([event("a"), token(TOKEN, "b", "CONTINUATION", usageMetadata=usage(10, 4))])
    for pieces in in_two(body):
        got = read(stream(), *pieces)
        assert got is not None
        assert got.continuation == digest_of(TOKEN)
