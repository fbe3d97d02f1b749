import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import ReplyHead, Reported
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.interactions import (
    DONE,
    IN_CAMEL_CASE,
    STREAM,
    USAGE,
    USED,
    after,
    body_of,
    completed,
    created,
    delta,
    stream,
)
from tests.providers.wire import JSON, SSE, read, whole

FORMS = {
    "lf": (SSE, body_of(*STREAM) + DONE),
    "crlf": (SSE, body_of(*STREAM, end="\r\n") + DONE),
    "no done": (SSE, body_of(*STREAM)),
    "gzip": (ReplyHead(200, "text/event-stream", "gzip"), zipped(body_of(*STREAM) + DONE)),
    "no event lines": (SSE, "".join(f"data: {json.dumps(one)}\n\n" for one in STREAM).encode()),
}


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = stream(head)
        assert read(reader, *pieces) == USED
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=60)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 1200), max_size=10))
def test_a_stream_is_read_the_same_at_many_cuts(form, places):
    head, body = FORMS[form]
    assert read(stream(head), *cut(body, places)) == USED


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_that_breaks_off_anywhere_is_estimated_from_its_text(head, body):
    for end in range(len(body)):
        reader = stream(head)
        got = read(reader, body[:end])
        if got is None or got == USED:
            assert reader.is_terminal is (got == USED)
            continue
        assert (got.basis, got.reason) == (Basis.ESTIMATED, "counted_deltas")
        assert 0 < got.usage.output <= 4


def test_a_whole_interaction_on_the_same_path_is_one_document():
    assert read(stream(JSON), whole(STREAM[-1]["interaction"])) == Reported(USED.usage)


# usage


def test_what_was_reported_at_completion_counts():
    got = after(
        created(),
        delta("a", metadata={"total_usage": {"total_input_tokens": 10, "total_output_tokens": 99}}),
        completed(),
    )
    assert got.reported() == Reported(USED.usage)


@pytest.mark.parametrize(
    "running",
    [
        {"event_type": "interaction.status_update", "interaction_id": "i1", "status": "in_progress", "usage": USAGE},
        {"event_type": "step.stop", "index": 0, "usage": USAGE},
        {"event_type": "step.delta", "delta": {"type": "text", "text": "a"}, "metadata": {"total_usage": USAGE}},
        {"eventType": "step.delta", "delta": {"text": "a"}, "metadata": {"totalUsage": IN_CAMEL_CASE}},
        {"event_type": "interaction.created", "interaction": {"usage": USAGE}},
    ],
)  # fmt: skip
def test_before_that_the_newest_running_total_counts(running):
    early = delta("x", metadata={"total_usage": {"total_input_tokens": 10, "total_output_tokens": 1}})
    unfinished = Reported(USED.usage, "", "", Basis.AT_LEAST, "unfinished")
    assert after(early, running, delta("more")).reported() == unfinished
    assert after(early, running, completed(used=None)).reported() == Reported(
        USED.usage, "", "", Basis.AT_LEAST, "usage_before_end"
    )


@pytest.mark.parametrize("nothing", [None, 7, [], {}, {"total_usage": None}, "x"])
def test_metadata_without_usage_hides_nothing(nothing):
    running = delta("a", metadata={"total_usage": USAGE})
    got = after(running, delta("b", metadata=nothing)).reported()
    assert got is not None
    assert got.usage == USED.usage


def test_a_steps_own_usage_is_no_running_total():
    reader = after(created(), {"event_type": "step.stop", "index": 0, "step_usage": {"total_output_tokens": 500}})
    assert reader.reported() is None


def test_the_tier_and_the_model_are_remembered_from_the_beginning():
    head = ReplyHead(200, "text/event-stream", "", {"x-gemini-service-tier": "flex"})
    reader = stream(head)
    for one in (created(model="models/gemini-3-flash"), completed(service_tier="flex")):
        reader.feed(body_of(one))
    assert reader.reported() == Reported(USED.usage, "gemini-3-flash", "flex")


# estimates


def test_text_and_arguments_are_counted_and_images_are_not():
    for one, size in (
        ({"type": "text", "text": "12345678"}, 8),
        ({"type": "text", "text": "\u00e9\n"}, 3),
        ({"type": "arguments_delta", "arguments": '{"a": 1}'}, 8),
        ({"type": "function_call", "arguments": {"a": 1}}, 8),
        ({"type": "thought_summary", "content": {"type": "text", "text": "1234"}}, 4),
        ({"type": "image", "data": "A" * 500, "mime_type": "image/png"}, 0),
        ({"type": "thought_signature", "signature": "A" * 500}, 0),
        ({"type": "text", "text": None}, 0),
        ({"content": {"content": {"text": "deeper"}}}, 0),
        ({"content": [1]}, 0),
        (7, 0),
    ):
        got = after({"event_type": "step.delta", "delta": one}).reported()
        assert (got.usage.output if got else 0) == -(-size // 4)


def test_a_thousand_deltas_are_counted_as_they_are_known_by_their_frame():
    reader = after(created(), *[delta("1234" * (number % 3)) for number in range(900)])
    assert reader.reported() == Reported(Usage(output=900), basis=Basis.ESTIMATED, reason="counted_deltas")
