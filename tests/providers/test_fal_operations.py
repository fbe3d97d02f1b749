"""Requests in fal's queue."""

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.fal import FAL_QUEUE, UNITS, WORDS
from sidecar.providers.operation import Ask, Observed, Place, Progress
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.providers.families import asks_of_itself, family, seen, stands
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, STOPPING, SUCCEEDED, observed, told
from tests.providers.wire import JSON, SSE, read, sse

QUEUE = family(FAL_QUEUE, "/fal-ai/flux/dev")
SUBMITTED = {
    "status": "IN_QUEUE", "request_id": "r1", "queue_position": 0,
    "response_url": "https://queue.fal.run/fal-ai/flux/requests/r1",
    "cancel_url": "https://queue.fal.run/fal-ai/flux/requests/r1/cancel",
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "app"),
    [
        ("/fal-ai/flux", "/fal-ai/flux"),
        ("/fal-ai/flux/dev", "/fal-ai/flux"),
        ("/fal-ai/flux/dev/image-to-image", "/fal-ai/flux"),
        ("/workflows/me/mine/fast", "/workflows/me/mine"),
    ],
)
def test_a_request_is_asked_about_at_its_app__without_what_was_asked_of_the_app(path: str, app: str) -> None:
    """So fal-client 1.0.3 does, as captured: `PUT /fal-ai/flux/requests/r1/cancel` (providers-wire 8)."""
    assert asks_of_itself(FAL_QUEUE, path, "r1") == {
        "poll": f"GET {app}/requests/r1/status",
        "cancel": f"PUT {app}/requests/r1/cancel",
    }


def test_a_submitted_request_is_known_by_its_id() -> None:
    assert seen(QUEUE, SUBMITTED) == Observed(RUNNING, "r1")
    assert QUEUE.kind is OperationKind.BACKGROUND


@pytest.mark.parametrize(
    ("word", "progress"),
    [
        ("IN_QUEUE", RUNNING), ("IN_PROGRESS", RUNNING), ("COMPLETED", SUCCEEDED), ("CANCELLATION_REQUESTED", STOPPING),
        ("ALREADY_COMPLETED", SUCCEEDED), ("OK", CANCELLED), ("PONDERING", RUNNING),
    ],
)  # fmt: skip
def test_every_word_means_what_fal_says(word: str, progress: Progress) -> None:
    assert stands(QUEUE, {"status": word}) is progress
    assert len(WORDS) == 6


def test_what_was_taken_out_of_the_queue_is_free() -> None:
    assert seen(QUEUE, {"status": "OK"}).reported == NOTHING_BILLED


def test_a_cancel_that_was_declined_says_nothing() -> None:
    assert observed(QUEUE, {"status": "NOT_FOUND"}, head=ReplyHead(404, "application/json")) is None


def test_a_completed_request_that_names_an_error_has_failed() -> None:
    failed = {"status": "COMPLETED", "request_id": "r1", "error": "Request timed out", "error_type": "request_timeout"}
    assert seen(QUEUE, failed) == Observed(FAILED, "r1")
    assert stands(QUEUE, failed | {"error": None}) is SUCCEEDED


def test_a_stream_of_states_is_read_to_its_last() -> None:
    states = [SUBMITTED, {"status": "IN_PROGRESS", "request_id": "r1"}, {"status": "COMPLETED", "request_id": "r1"}]
    assert told(QUEUE.open_reply(SSE, NO_FACTS), sse(states)) == Observed(SUCCEEDED, "r1", results="result")


def test_what_it_cost_stands_in_the_head_of_the_result() -> None:
    assert QUEUE.results is not None
    assert QUEUE.open_results is not None
    place = Place("/fal-ai/flux/dev", "r1")
    assert QUEUE.results(place, seen(QUEUE, SUBMITTED)) is None
    ended = seen(QUEUE, {"status": "COMPLETED", "request_id": "r1"})
    assert QUEUE.results(place, ended) == Ask("GET", "/fal-ai/flux/requests/r1")
    head = ReplyHead(200, "application/json", headers={UNITS: "3"})
    assert read(QUEUE.open_results(head, NO_FACTS), b'{"images":[]}') == Reported(Usage(units=3))
    assert QUEUE.reply_headers == (UNITS,)


def test_the_callers_own_fetching_of_the_result_is_the_end() -> None:
    result = family(FAL_QUEUE, "/fal-ai/flux/requests/r1", "GET")
    head = ReplyHead(200, "application/json", headers={UNITS: "3"})
    body = b'{"status":"IN_QUEUE","request_id":"x"}'
    assert told(result.open_reply(head, NO_FACTS), body) == Observed(SUCCEEDED, reported=Reported(Usage(units=3)))
    assert told(result.open_reply(JSON, NO_FACTS), body) == Observed(SUCCEEDED)
    assert told(result.open_reply(ReplyHead(202), NO_FACTS), body) is None
    assert told(result.open_reply(ReplyHead(400), NO_FACTS), body) is None
