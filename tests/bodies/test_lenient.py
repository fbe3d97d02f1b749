import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies.lenient import Unreadable, decoded, value_of


class Counted(msgspec.Struct):
    n: int = 0


COUNTED = msgspec.json.Decoder(Counted)


@pytest.mark.parametrize(
    "text",
    [
        '"plain"',
        '"\\ud83d\\ude00"',
        '"\\ud83d"',
        '"\\ude00 and \\uD83D"',
        '"\\\\ud83d"',
        '"\\\\\\ud83d"',
        '"\\"\\ud83d\\""',
        '"\\n\\ud800\\t\\u00e9"',
    ],
)
def test_halves_of_surrogate_pairs_do_not_hide_the_rest(text):
    document = f'{{"text": {text}, "n": 7}}'.encode()
    json.loads(document)
    assert decoded(COUNTED, document).n == 7


def test_nesting_deeper_than_the_stack_does_not_hide_the_rest():
    document = b'{"deep": ' + b"[" * 5_000 + b"]" * 5_000 + b', "n": 7}'
    assert decoded(COUNTED, document).n == 7


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"n": "7"}', b'{"n": 7', b"\xff\xfe", b'{"n": 7} x', b"[" * 5_000, b'"\\ud800']
)
def test_what_can_not_be_read_is_named_so(document):
    with pytest.raises(Unreadable):
        decoded(COUNTED, document)


@settings(max_examples=100)
@given(st.binary(max_size=60) | st.text('{}[]",\\ud8n7: ', max_size=60).map(str.encode))
def test_nothing_else_is_ever_raised(document):
    with suppress(Unreadable):
        decoded(COUNTED, document)


@pytest.mark.parametrize(
    ("raw", "value"), [(b'{"a": 1}', {"a": 1}), (b"null", None), (b'"\\ud800"', None), (b"", None), (b"{", None)]
)
def test_a_value_or_nothing(raw, value):
    assert value_of(msgspec.Raw(raw)) == value
