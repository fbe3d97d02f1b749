import json

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported
from sidecar.providers.google_batches import BATCHES_WIRE as BATCHES
from sidecar.providers.names import mark_of
from sidecar.providers.operation import Observed, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.bodies.cutting import in_two, zipped
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    HOSTILE,
    RUNNING,
    SUCCEEDED,
    line,
    lines,
    observed,
    progress,
    told,
)
from tests.providers.wire import JSON, Json, event, read, usage

CREATED, ENDED = 1_700_000_000_000_000, 1_700_000_060_000_000
METADATA: Json = {
    "state": "BATCH_STATE_RUNNING", "model": "models/gemini-3-flash", "displayName": "nightly",
    "createTime": "2023-11-14T22:13:20Z", "endTime": "2023-11-14T22:14:20.000000001Z",
    "batchStats": {"requestCount": "2", "successfulRequestCount": "2"},
}  # fmt: skip
ROWS = [{"response": event("a", used=usage(5, 2))}, {"response": event("b", used=usage(5, 2))}]
PLACE = Place("/v1beta/models/gemini-3-flash:batchGenerateContent", "batches/b1")


def batch(*, done: bool = False, output: Json | None = None, **more: object) -> Json:
    metadata = METADATA | more | ({"output": output} if output else {})
    return {"name": "batches/b1", "metadata": metadata} | ({"done": True, "response": output} if done else {})


@pytest.mark.parametrize(
    ("word", "where"),
    [
        ("BATCH_STATE_UNSPECIFIED", RUNNING), ("BATCH_STATE_PENDING", RUNNING), ("BATCH_STATE_RUNNING", RUNNING),
        ("BATCH_STATE_SUCCEEDED", SUCCEEDED), ("BATCH_STATE_FAILED", FAILED), ("BATCH_STATE_CANCELLED", CANCELLED),
        ("BATCH_STATE_EXPIRED", FAILED), ("JOB_STATE_SUCCEEDED", SUCCEEDED), ("BATCH_STATE_DREAMING", RUNNING),
        (7, RUNNING), (None, RUNNING),
    ],
)  # fmt: skip
def test_every_state_of_a_batch(word, where):
    assert progress(BATCHES, batch(state=word)) is where


def test_a_batch_that_was_cancelled_is_so_whatever_its_error_says():
    live = {"name": "batches/b1", "done": True, "error": {"code": 13}, "metadata": {"state": "BATCH_STATE_CANCELLED"}}
    documented = {"name": "batches/b1", "done": True, "error": {"code": 1}}
    assert progress(BATCHES, live) is progress(BATCHES, documented) is CANCELLED


def test_a_running_batch_tells_what_it_is_called_and_no_usage():
    assert observed(BATCHES, batch()) == Observed(
        RUNNING, "batches/b1", "gemini-3-flash", created_at=CREATED, mark=mark_of("nightly")
    )


def test_an_ended_batch_tells_the_sum_of_its_rows_at_every_cut():
    output = {"inlinedResponses": {"inlinedResponses": ROWS}}
    body = json.dumps(batch(done=True, state="BATCH_STATE_SUCCEEDED", output=output), indent=1).encode()
    whole = Observed(
        SUCCEEDED, "batches/b1", "gemini-3-flash", Reported(Usage(input=10, output=4), "gemini-3-flash"), ENDED,
        created_at=CREATED, mark=mark_of("nightly"),
    )  # fmt: skip
    assert all(told(BATCHES.open_reply(JSON, NO_FACTS), *pieces) == whole for pieces in in_two(body))
    assert told(BATCHES.open_reply(ReplyHead(200, "", "gzip"), NO_FACTS), zipped(body)) == whole
    for at in range(len(body)):
        cut = told(BATCHES.open_reply(JSON, NO_FACTS), body[:at])
        assert cut is None or (cut.progress, cut.provider_id, cut.reported) == (RUNNING, "batches/b1", None)


def test_megabytes_of_inlined_rows_hide_neither_state_nor_usage():
    rows = [{"response": event("word " * 50_000, used=usage(5, 2))}] * 30
    found = observed(
        BATCHES,
        batch(done=True, state="BATCH_STATE_SUCCEEDED", output={"inlinedResponses": {"inlinedResponses": rows}}),
    )
    assert found is not None
    assert (found.progress, found.reported) == (SUCCEEDED, Reported(Usage(input=150, output=60), "gemini-3-flash"))


@pytest.mark.parametrize("state", ["FAILED", "EXPIRED", "CANCELLED"])
@pytest.mark.parametrize(
    ("stats", "reported"),
    [
        ({"requestCount": "2", "failedRequestCount": "2"}, NOTHING_BILLED),
        ({"requestCount": "2", "successfulRequestCount": "0"}, NOTHING_BILLED),
        ({"requestCount": "2", "successfulRequestCount": "1"}, None),
        ({"requestCount": "2", "pendingRequestCount": "2"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_a_batch_without_a_row_that_succeeded_is_free(state, stats, reported):
    found = observed(BATCHES, batch(state=f"BATCH_STATE_{state}", batchStats=stats))
    assert found is not None
    assert found.reported == reported


def test_results_in_a_file_are_fetched_from_there():
    output = {"responsesFile": "files/batch-b1"}
    found = observed(BATCHES, batch(done=True, state="BATCH_STATE_SUCCEEDED", output=output))
    assert found is not None
    assert (found.results, found.reported) == ("files/batch-b1", None)
    assert BATCHES.results is not None
    ask = BATCHES.results(PLACE, found)
    assert ask is not None
    assert line(ask) == "GET /v1beta/files/batch-b1:download?alt=media"
    assert BATCHES.results(PLACE, Observed(SUCCEEDED, "batches/b1")) is None


def test_rows_of_a_file_are_summed():
    assert BATCHES.open_results is not None
    file = b"".join(json.dumps({"key": "k"} | row).encode() + b"\n" for row in [*ROWS, {"error": {"code": 13}}])
    summed = Reported(Usage(input=10, output=4), "gemini-3-flash")
    assert all(read(BATCHES.open_results(JSON, NO_FACTS), *pieces) == summed for pieces in in_two(file))


def test_a_part_of_another_shape_hides_nothing_else():
    odd = batch(state="BATCH_STATE_FAILED", batchStats="many") | {"response": ["odd"]}
    odd["metadata"]["output"] = 7
    assert progress(BATCHES, odd) is FAILED
    assert progress(BATCHES, {"name": "batches/b1", "metadata": ["odd"], "done": True}) is SUCCEEDED


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_batch_says_nothing(body):
    assert told(BATCHES.open_reply(JSON, NO_FACTS), body) in (None, Observed(RUNNING, "a"))
    assert BATCHES.found_in is not None
    assert BATCHES.found_in(body) == ()


def test_an_error_says_nothing():
    assert observed(BATCHES, batch(), head=ReplyHead(404, "application/json")) is None


@given(st.binary(max_size=200))
def test_nothing_raises(body):
    assert BATCHES.found_in is not None
    told(BATCHES.open_reply(JSON, NO_FACTS), body)
    BATCHES.found_in(body)


@pytest.mark.parametrize(
    ("path", "root", "query"),
    [
        ("/v1beta/models/m:batchGenerateContent", "/v1beta", ""),
        ("/v1/models/m:asyncBatchEmbedContent", "/v1", ""),
        ("/gw/v1beta/tunedModels/t:batchGenerateContent?%24xgafv=2", "/gw/v1beta", "?%24xgafv=2"),
    ],
)
def test_a_batch_is_asked_about_under_the_version_of_its_create_request(path, root, query):
    assert lines(BATCHES, Place(path, "batches/b1")) == {
        "poll": f"GET {root}/batches/b1{query}",
        "cancel": f"POST {root}/batches/b1:cancel{query}",
        "find": f"GET {root}/batches{query}{'&' if query else '?'}pageSize=100",
    }


def test_a_batch_is_found_by_what_it_is_called():
    listing = {"operations": [batch(displayName="other"), batch(), {"name": 7}, {}]}
    assert BATCHES.found_in is not None
    found = BATCHES.found_in(json.dumps(listing).encode())
    assert [one.mark for one in found] == [mark_of("other"), mark_of("nightly")]
    assert found[1].provider_id == "batches/b1"


def test_what_kind_of_family_it_is():
    assert (BATCHES.kind, BATCHES.tier) == (OperationKind.BATCH, "batch")
