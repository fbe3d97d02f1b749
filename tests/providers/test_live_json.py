import msgspec
import pytest

from sidecar.providers.live_json import value_in


class Named(msgspec.Struct):
    name: str = ""


NAMED = msgspec.json.Decoder(Named)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        (b'{"name": "x", "more": [1]}', "x"),
        (b' \n{"name": "x"}', "x"),
        (b'{"name": "x", "said": "\\ud83d"}', "x"),
        (b"{}", ""),
    ],
)
def test_a_message_is_read(document, name):
    assert value_in(NAMED, document) == Named(name)


@pytest.mark.parametrize(
    "document", [b"", b"null", b"[]", b"5", b'{"name": 5}', b'{"name":', b"\xff", b"{" * 5000, b"x{}"]
)
def test_what_is_none_is_none(document):
    assert value_in(NAMED, document) is None
