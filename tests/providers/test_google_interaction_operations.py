import json

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.google_interaction_operations import INTERACTIONS_WIRE as INTERACTIONS
from sidecar.providers.google_reported import TIER_HEADER
from sidecar.providers.operation import Observed, Place
from tests.bodies.cutting import bytewise, in_two
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    HOSTILE,
    RUNNING,
    SUCCEEDED,
    lines,
    observed,
    progress,
    told,
)
from tests.providers.wire import JSON, SSE, Json, sse

USED: Json = {"total_input_tokens": 5, "total_output_tokens": 2, "total_tokens": 7}
REPORTED = Reported(Usage(input=5, output=2), "gemini-3-flash")
CREATED, ENDED = 1_700_000_000_000_000, 1_700_000_060_000_000
RUN: Json = {"id": "i1", "status": "in_progress", "model": "gemini-3-flash", "created": "2023-11-14T22:13:20Z"}
OVER: Json = RUN | {"status": "completed", "usage": USED, "updated": "2023-11-14T22:14:20Z"}
WHOLE = Observed(SUCCEEDED, "i1", "gemini-3-flash", REPORTED, ENDED, created_at=CREATED)
PROJECT = "/v1beta1/projects/p/locations/l"


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("queued", RUNNING), ("in_progress", RUNNING), ("requires_action", RUNNING), ("requires_continuation", RUNNING),
        ("completed", SUCCEEDED), ("incomplete", SUCCEEDED), ("failed", FAILED), ("budget_exceeded", FAILED),
        ("cancelled", CANCELLED), ("COMPLETED", SUCCEEDED), ("dreaming", RUNNING), (7, RUNNING), (None, RUNNING),
    ],
)  # fmt: skip
def test_every_status_of_an_interaction(word, where):
    assert progress(INTERACTIONS, {"id": "i1", "status": word}) is where


def test_an_interaction_tells_its_usage_at_its_end():
    assert observed(INTERACTIONS, RUN | {"usage": USED}) == Observed(
        RUNNING, "i1", "gemini-3-flash", created_at=CREATED
    )
    assert observed(INTERACTIONS, OVER) == WHOLE


def test_one_that_was_cancelled_tells_what_it_used_until_then():
    found = observed(INTERACTIONS, OVER | {"status": "cancelled"})
    assert found is not None
    assert (found.progress, found.reported) == (CANCELLED, REPORTED)


def test_one_that_tells_no_usage_has_none():
    found = observed(INTERACTIONS, OVER | {"usage": None})
    assert found is not None
    assert (found.progress, found.reported) == (SUCCEEDED, None)


def test_the_tier_may_stand_in_the_head():
    found = observed(INTERACTIONS, OVER, head=ReplyHead(200, "application/json", headers={TIER_HEADER: "flex"}))
    assert found is not None
    assert found.reported is not None
    assert found.reported.tier == "flex"


def test_an_agent_stands_for_a_model_and_a_name_for_an_id():
    agent = {"name": "projects/p/locations/l/interactions/i2", "status": "IN_PROGRESS", "agent": "deep-research"}
    assert observed(INTERACTIONS, agent) == Observed(RUNNING, agent["name"], "deep-research")


# === streams ===

EVENTS: list[Json] = [
    {"event_type": "interaction.created", "interaction": RUN, "event_id": "e1"},
    {"event_type": "step.start", "index": 0, "event_id": "e2"},
    {"event_type": "step.delta", "delta": {"type": "text", "text": "an interaction"}, "event_id": "e3"},
    {"event_type": "interaction.status_update", "interaction_id": "i1", "status": "in_progress"},
    {"event_type": "interaction.completed", "interaction": OVER, "event_id": "e5"},
]
DONE = b"event: done\r\ndata: [DONE]\r\n\r\n"


def streamed(*pieces: bytes, head: ReplyHead = SSE) -> Observed | None:
    return told(INTERACTIONS.open_reply(head, NO_FACTS), *pieces)


def test_a_stream_is_read_at_every_cut():
    body = sse(EVENTS) + DONE
    assert all(streamed(*pieces) == WHOLE for pieces in in_two(body))
    assert streamed(*bytewise(body)) == WHOLE


def test_a_stream_tells_its_id_with_its_first_event():
    reader = INTERACTIONS.open_reply(SSE, NO_FACTS)
    reader.feed(sse(EVENTS[:1]))
    assert reader.observed() == Observed(RUNNING, "i1", "gemini-3-flash", created_at=CREATED)


def test_a_stream_that_is_attached_to_again_begins_in_the_middle():
    assert streamed(sse(EVENTS[3:])) == WHOLE
    assert streamed(sse(EVENTS[2:4])) == Observed(RUNNING, "i1")
    assert streamed(sse([{"eventType": "x", "interactionId": "i1", "status": "FAILED"}])) == Observed(FAILED, "i1")


def test_a_stream_that_broke_off_goes_on():
    assert streamed(sse(EVENTS[:4])) == Observed(RUNNING, "i1", "gemini-3-flash", created_at=CREATED)


def test_an_error_in_a_stream_is_no_end_of_the_interaction():
    error = {"event_type": "error", "error": {"code": "deadline", "message": "interaction"}}
    found = streamed(sse([EVENTS[0], error]))
    assert found is not None
    assert found.progress is RUNNING


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_interaction_says_nothing(body):
    assert told(INTERACTIONS.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))
    assert streamed(b'data: {"interaction":' + body + b"}\n\n", b"data: " + body + b"\n\n") in (
        None,
        Observed(RUNNING, "a"),
    )


@given(st.binary(max_size=200))
def test_nothing_raises(body):
    streamed(body)
    streamed(json.dumps(OVER).encode()[:100], body, head=JSON)


# === our own requests ===


@pytest.mark.parametrize(
    ("path", "poll", "cancel"),
    [
        ("/v1beta/interactions", "/v1beta/interactions/i1", "/cancel"),
        ("/v1/interactions?alt=sse", "/v1/interactions/i1", "/cancel"),
        (f"{PROJECT}/interactions", f"{PROJECT}/interactions/i1", "/cancel"),
        (f"{PROJECT}/interactionsHttp", f"{PROJECT}/interactionsHttp/i1", "/cancel"),
        (f"/gw{PROJECT}/interactions:create", f"/gw{PROJECT}/interactions/i1", ":cancel"),
        (f"{PROJECT}/interactions:createStream", f"{PROJECT}/interactions/i1", ":cancel"),
    ],
)
def test_it_is_asked_about_and_cancelled_where_it_was_made(path, poll, cancel):
    assert lines(INTERACTIONS, Place(path, "i1")) == {"poll": f"GET {poll}", "cancel": f"POST {poll}{cancel}"}


def test_there_is_no_listing():
    assert (INTERACTIONS.kind, INTERACTIONS.find) == (OperationKind.BACKGROUND, None)
