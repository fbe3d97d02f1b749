import json

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts, RequestHead
from sidecar.providers.google_video import open_video, open_video_request
from tests.bodies.cutting import cut, in_two, zipped
from tests.providers.wire import JSON, Json, read, whole

REQUEST: Json = {
    "instances": [{"prompt": "cat"}],
    "parameters": {"sampleCount": 2, "durationSeconds": 8, "resolution": "1080p", "generateAudio": True},
}
ASKED = RequestFacts(variant="1080p audio", pieces=2, seconds=8)
VIDEO: Json = {"gcsUri": "gs://b/v.mp4", "mimeType": "video/mp4"}
ON_VERTEX: Json = {"name": "o1", "done": True, "response": {"raiMediaFilteredCount": 0, "videos": [VIDEO, VIDEO]}}
ON_GEMINI: Json = {
    "name": "models/veo/operations/o1", "done": True,
    "response": {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": "u"}}], "raiMediaFilteredCount": 1}},
}  # fmt: skip


def asked(*pieces: bytes) -> RequestFacts:
    reader = open_video_request(RequestHead())
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.facts()


def delivered(document: object, facts: RequestFacts = ASKED) -> Reported | None:
    return read(open_video(JSON, facts), whole(document))


def test_what_a_video_costs_by_is_found_at_every_cut():
    assert all(asked(*pieces) == ASKED for pieces in in_two(json.dumps(REQUEST).encode()))


def test_it_is_found_behind_a_large_image():
    body = json.dumps({"instances": [{"image": {"bytesBase64Encoded": "A" * 3_000_000}}]} | REQUEST).encode()
    assert asked(*cut(body, range(0, len(body), 65_536))) == ASKED


@pytest.mark.parametrize(
    ("parameters", "facts"),
    [
        ({}, NO_FACTS),
        (None, NO_FACTS),
        ({"durationSeconds": "6", "resolution": "720p"}, RequestFacts(variant="720p", seconds=6)),
        ({"durationSeconds": -1, "sampleCount": 0}, NO_FACTS),
        ({"durationSeconds": 10**9, "sampleCount": 10**9}, NO_FACTS),
        ({"durationSeconds": True, "sampleCount": [2]}, NO_FACTS),
        ({"durationSeconds": "\u0662", "generateAudio": "yes"}, NO_FACTS),
        ({"resolution": "x" * 40}, NO_FACTS),
        ({"resolution": "1080p\n"}, NO_FACTS),
        ({"resolution": 1080, "generateAudio": 0}, NO_FACTS),
        ({"resolution": "4k", "generateAudio": False}, RequestFacts(variant="4k silent")),
        ({"generateAudio": True}, RequestFacts(variant="audio")),
    ],
)
def test_odd_parameters_are_not_named(parameters, facts):
    assert asked(json.dumps({"parameters": parameters}).encode()) == facts


def test_seconds_of_the_videos_that_were_delivered_are_billed():
    assert delivered(ON_VERTEX) == Reported(Usage(video_seconds=16, variant="1080p audio"))
    assert delivered(ON_GEMINI) == Reported(Usage(video_seconds=8, variant="1080p audio"))


def test_an_operation_is_read_at_every_cut():
    body = whole(ON_VERTEX)
    for pieces in in_two(body):
        assert read(open_video(JSON, ASKED), *pieces) == Reported(Usage(video_seconds=16, variant="1080p audio"))
    assert read(open_video(ReplyHead(200, "", "gzip"), ASKED), zipped(body)) is not None


@pytest.mark.parametrize(
    "document",
    [
        {"name": "o1"},
        {"name": "o1", "done": False, "error": {"code": 13}},
        {"name": "o1", "done": "true"},
        {"name": "o1", "done": True},
        {"name": "o1", "done": True, "response": None},
        {},
    ],
)
def test_one_that_has_not_ended_reports_nothing(document):
    assert delivered(document) is None


def test_one_that_failed_or_was_filtered_out_costs_nothing():
    assert delivered({"done": True, "error": {"code": 13, "message": "x"}}) == Reported(Usage())
    assert delivered({"done": True, "response": {"raiMediaFilteredCount": 2}}) == Reported(Usage())
    assert delivered({"done": True, "response": {"videos": []}}) == Reported(Usage())


def test_videos_of_a_length_that_nobody_knows_are_not_reported():
    assert delivered(ON_VERTEX, NO_FACTS) is None


@given(st.lists(st.binary(max_size=40), max_size=3))
def test_no_bytes_raise(pieces):
    asked(*pieces)
    assert read(open_video(JSON, ASKED), *pieces) is None
