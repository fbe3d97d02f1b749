import json

import pytest

from sidecar.providers.openai_realtime_events import RealtimeEvent, Request, event_in, request_in
from tests.providers.live_wire import realtime_created, realtime_error, realtime_piece, transcript


@pytest.mark.parametrize(
    ("document", "event"),
    [
        (realtime_created("r1"), RealtimeEvent("response.created", "r1", is_of_conversation=True)),
        (realtime_created("r1", None), RealtimeEvent("response.created", "r1")),
        (realtime_piece(delta="Hi"), RealtimeEvent("response.output_text.delta", "resp_1", "item_1", 2)),
        (
            realtime_error("c", "e", "p"),
            RealtimeEvent(
                "error", error_code="c", error_event_id="e", error_param="p", error_type="invalid_request_error"
            ),
        ),
        (
            transcript("failed", error={}),
            RealtimeEvent("conversation.item.input_audio_transcription.failed", item_id="item_1"),
        ),
        ({"type": "session.created", "session": {"model": "m"}}, RealtimeEvent("session.created", session_model="m")),
        ({"type": "response.done", "response": 5}, RealtimeEvent("response.done")),
        ({"type": "response.done", "response_id": 5, "item_id": None}, RealtimeEvent("response.done")),
        ({"type": ["x"]}, RealtimeEvent()),
        ([], RealtimeEvent()),
    ],
    ids=str,
)
def test_an_event_is_known_by_few_of_its_members(document, event):
    assert event_in(json.dumps(document).encode()) == event


@pytest.mark.parametrize(
    ("document", "request_"),
    [
        ({"type": "response.create"}, Request("response.create")),
        ({"type": "response.create", "event_id": "c1"}, Request("response.create", "c1")),
        ({"type": "response.create", "response": {"conversation": "none"}}, Request("response.create", is_apart=True)),
        ({"type": "response.create", "response": {"conversation": "auto"}}, Request("response.create")),
        ({"type": "response.create", "response": 5, "event_id": 5}, Request("response.create")),
        (5, Request()),
    ],
    ids=str,
)
def test_an_event_of_the_caller_is_known_too(document, request_):
    assert request_in(json.dumps(document).encode()) == request_
