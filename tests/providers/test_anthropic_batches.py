"""Message batches: documents of anthropic-python 2.12, what their ends mean, and what their results add up to."""

import json
import tracemalloc

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.anthropic import ANTHROPIC
from sidecar.providers.anthropic_batches import BATCHES, WORDS, BatchRequest
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts, RequestHead
from sidecar.providers.operation import Ask, Observed, Place, Progress
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.operation_wire import CANCELLED, FAILED, RUNNING, STOPPING, SUCCEEDED, asked, lines, observed, told
from tests.providers.wire import JSON, Json, read

PLACE = Place("/v1/messages/batches", "msgbatch_1")


def counts(**ends: int) -> Json:
    return {name: ends.get(name, 0) for name in ("processing", "succeeded", "errored", "canceled", "expired")}


BATCH: Json = {
    "id": "msgbatch_1", "type": "message_batch", "processing_status": "ended", "request_counts": counts(succeeded=2),
    "created_at": "2024-08-20T18:37:24.100435Z", "ended_at": "2024-08-20T19:37:24Z", "expires_at": "2024-08-21T18:37:24Z",
    "archived_at": None, "cancel_initiated_at": None,
    "results_url": "https://api.anthropic.com/v1/messages/batches/msgbatch_1/results",
}  # fmt: skip
CREATED, ENDED = 1_724_179_044_100_435, 1_724_182_644_000_000


def test_a_batch_is_asked_about_and_cancelled_where_anthropic_documents_it() -> None:
    found = ANTHROPIC.route("POST", "/v1/messages/batches")
    assert found is not None
    assert found.operation is BATCHES
    assert BATCHES.kind is OperationKind.BATCH
    assert BATCHES.tier == "batch"
    assert lines(BATCHES, PLACE) == {
        "poll": "GET /v1/messages/batches/msgbatch_1",
        "cancel": "POST /v1/messages/batches/msgbatch_1/cancel",
    }


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/v1/messages/batches/msgbatch_1"),
        ("GET", "/v1/messages/batches/msgbatch_1/results"),
        ("POST", "/v1/messages/batches/msgbatch_1/cancel"),
        ("POST", "/anthropic/v1/messages/batches/msgbatch_1/cancel"),
    ],
)
def test_whatever_is_asked_about_a_batch_names_it(verb: str, path: str) -> None:
    found = ANTHROPIC.route(verb, path)
    assert found is not None
    assert found.operation is not None
    assert found.operation_id == "msgbatch_1"


# === how it stands ===


def test_a_batch_that_ended_asks_for_its_results() -> None:
    found = observed(BATCHES, BATCH)
    assert found == Observed(SUCCEEDED, "msgbatch_1", "", None, ENDED, "msgbatch_1", CREATED)
    assert BATCHES.results is not None
    assert found is not None
    assert BATCHES.results(PLACE, found) == Ask("GET", "/v1/messages/batches/msgbatch_1/results")


@pytest.mark.parametrize(
    ("word", "progress"), [("in_progress", RUNNING), ("canceling", STOPPING), ("pondering", RUNNING)]
)
def test_a_batch_that_has_not_ended_has_no_results(word: str, progress: Progress) -> None:
    open_batch = BATCH | {"processing_status": word, "request_counts": counts(processing=2), "ended_at": None}
    found = observed(BATCHES, open_batch)
    assert found == Observed(progress, "msgbatch_1", created_at=CREATED)
    assert BATCHES.results is not None
    assert found is not None
    assert BATCHES.results(PLACE, found) is None
    assert set(WORDS) == {"in_progress", "canceling", "ended"}


ENDS = [
    # request_counts, cancel_initiated_at -> progress, has results
    (counts(succeeded=3), False, SUCCEEDED, True),
    (counts(succeeded=3), True, SUCCEEDED, True),  # the cancel came too late
    (counts(canceled=3), True, CANCELLED, False),
    (
        counts(succeeded=1, canceled=2),
        True,
        CANCELLED,
        True,
    ),  # what could not be interrupted was finished, and is billed
    (counts(succeeded=1, errored=2), False, SUCCEEDED, True),
    (counts(errored=3), False, FAILED, False),
    (counts(expired=3), False, FAILED, False),
    (counts(errored=1, canceled=2), True, CANCELLED, False),
    (counts(errored=3), True, FAILED, False),
]


@pytest.mark.parametrize(("ended", "is_asked", "progress", "has_results"), ENDS)
def test_how_its_requests_ended_says_how_the_batch_did(
    ended: Json, is_asked: bool, progress: Progress, has_results: bool
) -> None:
    asked_at = "2024-08-20T19:00:00Z" if is_asked else None
    found = observed(BATCHES, BATCH | {"request_counts": ended, "cancel_initiated_at": asked_at})
    assert found is not None
    assert found.progress is progress
    assert bool(found.results) == has_results
    assert found.reported == (None if has_results else NOTHING_BILLED)


@pytest.mark.parametrize("unsure", [None, [], "many", {"succeeded": "x"}, {}])
def test_a_stop_is_not_claimed_without_evidence(unsure: object) -> None:
    found = observed(BATCHES, BATCH | {"request_counts": unsure, "cancel_initiated_at": "2024-08-20T19:00:00Z"})
    assert found is not None
    assert found.progress is SUCCEEDED
    assert found.results == "msgbatch_1"
    assert found.reported is None


def test_a_row_of_results_or_a_message_is_no_batch() -> None:
    assert observed(BATCHES, {"id": "msg_1", "type": "message"}) is None
    results = ANTHROPIC.route("GET", "/v1/messages/batches/msgbatch_1/results")
    assert results is not None
    assert results.operation is not None
    assert told(results.operation.open_reply(JSON, NO_FACTS), BODY) is None


# === results ===


def row(**used: object) -> bytes:
    usage = {"input_tokens": 10, "output_tokens": 5, "service_tier": "batch"} | used
    message = {"id": "msg_1", "type": "message", "model": "claude-x", "stop_reason": "end_turn", "usage": usage}
    return json.dumps({"custom_id": "c", "result": {"type": "succeeded", "message": message}}).encode() + b"\n"


def ended(kind: str) -> bytes:
    return json.dumps({"custom_id": "c", "result": {"type": kind}}).encode() + b"\n"


BODY = row() + ended("errored") + row(cache_read_input_tokens=100) + ended("canceled") + ended("expired")
SUMMED = Reported(Usage(input=20, cached_input=100, output=10), "claude-x", "batch")


def results(body: bytes, head: ReplyHead = JSON) -> Reported | None:
    assert BATCHES.open_results is not None
    return read(BATCHES.open_results(head, NO_FACTS), *bytewise(body))


def test_results_are_summed_over_what_succeeded() -> None:
    assert results(BODY) == SUMMED
    assert results(zipped(BODY), ReplyHead(200, "application/x-jsonl", "gzip")) == SUMMED
    assert results(ended("canceled")) is None


def test_a_row_with_a_strange_usage_makes_it_a_lower_bound() -> None:
    reported = results(row() + row(input_tokens="many"))
    assert reported == Reported(Usage(input=10, output=10), "claude-x", "batch", Basis.AT_LEAST, "malformed_usage")


# === the request that opens one ===


def batch_of(*requests: Json) -> Json:
    return {"requests": list(requests)}


ONE: Json = {
    "custom_id": "a",
    "params": {"max_tokens": 9, "messages": [{"role": "user", "content": 'a "model": ["x"] b'}]},
}


def with_model(model: object) -> Json:
    return ONE | {"params": ONE["params"] | {"model": model}}


def facts(body: bytes, *, coding: str = "", size: int = 7) -> RequestFacts:
    reader = BatchRequest(RequestHead("application/json", coding))
    for at in range(0, len(body), size):
        reader.feed(body[at : at + size])
    reader.finish()
    return reader.facts()


def test_a_batch_is_of_its_first_requests_model() -> None:
    document = batch_of(with_model("claude-x"), with_model("claude-y"))
    assert asked(BatchRequest(RequestHead()), document) == RequestFacts("claude-x")
    assert asked(BatchRequest(RequestHead()), batch_of(ONE, with_model("claude-y"))) == NO_FACTS


def test_it_is_found_however_the_body_is_cut_and_coded() -> None:
    body = json.dumps(batch_of(with_model("claude-x"))).encode()
    for pieces in in_two(body):
        reader = BatchRequest(RequestHead())
        for piece in pieces:
            reader.feed(piece)
        assert reader.facts() == RequestFacts("claude-x")
    assert facts(zipped(body), coding="gzip") == RequestFacts("claude-x")


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"requests":7}', b'{"requests":[7]}', b'{"requests":[{"params":{"model":7}}]}', b"[" * 9000,
     b"x" * 100_000, b'{"requests":[{"params":[]}]}', b"\xff[{"],
)  # fmt: skip
def test_what_names_no_model_names_none(body: bytes) -> None:
    assert facts(body, size=1000) == NO_FACTS


def test_a_batch_of_many_megabytes_takes_no_memory() -> None:
    first = json.dumps(with_model("claude-x")).encode()
    long = json.dumps(ONE | {"system": "x" * 200_000}).encode()
    reader = BatchRequest(RequestHead())
    tracemalloc.start()
    reader.feed(b'{"requests":[' + first)
    for _ in range(100):
        reader.feed(b"," + long)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reader.facts() == RequestFacts("claude-x")
    assert reader.text_bytes() == 0
    assert most < 2_000_000
