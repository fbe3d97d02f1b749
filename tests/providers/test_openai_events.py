import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.openai_events import RESPONSES, Kind, open_responses
from tests.bodies.cutting import bytewise, cut, in_two, zipped
from tests.providers.openai_wire import billed, judged, named
from tests.providers.wire import JSON, SSE, Json, read, sse, whole


def response(status: str, usage: Json | None = None, **more: object) -> Json:
    return {"id": "resp_1", "model": "gpt-5", "status": status, "service_tier": "priority", "usage": usage} | more


def delta(number: int, text: str, kind: str = "response.output_text.delta") -> Json:
    return {"type": kind, "sequence_number": number, "delta": text, "obfuscation": "xyzxyzxyz"}


USAGE = billed(10, 6, input_tokens_details={"cached_tokens": 4}, output_tokens_details={"reasoning_tokens": 3})
BEGINNING = [
    {"type": "response.created", "sequence_number": 0, "response": response("in_progress")},
    {"type": "response.in_progress", "sequence_number": 1, "response": response("in_progress")},
    {"type": "response.output_item.added", "sequence_number": 2, "item": {"type": "message", "content": []}},
    delta(3, "hm", "response.reasoning_summary_text.delta"),
    delta(4, "Hel"),
    delta(5, 'lo "\\ response.completed'),
    delta(6, "!"),
    {"type": "response.output_text.done", "sequence_number": 7, "text": "Hello!"},
]
END = {"type": "response.completed", "sequence_number": 8, "response": response("completed", USAGE)}
WHOLE = Reported(Usage(input=6, cached_input=4, output=3, reasoning=3), "gpt-5", "priority")
FORMS = {
    "named": (SSE, named(*BEGINNING, END)),
    "crlf": (SSE, named(*BEGINNING, END).replace(b"\n", b"\r\n")),
    "unnamed": (SSE, sse([*BEGINNING, END], "\n") + b"data: [DONE]\n\n"),
    "gzip": (ReplyHead(200, "text/event-stream; charset=utf-8", "gzip"), zipped(named(*BEGINNING, END))),
    "unary": (JSON, whole(response("completed", USAGE))),
}


def after(*events: Json) -> ReplyReader:
    reader = open_responses(SSE, NO_FACTS)
    for one in events:
        reader.feed(named(one))
    return reader


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_reply_is_read_the_same_at_every_cut(head, body):
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_responses(head, NO_FACTS)
        assert read(reader, *pieces) == WHOLE
        assert reader.is_terminal
        assert not reader.gave_up


@settings(max_examples=50)
@given(st.sampled_from(sorted(FORMS)), st.lists(st.integers(0, 2000), max_size=10))
def test_a_reply_is_read_the_same_at_many_cuts(form, places):
    head, body = FORMS[form]
    assert read(open_responses(head, NO_FACTS), *cut(body, places)) == WHOLE


@pytest.mark.parametrize(("head", "body"), FORMS.values(), ids=FORMS)
def test_a_stream_that_breaks_off_anywhere_is_estimated_from_its_deltas(head, body):
    for end in range(len(body)):
        got = read(open_responses(head, NO_FACTS), body[:end])
        if got is not None and got != WHOLE:
            assert judged(got) == (Basis.ESTIMATED, "counted_deltas")
            assert (got.model, got.tier) == ("gpt-5", "priority")
            assert got.usage.output <= 3
            assert got.usage.reasoning <= 1


@pytest.mark.parametrize("name", [name for name, kind in RESPONSES.items() if kind is Kind.OUTPUT])
def test_a_delta_counts_as_a_token(name):
    got = after(delta(1, "a", name), delta(2, "b", name)).reported()
    assert got is not None
    assert got.usage == Usage(output=2)


@pytest.mark.parametrize(
    "name",
    [
        "response.shell_call_output_content.delta",
        "response.output_text.done",
        "response.output_text.annotation.added",
        "response.image_generation_call.partial_image",
        "response.steer.accepted",
        "keepalive",
        "",
    ],
)
def test_what_was_not_generated_is_not_counted(name):
    reader = after(delta(1, "a", name))
    assert reader.reported() is None
    assert not reader.is_terminal


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled"])
def test_every_end_says_what_was_used(status):
    reader = after(*BEGINNING, {"type": f"response.{status}", "response": response(status, USAGE)})
    assert reader.is_terminal
    assert reader.reported() == WHOLE


def test_an_end_without_usage_leaves_an_estimate():
    reader = after(*BEGINNING, {"type": "response.failed", "response": response("failed")})
    assert reader.is_terminal
    assert reader.reported() == Reported(
        Usage(output=3, reasoning=1), "gpt-5", "priority", Basis.ESTIMATED, "counted_deltas"
    )


@pytest.mark.parametrize("event", [{"type": "error", "message": "x"}, {"error": {"message": "x"}}])
def test_an_error_ends_the_answer(event):
    reader = open_responses(SSE, NO_FACTS)
    reader.feed(named(*BEGINNING) + sse([event], "\n"))
    assert reader.is_terminal
    assert judged(reader.reported()) == (Basis.ESTIMATED, "counted_deltas")


def test_a_second_end_is_a_mistake_and_makes_a_lower_bound():
    assert judged(after(*BEGINNING, END, END).reported()) == (Basis.AT_LEAST, "reported_twice")


def test_a_background_response_that_is_queued_reports_nothing():
    assert read(open_responses(JSON, NO_FACTS), whole(response("queued", background=True))) is None


@given(
    st.lists(
        st.none() | st.integers() | st.text(max_size=4) | st.dictionaries(st.just("type"), st.integers() | st.text())
    )
)
def test_nothing_raises_on_any_events(events):
    assert read(open_responses(SSE, NO_FACTS), sse(events)) is None
