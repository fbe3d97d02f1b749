import json

import pytest

from sidecar.lifecycle.operation import OperationKind
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, Reported, RequestFacts
from sidecar.providers.google_video_operations import VIDEOS_WIRE as VIDEOS, open_fetch_request
from sidecar.providers.operation import Observed, Place
from sidecar.providers.operation_documents import NOTHING_BILLED
from tests.bodies.cutting import in_two
from tests.providers.operation_wire import (
    CANCELLED,
    FAILED,
    HOSTILE,
    RUNNING,
    SUCCEEDED,
    facts_of,
    line,
    observed,
    told,
)
from tests.providers.wire import JSON

ON_VERTEX = "/v1beta1/projects/p1/locations/us-central1/publishers/google/models/veo-3.1"
VERTEX_NAME = "projects/p1/locations/us-central1/publishers/google/models/veo-3.1/operations/op-1"
ASKED = RequestFacts(variant="1080p audio", pieces=2, seconds=8)
VIDEO = {"gcsUri": "gs://b/v.mp4", "mimeType": "video/mp4"}
TWO_VIDEOS = {"done": True, "response": {"raiMediaFilteredCount": 0, "videos": [VIDEO, VIDEO]}}
ONE_SAMPLE = {
    "done": True,
    "response": {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "u"}}], "raiMediaFilteredCount": 1}},
}


@pytest.mark.parametrize(
    ("said", "where", "reported"),
    [
        ({}, RUNNING, None),
        ({"done": False, "metadata": {"progressPercent": 50}}, RUNNING, None),
        ({"done": True, "error": {"code": 13, "message": "m"}}, FAILED, NOTHING_BILLED),
        ({"done": True, "error": {"code": 1}}, CANCELLED, NOTHING_BILLED),
        ({"done": True, "response": {"raiMediaFilteredCount": 2}}, SUCCEEDED, NOTHING_BILLED),
        (TWO_VIDEOS, SUCCEEDED, Reported(Usage(video_seconds=16, variant="1080p audio"))),
        (ONE_SAMPLE, SUCCEEDED, Reported(Usage(video_seconds=8, variant="1080p audio"))),
        ({"done": True}, SUCCEEDED, None),
        ({"done": True, "response": ["odd"]}, SUCCEEDED, None),
    ],
)
def test_seconds_of_delivered_videos_are_billed_and_nothing_else(said, where, reported):
    assert observed(VIDEOS, {"name": VERTEX_NAME} | said, ASKED) == Observed(where, VERTEX_NAME, reported=reported)


def test_videos_of_a_length_that_nobody_asked_for_have_no_known_price():
    found = observed(VIDEOS, {"name": VERTEX_NAME} | TWO_VIDEOS, NO_FACTS)
    assert found == Observed(SUCCEEDED, VERTEX_NAME)


def test_megabytes_of_video_are_passed_over():
    videos = [{"bytesBase64Encoded": "A" * 3_000_000}] * 2
    found = observed(VIDEOS, {"name": VERTEX_NAME, "done": True, "response": {"videos": videos}}, ASKED)
    assert found is not None
    assert found.reported == Reported(Usage(video_seconds=16, variant="1080p audio"))


def test_an_operation_is_read_at_every_cut():
    body = json.dumps({"name": VERTEX_NAME} | TWO_VIDEOS).encode()
    whole = observed(VIDEOS, {"name": VERTEX_NAME} | TWO_VIDEOS, ASKED)
    assert all(told(VIDEOS.open_reply(JSON, ASKED), *pieces) == whole for pieces in in_two(body))


@pytest.mark.parametrize("body", HOSTILE)
def test_what_is_no_operation_says_nothing(body):
    assert told(VIDEOS.open_reply(JSON, ASKED), body) in (None, Observed(RUNNING, "a"))


@pytest.mark.parametrize(
    ("path", "name", "asked"),
    [
        (
            f"{ON_VERTEX}:predictLongRunning", VERTEX_NAME,
            f'POST {ON_VERTEX}:fetchPredictOperation {{"operationName":"{VERTEX_NAME}"}}',
        ),
        (
            "/gw/v9/publishers/google/models/veo:predictLongRunning", "operations/op-1",
            'POST /gw/v9/publishers/google/models/veo:fetchPredictOperation {"operationName":"operations/op-1"}',
        ),
        (
            "/v1/projects/p1/locations/l/endpoints/7:predictLongRunning", "projects/p1/locations/l/endpoints/7/operations/o",
            "POST /v1/projects/p1/locations/l/endpoints/7:fetchPredictOperation "
            '{"operationName":"projects/p1/locations/l/endpoints/7/operations/o"}',
        ),
        (
            "/v1beta/models/veo-3.1:predictLongRunning", "models/veo-3.1/operations/op-1",
            "GET /v1beta/models/veo-3.1/operations/op-1",
        ),
        (
            "/v1beta/models/veo-3.1:predictLongRunning?x=1", "models/veo-3.1/operations/op-1",
            "GET /v1beta/models/veo-3.1/operations/op-1?x=1",
        ),
    ],
)  # fmt: skip
def test_an_operation_is_asked_about_as_its_service_has_it(path, name, asked):
    assert line(VIDEOS.poll(Place(path, name))) == asked


def test_there_is_no_cancel_and_no_listing():
    assert (VIDEOS.kind, VIDEOS.cancel, VIDEOS.find) == (OperationKind.LRO, None, None)


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        ({"operationName": VERTEX_NAME}, VERTEX_NAME),
        ({}, ""),
        ({"operationName": 7}, ""),
        ({"operationName": "a b"}, ""),
    ],
)
def test_a_callers_poll_names_its_operation_in_its_body(body, identity):
    assert facts_of(open_fetch_request, body) == RequestFacts(operation_id=identity)
