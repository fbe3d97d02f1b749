"""JSON that is read although msgspec refuses it at first.

msgspec refuses a document for one half of a surrogate pair, even in a string that nobody asks for, and for nesting
deeper than Python's stack. A model may write both, and neither has to do with usage, so the document is tried once more without.
"""

import re
from typing import TypeVar

import msgspec

from sidecar.bodies.skeleton import Skeleton

Value = TypeVar("Value")

NULL = msgspec.Raw(b"null")
"""What stands for a member that is absent: of members that are left undecoded, the default, told from a null by identity."""

SURROGATE = re.compile(rb"(\\[^u])|\\u[dD][89a-fA-F][0-9a-fA-F]{2}", re.DOTALL)
"""An escape that names half a pair, or (kept) one that could be taken for its beginning."""

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What msgspec raises on bytes that are not the JSON it expects; ValueError: not UTF-8."""


class Unreadable(Exception):
    """The document is not whole, or no JSON, or of another shape than was asked for."""


def decoded(decoder: "msgspec.json.Decoder[Value]", document: bytes) -> Value:
    """The value of a document.

    Raises:
        Unreadable: there is none of this decoder's type.
    """
    try:
        return decoder.decode(document)
    except msgspec.ValidationError as error:
        raise Unreadable from error
    except UNREADABLE:
        pass
    try:
        return decoder.decode(simplified(document))
    except UNREADABLE as error:
        raise Unreadable from error


def simplified(document: bytes) -> bytes:
    """The document's skeleton, without halves of surrogate pairs."""
    skeleton = Skeleton()
    skeleton.feed(SURROGATE.sub(rb"\1", document) if b"\\u" in document else document)
    return skeleton.document()


def is_there(raw: msgspec.Raw) -> bool:
    """Whether a piece of JSON is something longer than an empty string and no null."""
    return len(raw) > len(b'""') and raw != NULL


def value_of(raw: msgspec.Raw) -> object:
    """What a piece of JSON says; None when it is absent or can't be read."""
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None
