import json
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies import skeleton as module
from sidecar.bodies.skeleton import DEPTH, LONG, MOST, PLAIN, TOO_LARGE, BoundedCopy, Skeleton
from tests.bodies.cutting import bytewise, cut


def skeleton(*pieces: bytes) -> bytes:
    one = Skeleton()
    for piece in pieces:
        one.feed(piece)
    assert not one.gave_up
    return one.document()


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def elided(value: Any, depth: int = 1) -> Any:
    """What the skeleton of a compactly printed document must say, worked out from its value."""
    if isinstance(value, dict):
        items = list(value.items()) if depth <= DEPTH else []
        return {elided(name): elided_member(item, depth, at == len(items) - 1) for at, (name, item) in enumerate(items)}
    if isinstance(value, list):
        return elided_list(value, depth) if depth <= DEPTH else []
    return "..." if isinstance(value, str) and len(json.dumps(value)) - 2 > LONG else value


def elided_member(item: Any, depth: int, is_last: bool) -> Any:
    if is_number(item):
        return None if len(json.dumps(item)) + (not is_last) > LONG else item
    return elided(item, depth + 1)


def elided_list(values: list[Any], depth: int) -> list[Any]:
    """Numbers that follow one another are one run, with the commas at its ends."""
    short: list[Any] = []
    done = 0
    for numeric, group in groupby(values, is_number):
        run = list(group)
        done += len(run)
        if not numeric:
            short += [elided(item, depth + 1) for item in run]
            continue
        commas = (done > len(run)) + (done < len(values))
        length = len(json.dumps(run, separators=(",", ":"))) - 2 + commas
        short += run if length <= LONG else [None]
    return short


numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([10**200, -0.0, 1e-9])
texts = (
    st.text(max_size=12)
    | st.integers(LONG - 4, LONG + 4).map("x".__mul__)
    | st.sampled_from(['"\\' * 50, "\\" * 64, "é" * 40])
)
documents = st.recursive(
    st.none() | st.booleans() | texts | st.lists(numbers, max_size=40),
    lambda inner: (
        st.lists(inner | numbers, max_size=6)
        | st.dictionaries(texts.filter(lambda name: len(json.dumps(name)) <= LONG), inner | numbers, max_size=5)
    ),
    max_leaves=25,
)
places = st.lists(st.integers(0, 2_000), max_size=12)


@settings(max_examples=200)
@given(documents.filter(lambda value: not is_number(value)), places)
def test_the_skeleton_says_what_the_document_says_without_its_bulk_wherever_it_is_cut(value, at):
    body = json.dumps(value, separators=(",", ":")).encode()
    assert json.loads(skeleton(*cut(body, at))) == elided(value)


@settings(max_examples=100)
@given(documents, places, st.sampled_from([None, 1, 4]))
def test_the_skeleton_does_not_depend_on_the_cuts_however_it_is_printed(value, at, indent):
    body = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    assert skeleton(*cut(body, at)) == skeleton(body) == skeleton(*bytewise(body))
    json.loads(skeleton(body))


def test_a_document_without_bulk_stays_as_it_is():
    body = b'{ "a": [1, -2.5e3, true, null], "b": {"c": "\\"quoted\\" \\u00e9"} }'
    assert skeleton(body) == body


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"data":"' + "A" * 500 + '","n":1}', '{"data":"...","n":1}'),
        ('{"' + "k" * 500 + '":1}', '{"...":1}'),
        ("[" + "0.125," * 100 + "1]", "[ null]"),
        ('["a",' + "0.125," * 100 + '"b"]', '["a",null,"b"]'),
        ("[" + " " * 500 + "]", "[ ]"),
        ('["a"' + " " * 500 + "," + " " * 500 + '"b"]', '["a","b"]'),
        ('{"n":' + "9" * 500 + "}", '{"n": null}'),
        ("1" * 500, " null"),
        ("12", "12"),
        ("[[[[[[1]]]]]]", "[[[[[[]]]]]]"),
        ('[[[[[{"a":{"b":"]}"}},[[1]]]]]]]', "[[[[[{},[]]]]]]"),
    ],
)
def test_bulk_is_replaced(document, expected):
    assert skeleton(document.encode()) == expected.encode()


@pytest.mark.parametrize("cut_at", range(40))
def test_an_escape_may_be_cut_anywhere(cut_at):
    body = b'{"a":"' + b"x" * (LONG + 1) + b'\\\\\\"\\u0041\\\\","b":1}'
    at = LONG - 10 + cut_at
    assert skeleton(body[:at], body[at:]) == b'{"a":"...","b":1}'


def test_a_document_that_breaks_off_does_not_become_whole():
    for end in range(1, 300):
        broken = skeleton((b'{"a":[' + b"1.5," * 60 + b'2],"b":"' + b"x" * 200 + b'"}')[:end])
        with pytest.raises(json.JSONDecodeError):
            json.loads(broken)


@settings(max_examples=100)
@given(
    st.lists(st.binary(max_size=40) | st.text('{}[]",\\-0123456789.eE tn', max_size=300).map(str.encode), max_size=6)
)
def test_no_bytes_raise_and_none_grow(pieces):
    assert len(skeleton(*pieces)) <= len(b"".join(pieces)) + len(b" null,") * (len(b"".join(pieces)) // LONG + 1)


def test_a_skeleton_that_grows_past_its_bound_is_given_up():
    one = Skeleton()
    for _ in range(MOST // 5 + 1):
        one.feed(b'"abc",')
    one.feed(b"more")
    assert one.gave_up == TOO_LARGE
    assert one.document() == b""


def test_a_document_of_very_many_brackets_is_given_up_soon(monkeypatch):
    monkeypatch.setattr(module, "MOST_STEPS", 5_000)
    one = Skeleton()
    one.feed(b"[" * 1_000_000)
    assert one.gave_up == TOO_LARGE


# bounded copy


def copied(*pieces: bytes) -> bytes:
    copy = BoundedCopy()
    for piece in pieces:
        copy.feed(piece)
    return copy.take()


def test_a_small_document_is_kept_byte_for_byte():
    body = b'{"a":"' + b"x" * 1_000 + b'"}'
    assert copied(body[:100], body[100:]) == body


@pytest.mark.parametrize("size", [1_000, 65_536, 10_000_000])
def test_a_large_document_becomes_its_skeleton(size):
    body = b'{"a":"' + b"x" * (PLAIN * 3) + b'","b":1}'
    assert copied(*cut(body, range(0, len(body), size))) == b'{"a":"...","b":1}'


def test_a_copy_is_ready_for_another_document_after_each():
    copy = BoundedCopy()
    for body in (b"[" + b"1," * PLAIN + b"1]", b"{}"):
        copy.feed(body)
        assert json.loads(copy.take()) in ([None], {})
    assert copy.take() == b""


def test_a_copy_that_gives_up_says_so_and_goes_on_with_the_next():
    copy = BoundedCopy()
    copy.feed(b'["a",' * MOST)
    assert copy.take() == b""
    assert copy.gave_up == TOO_LARGE
    copy.feed(b"{}")
    assert copy.take() == b"{}"
