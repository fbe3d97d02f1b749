import json

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts, RequestHead
from sidecar.providers.google_predict import open_predict, open_predict_request
from tests.bodies.cutting import cut, in_two
from tests.providers.wire import JSON, read, whole

IMAGE = {"bytesBase64Encoded": "iVBORw0KGgo=", "mimeType": "image/png"}
STORED = {"gcsUri": "gs://bucket/0.png", "mimeType": "image/png"}
FILTERED = {"raiFilteredReason": "Unable to show generated images."}


def text(tokens: object) -> dict[str, object]:
    return {"embeddings": {"values": [0.1, -0.2], "statistics": {"token_count": tokens, "truncated": False}}}


def predicted(document: object, size: str = "", head: ReplyHead = JSON) -> Reported | None:
    return read(open_predict(head, RequestFacts(variant=size)), whole(document))


@pytest.mark.parametrize(
    ("predictions", "images"),
    [
        ([IMAGE], 1),
        ([IMAGE, IMAGE, STORED], 3),
        ([IMAGE, FILTERED], 1),
        ([FILTERED, FILTERED], 0),
        ([IMAGE, {"bytesBase64Encoded": "", "gcsUri": None}], 1),
        ([IMAGE | STORED], 1),
        ([{"bytesBase64Encoded": "A" * 1_000}], 1),
    ],
)
def test_images_delivered_are_counted(predictions, images):
    assert predicted({"predictions": predictions}) == Reported(Usage(images=images))


def test_images_have_the_size_that_was_asked_for():
    assert predicted({"predictions": [IMAGE]}, "2K") == Reported(Usage(images=1, variant="2K"))
    assert predicted({"predictions": [FILTERED]}, "2K") == Reported(Usage())


@pytest.mark.parametrize("size", [65_536, 7_000_001])
def test_megabytes_of_images_are_counted_too(size):
    body = whole({"predictions": [IMAGE | {"bytesBase64Encoded": "A" * 3_000_000}, STORED, FILTERED]})
    assert read(open_predict(JSON, NO_FACTS), *cut(body, range(0, len(body), size))) == Reported(Usage(images=2))


def test_tokens_of_texts_are_summed():
    assert predicted({"predictions": [text(3), text(4.0), text("5")]}) == Reported(Usage(input=12))


def test_vectors_of_many_texts_do_not_hide_their_tokens():
    texts = [text(3) | {"embeddings": text(3)["embeddings"] | {"values": [0.123456789] * 3_072}} for _ in range(30)]  # type: ignore[operator]
    assert predicted({"predictions": texts}) == Reported(Usage(input=90))


@pytest.mark.parametrize("odd", [{"embeddings": {}}, text(-3), text("x"), {"embeddings": {"statistics": None}}])
def test_texts_that_were_not_counted_make_a_lower_bound(odd):
    assert predicted({"predictions": [text(3), odd]}) == Reported(
        Usage(input=3), basis=Basis.AT_LEAST, reason="malformed_usage"
    )
    assert predicted({"predictions": [odd]}) is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"predictions": None},
        {"predictions": []},
        {"predictions": [[0.1, 0.2]]},
        {"predictions": ["text"]},
        {"predictions": [{"score": 1}]},
        {"predictions": [{"imageEmbedding": [0.1]}]},
        {"predictions": {"0": 1}},
        {"error": {"code": 400}},
    ],
)
def test_models_of_other_shapes_report_nothing(document):
    reader = open_predict(JSON, NO_FACTS)
    assert read(reader, whole(document)) is None
    assert reader.gave_up == ""


def test_a_reply_that_breaks_off_reports_nothing():
    body = whole({"predictions": [IMAGE]})
    reader = open_predict(JSON, NO_FACTS)
    assert read(reader, body[:-2]) is None
    assert reader.gave_up == "unreadable_json"


def test_the_heads_tier_is_used():
    head = ReplyHead(200, "application/json", "", {"x-gemini-service-tier": "flex"})
    for document in ({"predictions": [IMAGE]}, {"predictions": [text(3)]}):
        got = predicted(document, head=head)
        assert got is not None
        assert got.tier == "flex"


# the request


def size_in(*pieces: bytes) -> str:
    reader = open_predict_request(RequestHead())
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.facts().variant


def test_the_size_is_found_at_every_cut():
    body = json.dumps(
        {
            "instances": [{"prompt": '"sampleImageSize": "4K"'}],
            "parameters": {"sampleCount": 2, "sampleImageSize": "2K"},
        }
    ).encode()
    assert all(size_in(*pieces) == "2K" for pieces in in_two(body))


def test_the_size_is_found_behind_large_images():
    body = json.dumps(
        {"instances": [{"image": {"bytesBase64Encoded": "A" * 5_000_000}}], "parameters": {"sampleImageSize": "1K"}}
    ).encode()
    assert size_in(*cut(body, range(0, len(body), 65_536))) == "1K"


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"parameters": None},
        {"parameters": {}},
        {"parameters": {"sampleImageSize": None}},
        {"parameters": {"sampleImageSize": 2}},
        {"parameters": {"sampleImageSize": ""}},
        {"parameters": {"sampleImageSize": "x" * 50}},
        {"parameters": {"sampleImageSize": "2K\n"}},
        {"instances": [{"parameters": {"sampleImageSize": "2K"}}]},
    ],
)
def test_no_size_is_named(document):
    assert size_in(json.dumps(document).encode()) == ""


@settings(max_examples=60)
@given(st.lists(st.binary(max_size=40), max_size=4))
def test_no_bytes_raise(pieces):
    size_in(*pieces)
    assert read(open_predict(JSON, NO_FACTS), *pieces) is None
