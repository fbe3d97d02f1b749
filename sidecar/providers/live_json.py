"""Messages of a socket as JSON: what is none is passed over at once, and what msgspec alone refuses is tried once more."""

import re
from typing import TypeVar

import msgspec

from sidecar.bodies.lenient import UNREADABLE, Unreadable, decoded

Value = TypeVar("Value")

OBJECT = re.compile(rb"[ \t\r\n]*\{")


def value_in(decoder: "msgspec.json.Decoder[Value]", document: bytes) -> Value | None:
    """The value of a message; None when it is no JSON object of the decoder's type."""
    try:
        return decoder.decode(document)
    except UNREADABLE:
        pass
    if OBJECT.match(document) is None:
        return None
    try:
        return decoded(decoder, document)
    except Unreadable:
        return None
