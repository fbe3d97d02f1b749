import json

import pytest
from hypothesis import given, strategies as st

from sidecar.bodies.lenient import Unreadable
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestHead
from sidecar.providers.json_request import KEPT, JsonRequest, text_bytes_in
from tests.bodies.cutting import cut, zipped

IMAGE = "iVBORw0KGgo" * 400
TEXT = "four words of text, " * 300


def asked(document: bytes) -> RequestFacts:
    try:
        return RequestFacts(model=json.loads(document)["model"])
    except ValueError as error:
        raise Unreadable from error


def read(*pieces: bytes, coding: str = "") -> JsonRequest:
    reader = JsonRequest(asked, RequestHead("application/json", coding))
    for piece in pieces:
        reader.feed(piece)
    reader.finish()
    return reader


def body(**more: str) -> bytes:
    return json.dumps({"model": "m", **more}).encode()


def test_nothing_is_known_before_the_end():
    reader = JsonRequest(asked, RequestHead())
    reader.feed(body())
    assert (reader.facts(), reader.text_bytes()) == (NO_FACTS, 0)


@given(st.lists(st.integers(0, 40)))
def test_what_it_says_does_not_depend_on_how_it_was_cut(places):
    reader = read(*cut(body(prompt="hello"), places))
    assert (reader.facts().model, reader.text_bytes()) == ("m", len("m" + "hello"))


def test_coded_request_is_read_too():
    assert read(zipped(body()), coding="gzip").facts().model == "m"


@pytest.mark.parametrize("broken", [b"", b"{", b"\xff\xfe", b"null and void"])
def test_what_is_no_json_says_nothing(broken):
    assert read(broken).facts() == NO_FACTS


def test_text_counts_and_an_image_does_not():
    assert read(body(prompt=TEXT, image=IMAGE)).text_bytes() == len("m" + TEXT)


def test_a_quote_in_a_text_is_text():
    assert text_bytes_in(rb'{"say": "she said \"go\" and went", "n": 1}') == len("she said 'go' and went")


def test_a_backslash_before_the_end_of_a_text_does_not_hide_it():
    assert text_bytes_in(rb'{"path": "C:\\", "long": "' + b"a" * 600 + b'"}') == 3


def test_keys_and_numbers_are_no_text():
    assert text_bytes_in(b'{"a long key" : 12345, "list": ["ab", "cd"], "deep": {"key": "ef"}}') == 6


@pytest.mark.parametrize("times", [1, 100, 2_000])
def test_text_counts_in_a_request_of_any_size(times):
    """Large ones are kept as skeletons, which know what text they have lost."""
    whole = body(prompt=TEXT * times, image=IMAGE * 100)
    known = read(*cut(whole, range(0, len(whole), 65_537))).text_bytes()
    assert known == pytest.approx(len(TEXT) * times, rel=0.01, abs=64)


def test_a_large_document_is_not_kept():
    reader = read(body(prompt="a b" * KEPT))
    assert reader.text_bytes() > KEPT
    assert reader._document == b""


def test_long_string_is_text_where_it_has_a_space():
    assert text_bytes_in(b'["' + b"a" * 600 + b'"]') == 0
    assert text_bytes_in(b'["' + b"a " * 300 + b'"]') == 600
