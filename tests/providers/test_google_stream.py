import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.google_stream import open_stream
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.wire import JSON, SSE, Json, array, event, read, sse, usage

STREAM = [
    event("Hel", used=usage(10, 1)),
    event('lo, "world" \\ {"finishReason": "STOP"}', used=usage(10, 5)),
    event("", finish="STOP", used=usage(10, 7, thoughtsTokenCount=3)),
]
WHOLE = Reported(Usage(input=10, output=7, reasoning=3), "gemini-3-flash")
FORMS = {
    "crlf": (SSE, sse(STREAM)),
    "lf": (SSE, sse(STREAM, "\n")),
    "cr": (SSE, sse(STREAM, "\r")),
    "array": (JSON, array(STREAM)),
    "compact array": (JSON, json.dumps(STREAM, separators=(",", ":")).encode()),
    "gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(sse(STREAM))),
    "gzip array": (ReplyHead(200, "application/json", "gzip"), zipped(array(STREAM))),
}


def stream(head: ReplyHead = SSE) -> ReplyReader:
    return open_stream(head, NO_FACTS)


def after(*events: Json) -> ReplyReader:
    """A reader that has seen these events, each as a piece of its own; the reply goes on."""
    reader = stream()
    for one in events:
        reader.feed(sse([one]))
    return reader


def the_usage(reader: ReplyReader) -> Usage | None:
    got = reader.reported()
    return got.usage if got else None


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = stream(head)
        assert read(reader, *pieces) == WHOLE
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=60)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 1200), max_size=10))
def test_a_stream_is_read_the_same_at_many_cuts(form, places):
    head, body = FORMS[form]
    assert read(stream(head), *cut(body, places)) == WHOLE


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_that_breaks_off_anywhere_reports_no_more_than_the_whole(head, body):
    for end in range(len(body)):
        reader = stream(head)
        got = read(reader, body[:end])
        if got is None:
            continue
        assert got == WHOLE if reader.is_terminal else (got.basis, got.reason) == (Basis.AT_LEAST, "unfinished")
        assert got.usage.input == 10
        assert got.usage.output <= 7


# usage


def test_the_last_running_total_counts():
    assert the_usage(after(*STREAM[:1])) == Usage(input=10, output=1)
    assert the_usage(after(*STREAM[:2])) == Usage(input=10, output=5)
    assert the_usage(after(*STREAM)) == Usage(input=10, output=7, reasoning=3)


def test_usage_is_exact_once_it_came_with_the_end():
    for events, basis, reason in (
        (STREAM[:2], Basis.AT_LEAST, "unfinished"),
        (STREAM, Basis.EXACT, ""),
        ([*STREAM[:2], event(finish="STOP")], Basis.AT_LEAST, "usage_before_end"),
        ([*STREAM[:2], event(finish="STOP"), {"usageMetadata": usage(10, 7)}], Basis.EXACT, ""),
    ):
        got = after(*events).reported()
        assert got is not None
        assert (got.basis, got.reason) == (basis, reason)


@pytest.mark.parametrize("used", [{}, None, {"trafficType": "ON_DEMAND"}, {"promptTokenCount": None}, 7, [], "x"])
def test_usage_without_numbers_does_not_hide_what_came_before(used):
    assert the_usage(after(event(used=usage(10, 5)), event() | {"usageMetadata": used})) == Usage(input=10, output=5)


def test_a_traffic_type_alone_before_the_numbers_is_no_usage():
    reader = after(event("a", used={"trafficType": "ON_DEMAND_FLEX"}))
    assert reader.reported() == Reported(Usage(output=1), "", "flex", Basis.ESTIMATED, "counted_deltas")
    reader.feed(sse([event("b", finish="STOP", used=usage(3, 2, trafficType="ON_DEMAND_FLEX"))]))
    assert reader.reported() == Reported(Usage(input=3, output=2), "gemini-3-flash", "flex")


def test_strings_for_numbers_are_read():
    reader = after(event(finish="STOP", used={"promptTokenCount": "12", "totalTokenCount": "12"}))
    assert reader.reported() == Reported(Usage(input=12), "gemini-3-flash")


def test_the_heads_tier_is_used():
    reader = stream(ReplyHead(200, "text/event-stream", "", {"x-gemini-service-tier": "flex"}))
    got = read(reader, sse(STREAM))
    assert got is not None
    assert got.tier == "flex"


def test_a_function_call_that_looks_like_usage_is_none():
    call = {"functionCall": {"name": "f", "args": {"usageMetadata": usage(999), "finishReason": "STOP", "error": {}}}}
    fooling = {"candidates": [{"content": {"parts": [call]}, "index": 0}]}
    reader = after(event(used=usage(10, 5)), fooling)
    assert the_usage(reader) == Usage(input=10, output=5)
    assert not reader.is_terminal


def test_searches_are_gathered_from_all_events():
    def grounded(*queries: str) -> Json:
        return {"candidates": [{"groundingMetadata": {"webSearchQueries": queries}}]}

    reader = after(grounded("a"), grounded("a", "b"), event(finish="STOP", used=usage(10, 5)))
    got = reader.reported()
    assert got is not None
    assert got.usage.web_searches == 2


def test_half_a_surrogate_pair_in_an_event_does_not_hide_it():
    body = b'data: {"candidates": [{"content": {"parts": [{"text": "\\ud83d"}]}, "finishReason": "STOP"}], "usageMetadata": '
    reader = stream()
    assert read(reader, body + json.dumps(usage(10, 5)).encode() + b"}\n\n") == Reported(Usage(input=10, output=5))
    assert reader.is_terminal


# the end


@pytest.mark.parametrize(
    "last",
    [
        event(finish="STOP"),
        event(finish="MAX_TOKENS"),
        event(finish="SAFETY"),
        event(finish="A_REASON_OF_NEXT_YEAR"),
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}},
        {"error": "text"},
        {"candidates": 7, "error": {"code": 500}},
    ],
)
def test_an_event_ends_the_answer(last):
    assert not after(STREAM[0]).is_terminal
    assert after(STREAM[0], last).is_terminal


@pytest.mark.parametrize(
    "last",
    [
        event(),
        event(finish=""),
        event(finish="FINISH_REASON_UNSPECIFIED"),
        event() | {"candidates": [{"finishReason": None, "index": None}]},
        event(finish="CONTINUATION"),
        event('{"finishReason": "STOP"}'),
        event('", "finishReason": "STOP", "x": "'),
        event("\\"),
        {"promptFeedback": {"safetyRatings": []}},
        {"promptFeedback": {"blockReason": None}},
        {"promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"}},
        {"promptFeedback": None, "candidates": None, "error": None, "usageMetadata": None},
        {"finishReason": "STOP"},
        {"candidates": [{"content": {"finishReason": "STOP"}}]},
        {"candidates": []},
        [],
        7,
        "STOP",
    ],
)
def test_an_event_does_not_end_the_answer(last):
    assert not after(STREAM[0], last).is_terminal


def test_the_answer_ends_when_every_candidate_has():
    begun = [event("a", index=0), event("b", index=1)]
    assert not after(*begun, event(finish="STOP", index=0)).is_terminal
    assert after(*begun, event(finish="STOP", index=0), event(finish="STOP", index=1)).is_terminal
    assert after(*begun, event(finish="STOP", index=1), event(finish="STOP")).is_terminal


def test_candidates_in_one_event_finish_apart():
    def both(first: str | None, second: str | None) -> Json:
        return {"candidates": [{"index": 0, "finishReason": first}, {"index": 1, "finishReason": second}]}

    assert not after(both(None, None), both("STOP", None)).is_terminal
    assert after(both("STOP", None), both(None, "STOP")).is_terminal
    assert after(both("STOP", "STOP")).is_terminal


def test_candidates_without_number_or_with_wild_ones_are_bounded():
    wild = [event("a", index=number) for number in (-5, 10**9, 10**18, 64, 65)]
    assert not after(*wild).is_terminal
    assert after(*wild, event(finish="STOP", index=0), event(finish="STOP", index=63)).is_terminal


def test_a_continuation_completes_the_usage_but_not_the_answer():
    reader = after(*STREAM[:1], event(finish="CONTINUATION", used=usage(10, 4)))
    assert reader.reported() == Reported(Usage(input=10, output=4), "gemini-3-flash")
    assert not reader.is_terminal


def test_an_end_stays_an_end():
    assert after(*STREAM, event("more"), event("more", index=1)).is_terminal
