import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, Reported, RequestFacts
from sidecar.providers.openai_images import images_in, open_images
from tests.bodies.cutting import bytewise, in_two, zipped
from tests.providers.openai_wire import billed, judged, named
from tests.providers.wire import JSON, SSE, Json, read, whole

PICTURE = "iVBORw0KGgo" * 3
USAGE = billed(20, 300, input_tokens_details={"text_tokens": 15, "image_tokens": 5})
TOKENS = Reported(Usage(input=20, output=300, image_input=5, image_output=300))


def images(*data: object, **more: object) -> Json:
    return {"created": 1, "data": list(data)} | more


def of(document: Json, variant: str = "") -> Reported | None:
    return images_in(whole(document), variant)


def test_tokens_count_where_they_are_reported_and_images_do_not():
    assert of(images({"b64_json": PICTURE}, usage=USAGE, size="1024x1024", quality="high")) == TOKENS


def test_output_that_its_details_call_text_is_no_image():
    split = USAGE | {"output_tokens_details": {"image_tokens": 280, "text_tokens": 20}}
    got = of(images({"b64_json": PICTURE}, usage=split))
    assert got is not None
    assert got.usage == Usage(input=20, output=300, image_input=5, image_output=280)


def test_images_are_counted_where_no_tokens_are_reported():
    data = [{"url": "https://x/1.png"}, {"b64_json": PICTURE}, {"b64_json": "", "url": None}, {}]
    assert of(images(*data), "1792x1024 hd") == Reported(Usage(images=2, variant="1792x1024 hd"))


def test_what_the_reply_says_was_made_stands_in_for_what_was_not_asked():
    assert of(images({"b64_json": PICTURE}, size="1024x1024", quality="low", model="flux")) == Reported(
        Usage(images=1, variant="1024x1024 low"), "flux"
    )
    assert of(images({"b64_json": PICTURE}, size="auto", quality="standard")) == Reported(Usage(images=1))


@pytest.mark.parametrize("document", [{}, images(), {"data": None}, {"error": {"message": "no"}}, {"data": 7}])
def test_no_images_are_none(document):
    assert of(document) is None


def test_odd_values_do_not_hide_the_images():
    document = images({"b64_json": PICTURE}, 7, None, {"url": 3}, size=4, quality=None, svg_usage="x")
    assert of(document) == Reported(Usage(images=1))


def test_a_drawing_is_another_models_and_makes_a_lower_bound():
    svg = billed(7, 50, model="gpt-5", reasoning_tokens=0)
    got = of(images({"b64_json": PICTURE}, usage=USAGE, svg_usage=svg))
    usage = Usage(input=27, output=350, image_input=5, image_output=300)
    assert got == Reported(usage, basis=Basis.AT_LEAST, reason="other_model_drew")


def test_megabytes_of_images_are_read_at_any_cut():
    body = whole(images({"b64_json": "A" * 700_000}, {"b64_json": "B" * 700_000}, usage=USAGE))
    for at in (0, 1, 50, 300_000, 700_100, 1_400_000, len(body) - 5):
        assert read(open_images(JSON, NO_FACTS), body[:at], body[at:]) == TOKENS


STREAM = named(
    {"type": "image_generation.partial_image", "b64_json": PICTURE, "partial_image_index": 0},
    {"type": "image_generation.completed", "b64_json": PICTURE, "size": "1024x1024", "quality": "high", "usage": USAGE},
)
UNMETERED = named({"type": "image_edit.completed", "b64_json": PICTURE, "size": "1024x1024", "quality": "high"})


@pytest.mark.parametrize("head", [SSE, ReplyHead(200, "text/event-stream", "gzip")])
def test_a_stream_is_read_at_every_cut(head):
    body = zipped(STREAM) if head.content_coding else STREAM
    for pieces in [bytewise(body), *in_two(body)]:
        reader = open_images(head, NO_FACTS)
        assert read(reader, *pieces) == TOKENS
        assert reader.is_terminal


def test_a_stream_that_is_cut_reports_nothing():
    end = STREAM.index(b"event: image_generation.completed")
    for at in range(end):
        assert read(open_images(SSE, NO_FACTS), STREAM[:at]) is None


def test_a_stream_without_tokens_counts_its_image():
    facts = RequestFacts(variant="1024x1024")
    assert read(open_images(SSE, facts), UNMETERED) == Reported(Usage(images=1, variant="1024x1024"))


def test_two_images_of_a_stream_are_a_lower_bound():
    assert judged(read(open_images(SSE, NO_FACTS), STREAM, STREAM)) == (Basis.AT_LEAST, "reported_twice")
