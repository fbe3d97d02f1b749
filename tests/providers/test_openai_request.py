import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead, RequestReader
from sidecar.providers.openai_request import call_in, media_in, open_call, open_media, open_spoken, spoken_in
from tests.bodies.cutting import in_two, zipped
from tests.providers.wire import Json

PROMPT = {"model": "gpt-5", "messages": [{"role": "user", "content": 'say {"stream": true, "model": "x"}'}]}


def of(document: object) -> RequestFacts:
    return call_in(json.dumps(document).encode())


def facts(reader: RequestReader, *pieces: bytes) -> RequestFacts:
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader.facts()


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, RequestFacts("gpt-5")),
        ({"stream": False}, RequestFacts("gpt-5", is_stream=False)),
        ({"stream": None}, RequestFacts("gpt-5")),
        ({"stream": True}, RequestFacts("gpt-5", is_stream=True)),
        ({"background": True}, RequestFacts("gpt-5", is_background=True)),
        ({"background": None}, RequestFacts("gpt-5")),
        (
            {"stream": True, "stream_options": {"include_usage": True}},
            RequestFacts("gpt-5", is_stream=True, asks_usage=True),
        ),
        ({"stream_options": {"include_usage": None}}, RequestFacts("gpt-5")),
        ({"stream_options": None}, RequestFacts("gpt-5")),
    ],
)
def test_a_request_for_text_says_model_and_kind(more, expected):
    assert of(PROMPT | more) == expected


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"model": 7, "stream": True}, RequestFacts(is_stream=True)),
        ({"model": "m", "stream": "true"}, RequestFacts("m", is_stream=True)),
        ({"model": "m", "stream": 1}, RequestFacts("m")),
        ({"model": "m", "stream": "yes", "stream_options": 7}, RequestFacts("m")),
        ({"model": "m", "stream_options": {"include_usage": "x"}}, RequestFacts("m")),
        ({"model": "m" * 500}, NO_FACTS),
    ],
)
def test_odd_values_are_passed_over(document, expected):
    assert of(document) == expected


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff"])
def test_what_is_no_object_is_unreadable(body):
    for extract in (call_in, media_in, spoken_in):
        with pytest.raises(Unreadable):
            extract(body)


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_request_is_read_at_every_cut(coding):
    plain = json.dumps(PROMPT | {"stream": True}).encode()
    body = zipped(plain) if coding else plain
    for pieces in in_two(body):
        reader = open_call(RequestHead("application/json", coding))
        assert facts(reader, *pieces) == RequestFacts("gpt-5", is_stream=True)
        assert 0 < reader.text_bytes() <= len(plain)


def test_a_request_with_megabytes_of_images_is_read():
    images = [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 900_000}}] * 2
    body = json.dumps({"messages": [{"role": "user", "content": images}], "model": "gpt-5", "stream": True}).encode()
    assert facts(open_call(RequestHead("application/json")), body) == RequestFacts("gpt-5", is_stream=True)


# images, sounds, videos


@pytest.mark.parametrize(
    ("more", "variant"),
    [
        ({}, ""),
        ({"size": "1024x1024"}, "1024x1024"),
        ({"size": "1024x1024", "quality": "high"}, "1024x1024 high"),
        ({"size": "auto", "quality": "hd"}, "hd"),
        ({"size": "1792x1024", "quality": "standard"}, "1792x1024"),
        ({"size": 7, "quality": ["x"]}, ""),
        ({"size": "x" * 99, "quality": "a b"}, ""),
    ],
)
def test_size_and_quality_are_one_word_for_the_price(more, variant):
    document = json.dumps({"model": "dall-e-3", "prompt": "a cat", "n": 2} | more).encode()
    assert media_in(document) == RequestFacts("dall-e-3", variant=variant, pieces=2)


@pytest.mark.parametrize("n", [-1, "x", None, 10**9, 1.5, [], True])
def test_a_number_of_images_that_nobody_can_mean_is_none(n):
    assert media_in(json.dumps({"n": n}).encode()).pieces in (0, 1)


def test_speech_says_how_much_is_spoken():
    document: Json = {"model": "tts-1", "input": "Grüße 🎧", "voice": "alloy"}
    assert spoken_in(json.dumps(document).encode()) == RequestFacts("tts-1", characters=7)
    streamed = json.dumps(document | {"stream_format": "sse"}).encode()
    assert spoken_in(streamed) == RequestFacts("tts-1", is_stream=True, characters=7)
    assert spoken_in(b'{"model": "tts-1", "input": 7}') == RequestFacts("tts-1")
    assert facts(open_spoken(RequestHead("application/json")), streamed).characters == 7


def test_a_form_says_the_same_as_json():
    form = b"".join(
        b'--B\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % field
        for field in ((b"model", b"sora-2"), (b"seconds", b"8"), (b"size", b"1280x720"), (b"stream", b"true"))
    )
    expected = RequestFacts("sora-2", is_stream=True, variant="1280x720", seconds=8)
    assert facts(open_media(RequestHead("multipart/form-data; boundary=B")), form + b"--B--\r\n") == expected
    body = json.dumps({"model": "sora-2", "seconds": "8", "size": "1280x720", "stream": True}).encode()
    assert facts(open_media(RequestHead("application/json")), body) == expected


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(-9, 9)
    | st.text(max_size=4)
    | st.lists(st.integers(), max_size=2)
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "stream", "n", "size", "seconds", "stream_options", "background"]), VALUES
    )
)
def test_any_object_has_facts(document):
    got = of(document)
    assert got.pieces >= 0
    assert got.seconds >= 0
