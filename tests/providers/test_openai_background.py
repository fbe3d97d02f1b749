"""Responses in the background: documents and events, whole, cut, coded and broken off."""

import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts
from sidecar.providers.openai import OPENAI
from sidecar.providers.operation import Observed, Progress
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.families import family, routed
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, SUCCEEDED, observed, told
from tests.providers.wire import JSON, SSE, Json

RESPONSES = family(OPENAI, "/v1/responses")
RESPONSE: Json = {
    "id": "resp_1", "object": "response", "created_at": 1_700_000_000, "status": "completed", "background": True,
    "completed_at": 1_700_000_060, "error": None, "incomplete_details": None, "model": "gpt-5-2025-08-07", "output": [],
    "usage": {
        "input_tokens": 30, "input_tokens_details": {"cached_tokens": 10}, "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 20}, "total_tokens": 80,
    },
    "service_tier": "default",
}  # fmt: skip
USED = Reported(Usage(input=20, cached_input=10, output=30, reasoning=20), "gpt-5-2025-08-07")
DONE = Observed(SUCCEEDED, "resp_1", "gpt-5-2025-08-07", USED, 1_700_000_060_000_000, created_at=1_700_000_000_000_000)


def test_a_response_opens_an_operation_when_its_body_says_background() -> None:
    opened = routed(OPENAI, "/v1/responses")
    assert opened.opens(RequestFacts("gpt-5", is_background=True))
    assert not opened.opens(RequestFacts("gpt-5"))
    assert not opened.opens(NO_FACTS)
    assert opened.operation is not None
    assert opened.operation.kind is OperationKind.BACKGROUND
    assert routed(OPENAI, "/v1/responses/compact").operation is None


def test_an_ended_response_tells_what_it_used_and_when_it_ended() -> None:
    assert observed(RESPONSES, RESPONSE) == DONE


def test_a_cancelled_response_reports_nothing() -> None:
    found = observed(RESPONSES, RESPONSE | {"status": "cancelled", "usage": None, "completed_at": None})
    assert found is not None
    assert (found.progress, found.reported, found.ended_at) == (CANCELLED, None, None)


def event(kind: str, **members: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


OPENING = RESPONSE | {"status": "queued", "usage": None, "completed_at": None}
STREAM = (
    event("response.created", response=OPENING, sequence_number=0)
    + event("response.in_progress", response=OPENING | {"status": "in_progress"}, sequence_number=1)
    + event(
        "response.output_text.delta", delta='{"response": {"status": "failed"}}', item_id="msg_1", sequence_number=2
    )
)
ENDINGS = [
    ("completed", SUCCEEDED), ("incomplete", SUCCEEDED), ("failed", FAILED), ("cancelled", CANCELLED),
]  # fmt: skip


def test_the_first_event_of_a_stream_names_the_response() -> None:
    reader = RESPONSES.open_reply(SSE, NO_FACTS)
    reader.feed(STREAM[: STREAM.index(b"\n\n") + 2])
    found = reader.observed()
    assert found is not None
    assert (found.progress, found.provider_id) == (RUNNING, "resp_1")


@pytest.mark.parametrize(("word", "progress"), ENDINGS)
def test_the_last_event_of_a_stream_is_the_end(word: str, progress: Progress) -> None:
    body = STREAM + event(f"response.{word}", response=RESPONSE | {"status": word}, sequence_number=3)
    found = told(RESPONSES.open_reply(SSE, NO_FACTS), *bytewise(body))
    assert found is not None
    assert (found.progress, found.provider_id, found.reported) == (progress, "resp_1", USED)


def test_a_stream_that_broke_off_has_not_ended() -> None:
    found = told(RESPONSES.open_reply(SSE, NO_FACTS), STREAM, event("error", message="lost"))
    assert found is not None
    assert (found.progress, found.provider_id) == (RUNNING, "resp_1")


def test_a_document_that_broke_off_still_names_its_response() -> None:
    whole = json.dumps(OPENING).encode()
    found = told(RESPONSES.open_reply(JSON, NO_FACTS), whole[: whole.index(b'"model"')])
    assert found is not None
    assert (found.progress, found.provider_id) == (RUNNING, "resp_1")


def test_documents_may_be_cut_and_coded() -> None:
    body = json.dumps(RESPONSE).encode()
    for pieces in in_two(body):
        assert told(RESPONSES.open_reply(JSON, NO_FACTS), *pieces) == DONE
    head = ReplyHead(200, "application/json", "gzip")
    assert told(RESPONSES.open_reply(head, NO_FACTS), zipped(body)) == DONE


def test_a_long_answer_hides_neither_name_nor_usage() -> None:
    long = RESPONSE | {"output": [{"type": "message", "content": [{"type": "output_text", "text": "word " * 200_000}]}]}
    assert observed(RESPONSES, long) == DONE


def test_an_error_is_about_no_response() -> None:
    assert observed(RESPONSES, RESPONSE, head=ReplyHead(404, "application/json")) is None
