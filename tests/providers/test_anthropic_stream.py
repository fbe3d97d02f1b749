import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import open_messages
from sidecar.providers.anthropic_stream import MessageTally
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.reported import COUNTED
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.anthropic_wire import END, MODEL, PING, SSE, STREAM, delta, message, named, start, stop, used
from tests.providers.wire import Json, read

WHOLE = Reported(Usage(input=25, output=15), MODEL)
FORMS = {
    "as sent": (SSE, named(STREAM)),
    "crlf": (SSE, named(STREAM, "\r\n")),
    "gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(named(STREAM))),
    "without names": (SSE, b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in STREAM)),
}


def after(*events: Json) -> ReplyReader:
    """A reader that has seen these events, each as a piece of its own; the reply goes on."""
    reader = open_messages(SSE, NO_FACTS)
    for one in events:
        reader.feed(named([one]))
    return reader


def reported(*events: Json) -> Reported:
    got = after(*events).reported()
    assert got is not None
    return got


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_messages(head, NO_FACTS)
        assert read(reader, *pieces) == WHOLE
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=60)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 2000), max_size=10))
def test_a_stream_is_read_the_same_at_many_cuts(form, places):
    head, body = FORMS[form]
    assert read(open_messages(head, NO_FACTS), *cut(body, places)) == WHOLE


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_that_breaks_off_anywhere_reports_its_input_and_counts_its_text(head, body):
    for end in range(len(body)):
        got = read(open_messages(head, NO_FACTS), body[:end])
        if got is None or got == WHOLE:
            continue
        assert (got.basis, got.reason, got.usage.input) == (Basis.ESTIMATED, COUNTED, 25)
        assert got.usage.output <= 5  # 18 bytes of text


# what has passed


def test_nothing_is_known_before_the_message_starts():
    assert after().reported() is None
    assert after(PING).reported() is None


def test_the_placeholder_of_the_start_is_not_counted():
    assert reported(start()) == Reported(Usage(input=25), MODEL, basis=Basis.ESTIMATED, reason=COUNTED)


def test_four_bytes_of_text_are_a_token():
    got = reported(start(), delta("abcd" * 10), delta('{"a": 1}', "input_json"), delta("abcd" * 3, "thinking"))
    assert got.usage == Usage(input=25, output=12, reasoning=3)


def test_text_is_counted_in_bytes():
    assert reported(start(), delta("ф" * 8)).usage.output == 4


@pytest.mark.parametrize("kind", ["signature", "citations", "a_kind_of_next_year"])
def test_signatures_and_citations_are_no_text_of_the_model(kind):
    assert reported(start(), delta("x" * 400, kind)).usage.output == 0


def test_what_comes_after_a_running_total_is_added_to_it():
    got = reported(start(), delta("x" * 400), stop(50, None), delta("x" * 40))
    assert (got.usage.output, got.basis) == (60, Basis.ESTIMATED)


# what is reported


def test_the_last_total_counts_and_is_never_added():
    assert reported(start(), stop(5, None), stop(9, None), stop(15), END) == WHOLE


def test_a_message_that_says_why_it_stopped_is_whole_without_its_last_event():
    assert reported(*STREAM[:-1]) == WHOLE
    assert not after(*STREAM[:-1]).is_terminal


def test_the_end_corrects_the_input():
    got = reported(start(), stop(15, input_tokens=40, cache_read_input_tokens=7), END)
    assert got.usage == Usage(input=40, cached_input=7, output=15)


def test_a_zero_at_the_end_does_not_take_the_input_back():
    assert reported(start(), stop(15, input_tokens=0, cache_read_input_tokens=0), END) == WHOLE


def test_an_input_that_only_the_end_tells_is_read():
    opening = {"type": "message_start", "message": message(None, "", None)}
    assert reported(opening, stop(15, input_tokens=25), END) == WHOLE


def test_thinking_and_searches_of_the_end_are_read():
    more: Json = {"output_tokens_details": {"thinking_tokens": 9}, "server_tool_use": {"web_search_requests": 2}}
    assert reported(start(), stop(15, **more), END).usage == Usage(input=25, output=6, reasoning=9, web_searches=2)


def test_the_tier_of_the_start_holds():
    assert reported(start(service_tier="priority"), stop(), END).tier == "priority"
    assert reported(start(speed="fast", inference_geo="us"), delta("x")).tier == "fast-us"


def test_an_end_that_reports_nothing_leaves_an_estimate():
    got = reported(start(), delta("abcdefgh"), stop(None), END)
    assert (got.usage, got.basis) == (Usage(input=25, output=2), Basis.ESTIMATED)


def test_what_cannot_be_read_makes_the_rest_a_lower_bound():
    got = reported(start(), stop(15, input_tokens=-4), END)
    assert (got.usage, got.basis, got.reason) == (WHOLE.usage, Basis.AT_LEAST, "malformed_usage")


# the end


@pytest.mark.parametrize("last", [END, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}])
def test_an_event_ends_the_message(last):
    assert not after(start()).is_terminal
    assert after(start(), last).is_terminal


def test_a_message_that_breaks_off_with_an_error_is_an_estimate():
    got = reported(start(), delta("abcdefgh"), {"type": "error", "error": {}})
    assert (got.usage, got.basis) == (Usage(input=25, output=2), Basis.ESTIMATED)


@pytest.mark.parametrize(
    "event",
    [
        delta('event: message_stop\ndata: {"type": "message_stop"}\n\n'),
        {"type": "content_block_start", "content_block": {"type": "message_stop", "usage": used(999, 999)}},
        PING,
        {},
        {"type": None},
        {"type": ["error"]},
        {"type": "message_start"},
        {"type": "message_start", "message": None},
        {"type": "message_start", "message": 7},
        {"type": "message_delta"},
        {"type": "message_delta", "delta": None, "usage": None},
        {"type": "message_delta", "usage": [1]},
        {"type": "content_block_delta", "delta": {"text": None}},
        {"type": "content_block_delta", "delta": "text"},
        {"type": "content_block_delta", "delta": {"text": 7}},
    ],
)
def test_an_event_of_another_kind_changes_nothing_but_the_count(event):
    reader = after(start(), event, stop(), END)
    assert reader.reported() == WHOLE
    assert not after(start(), event).is_terminal


def test_half_a_surrogate_pair_does_not_hide_an_event():
    tally = MessageTally()
    tally.note(b'{"type": "content_block_delta", "delta": {"text": "abcd\\ud83d"}}')
    got = tally.reported()
    assert got is not None
    assert got.usage.output == 1


# the legacy completions


def test_a_legacy_completion_is_counted():
    pieces: list[Json] = [
        {"type": "completion", "completion": " Hello", "stop_reason": None, "model": "claude-2.1"},
        {"type": "completion", "completion": " it", "stop_reason": "stop_sequence", "model": "claude-2.1"},
    ]
    expected = Reported(Usage(output=3), "claude-2.1", basis=Basis.ESTIMATED, reason=COUNTED)
    assert reported(*pieces) == expected
    assert [after(*pieces[:seen]).is_terminal for seen in (0, 1, 2)] == [False, False, True]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*used(), "type", "x"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(st.sampled_from(["message_start", "message_delta", "message_stop", "error", "x"]), JUNK, JUNK))
)
def test_no_values_raise_and_none_makes_a_count_negative(events):
    reader = after(*({"type": kind, "message": one, "usage": one, "delta": two} for kind, one, two in events))
    got = reader.reported()
    assert got is None or all(count > 0 for count in got.usage.counts().values())
