import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.openai_chat import open_chat
from sidecar.providers.openai_extras import Extras
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.openai_wire import DONE, after, chunk, chunks, judged, last, used
from tests.providers.wire import JSON, SSE, Json, read, sse, whole

DETAILS = {
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0},
}
BEGINNING = [chunk("", usage=None), chunk("Hel", usage=None), chunk('lo "\\ [DONE]', usage=None)]
STREAM = [*BEGINNING, chunk(finish="stop", usage=None), last(used(10, 3, **DETAILS), service_tier="default")]
WHOLE = Reported(Usage(input=6, cached_input=4, output=2, reasoning=1), "gpt-5")
FORMS = {
    "lf": (SSE, chunks(*STREAM)),
    "crlf": (SSE, sse(STREAM) + b"data: [DONE]\r\n\r\n"),
    "comments": (SSE, b": OPENROUTER PROCESSING\n\n" + chunks(*STREAM)),
    "no space": (SSE, chunks(*STREAM).replace(b"data: ", b"data:")),
    "gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(chunks(*STREAM))),
    "unary": (JSON, whole({"object": "chat.completion", "model": "gpt-5", "usage": used(10, 3, **DETAILS)})),
    "unary gzip": (
        ReplyHead(200, "application/json", "gzip"),
        zipped(whole({"model": "gpt-5", "usage": used(10, 3, **DETAILS)})),
    ),
}


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_reply_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_chat(head, NO_FACTS)
        assert read(reader, *pieces) == WHOLE
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=60)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 1200), max_size=10))
def test_a_reply_is_read_the_same_at_many_cuts(form, places):
    head, body = FORMS[form]
    assert read(open_chat(head, NO_FACTS), *cut(body, places)) == WHOLE


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_reply_that_breaks_off_anywhere_reports_no_more_than_the_whole(head, body):
    for end in range(len(body)):
        got = read(open_chat(head, NO_FACTS), body[:end])
        if got is not None and got != WHOLE:
            assert judged(got) == (Basis.ESTIMATED, "counted_deltas")
            assert got.usage.output <= 2
            assert got.model == "gpt-5"


def test_a_stream_without_usage_is_counted():
    got = read(open_chat(SSE, NO_FACTS), chunks(*BEGINNING, chunk(finish="stop")))
    assert got == Reported(Usage(output=2), "gpt-5", basis=Basis.ESTIMATED, reason="counted_deltas")


def test_a_stream_that_said_nothing_reports_nothing():
    assert read(open_chat(SSE, NO_FACTS), b": keep-alive\n\n", chunks(chunk(""), chunk(finish="stop"))) is None


# what is counted


@pytest.mark.parametrize(
    ("delta", "output", "reasoning"),
    [
        ({"role": "assistant", "content": ""}, 0, 0),
        ({"content": None}, 0, 0),
        ({}, 0, 0),
        (None, 0, 0),
        ({"content": " "}, 1, 0),
        ({"refusal": "I"}, 1, 0),
        ({"tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}, 1, 0),
        ({"tool_calls": []}, 0, 0),
        ({"tool_calls": None, "function_call": {"arguments": "{"}}, 1, 0),
        ({"reasoning_content": "hm"}, 0, 1),
        ({"reasoning": "hm", "content": ""}, 0, 1),
        ({"reasoning": "", "content": "x"}, 1, 0),
        ({"reasoning_content": None, "content": None, "tool_calls": None, "refusal": None}, 0, 0),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]}, 0, 1),
        ({"content": [{"type": "text", "text": "x"}]}, 1, 0),
        ({"content": 7}, 1, 0),
        ({"content": {"a": 1}}, 1, 0),
        ("x", 0, 0),
    ],
)
def test_each_delta_of_an_answer_counts_as_a_token(delta, output, reasoning):
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    got = after(chunk() | {"choices": [choice], "obfuscation": "abcdefgh"}).reported()
    assert (got.usage if got else Usage()) == Usage(output=output, reasoning=reasoning)


def test_the_older_completions_and_several_choices_are_counted_too():
    events = [{"choices": [{"text": "a", "index": 0}, {"text": "b", "index": 1}, {"text": "", "index": 2}]}] * 3
    got = after(*events).reported()
    assert got is not None
    assert got.usage == Usage(output=6)


# usage


def test_the_last_usage_counts():
    running = [chunk("a", usage=used(10, 1)), chunk("b", usage=used(10, 2)), chunk(finish="stop", usage=used(10, 2))]
    cut_off = after(*running[:2])
    assert cut_off.reported() == Reported(Usage(input=10, output=2), "gpt-5", "", Basis.AT_LEAST, "unfinished")
    assert after(*running).reported() == Reported(Usage(input=10, output=2), "gpt-5")
    assert after(*running, last(used(10, 3))).reported() == Reported(Usage(input=10, output=3), "gpt-5")


def test_running_usage_is_final_when_the_stream_says_that_it_is_done():
    reader = after(chunk("a", usage=used(10, 1)))
    reader.feed(DONE)
    assert reader.reported() == Reported(Usage(input=10, output=1), "gpt-5")


def test_usage_with_the_last_choice_is_final_without_another_word():
    both = [chunk("a"), chunk("b", index=1), chunk(finish="stop")]
    assert judged(after(*both, chunk(usage=used(10, 2))).reported()) == (Basis.AT_LEAST, "unfinished")
    ended = after(*both, chunk(finish="length", index=1, usage=used(10, 2)))
    assert ended.reported() == Reported(Usage(input=10, output=2), "gpt-5")
    assert ended.is_terminal


def test_answer_is_whole_when_every_choice_has_finished_and_not_when_another_begins():
    events = [chunk("a"), chunk(finish="stop"), chunk("b", index=1), chunk(finish="stop", index=1)]
    assert [after(*events[:count]).is_terminal for count in range(1, 5)] == [False, True, False, True]


def test_numbers_from_before_the_answer_give_the_input_and_deltas_the_rest():
    got = after(chunk("", usage=used(10, 0)), chunk("a"), chunk("b")).reported()
    assert got == Reported(Usage(input=10, output=2), "gpt-5", "", Basis.ESTIMATED, "counted_deltas")


def test_zeros_are_no_usage_when_there_was_text():
    got = after(chunk("a"), chunk("b"), chunk(finish="stop"), last(used(0, 0))).reported()
    assert got == Reported(Usage(output=2), "gpt-5", "", Basis.ESTIMATED, "counted_deltas")
    got = after(chunk("a"), chunk(finish="stop"), last(used(10, 0))).reported()
    assert got == Reported(Usage(input=10, output=1), "gpt-5", "", Basis.ESTIMATED, "counted_deltas")


@pytest.mark.parametrize("nothing", [None, {}, used(0, 0), 7, [], "x", {"prompt_tokens": None}])
def test_usage_without_numbers_does_not_hide_what_came_before(nothing):
    got = after(chunk("a"), chunk(finish="stop", usage=used(10, 5)), chunk() | {"usage": nothing}).reported()
    assert got == Reported(Usage(input=10, output=5), "gpt-5")


def test_a_tool_call_that_looks_like_usage_is_none():
    fooling = json.dumps({"usage": used(999, 999), "error": {}, "choices": []})
    reader = after(
        chunk(fooling), chunk() | {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": fooling}}]}}]}
    )
    got = reader.reported()
    assert got is not None
    assert got.usage == Usage(output=2)
    assert not reader.is_terminal


def test_usage_in_another_member_is_seen_in_a_stream():
    groq = open_chat(SSE, NO_FACTS, Extras(usage_in="x_groq"))
    events = [
        chunk("a", x_groq={"id": "r"}),
        chunk("b"),
        chunk(finish="stop", x_groq={"id": "r", "usage": used(10, 2)}),
    ]
    assert read(groq, chunks(*events)) == Reported(Usage(input=10, output=2), "gpt-5")


# the end


@pytest.mark.parametrize(
    "end", [DONE, b"data:[DONE]\n\n", b"data: [DONE] \n\n", sse([{"error": {"message": "overloaded"}}])]
)
def test_an_event_ends_the_answer(end):
    reader = after(chunk("a"))
    assert not reader.is_terminal
    reader.feed(end)
    assert reader.is_terminal


@pytest.mark.parametrize(
    "event",
    [chunk("[DONE]"), chunk("a", error=None), {"choices": "x"}, {"choices": [7, None]}, [], 7, "[DONE]", None, {}],
)
def test_an_event_does_not_end_the_answer(event):
    assert not after(chunk("a"), event).is_terminal


def test_an_error_after_running_usage_leaves_a_lower_bound():
    reader = after(chunk("a", usage=used(10, 1)), {"error": {"message": "x"}})
    assert judged(reader.reported()) == (Basis.AT_LEAST, "unfinished")


def test_an_error_instead_of_a_stream_reports_nothing():
    reader = open_chat(ReplyHead(429, "application/json"), NO_FACTS)
    assert read(reader, whole({"error": {"message": "slow down", "type": "rate_limit_error"}})) is None
    assert reader.is_terminal


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda values: (
        st.lists(values, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "usage", "index", "finish_reason", "error", "prompt_tokens"]
            ),
            values,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(HOSTILE, max_size=6))
def test_nothing_raises_on_any_events(events: list[Json]):
    got = read(open_chat(SSE, NO_FACTS), chunks(*events))
    assert got is None or all(count > 0 for count in got.usage.counts().values())
