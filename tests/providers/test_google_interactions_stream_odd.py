"""How an interaction's stream ends, what it goes on with, and what it survives."""

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.providers.contract import ReplyHead, Reported
from sidecar.providers.google_continuation import digest_of
from tests.bodies.cutting import in_two
from tests.providers.interactions import (
    DONE,
    STREAM,
    USED,
    after,
    body_of,
    completed,
    created,
    delta,
    stream,
)
from tests.providers.wire import SSE, Json

# the end


@pytest.mark.parametrize(
    "status",
    ["completed", "failed", "cancelled", "incomplete", "budget_exceeded", "requires_action", "of_next_year", None],
)
def test_a_completed_interaction_has_ended(status):
    assert after(completed() | {"interaction": {"status": status}}).is_terminal


@pytest.mark.parametrize(
    "last", [{"event_type": "error", "error": {"code": "x"}}, {"event_type": "error"}, {"eventType": "error"}]
)
def test_an_error_ends_it(last):
    assert not after(*STREAM[:4]).is_terminal
    assert after(*STREAM[:4], last).is_terminal


def test_done_ends_it_however_it_was_cut():
    for first, second in in_two(DONE):
        reader = after(*STREAM[:4])
        reader.feed(first)
        reader.feed(second)
        assert reader.is_terminal


@pytest.mark.parametrize(
    "last",
    [
        created(),
        delta("[DONE]"),
        delta('"event_type": "interaction.completed"'),
        {"event_type": "step.stop", "interaction": {"status": "completed"}},
        {"event_type": "interaction.status_update", "status": "completed"},
        {"event_type": None, "interaction": {"status": "completed"}},
        {"event_type": 7},
        {"event_type": "step.delta", "delta": {"event_type": "error"}},
    ],
)
def test_other_events_do_not_end_it(last):
    assert not after(*STREAM[:3], last).is_terminal


# continuation


def test_one_that_stops_for_want_of_room_is_exact_but_not_ended():
    reader = after(*STREAM[:4], completed("requires_continuation", continuation_token="t0ken"))
    assert reader.reported() == Reported(USED.usage, "gemini-3-flash", continuation=digest_of("t0ken"))
    assert not reader.is_terminal


def test_a_checkpoint_is_remembered_until_the_next_or_the_end():
    def checkpoint(token: object) -> Json:
        return {"event_type": "interaction.status_update", "status": "in_progress", "continuation_token": token}

    for events, token in (
        ([checkpoint("a"), delta("x")], "a"),
        ([checkpoint("a"), checkpoint("b"), delta("x"), checkpoint(None), checkpoint(7)], "b"),
        ([delta("x", continuation_token="c")], "c"),
        ([checkpoint("a"), delta("x"), completed()], ""),
    ):
        got = after(*events).reported()
        assert got is not None
        assert got.continuation == (digest_of(token) if token else "")


# hostile


@pytest.mark.parametrize(
    "payload", [b"7", b"[]", b"null", b'{"event_type": ', b'{"interaction": 7, "usage": 7, "delta": []}', b"\xff", b'"']
)
def test_odd_events_are_passed_over(payload):
    reader = after(*STREAM[:2])
    reader.feed(b"data: " + payload + b"\n\n")
    for one in STREAM[2:]:
        reader.feed(body_of(one))
    assert reader.reported() == USED


@settings(max_examples=100)
@given(
    st.sampled_from([SSE, ReplyHead(200, "text/event-stream", "gzip"), ReplyHead(429, "text/event-stream")]),
    st.lists(
        st.binary(max_size=50)
        | st.sampled_from([b"data: ", b"\n\n", b'{"event_type": "error", ', b'"interaction": {', b"}}", b"[DONE]"]),
        max_size=10,
    ),
)  # fmt: skip
def test_no_bytes_raise(head, pieces):
    reader = stream(head)
    for piece in pieces:
        reader.feed(piece)
        reader.reported()
    reader.finish()
    reader.reported()
