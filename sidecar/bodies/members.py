"""Where the members of a JSON object stand in its text.

For changing one of them and leaving every other byte as it was. The text must be known to be one whole JSON object (msgspec has
decoded it): what is not checked here is not looked at twice.
"""

import re
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from sidecar.bodies.lenient import UNREADABLE
from sidecar.bodies.skeleton import OPENING, PAST_LEAVES, QUOTE, UP_TO_BRACKET, close_of

WHITE = frozenset(b" \t\r\n")
SPACE = re.compile(rb"[ \t\r\n]*+")
SCALAR = re.compile(rb"[^,}\] \t\r\n]++")
COMMA = 0x2C


class Whole(Struct, gc=False):
    """Any object: decoding one looks at all of it and keeps nothing."""


WHOLE = msgspec.json.Decoder(Whole)


class Member(Struct, frozen=True, gc=False):
    """One member: its name, where that begins, and where its value begins and ends."""

    name: str
    at: int
    start: int
    end: int


def is_object(document: bytes) -> bool:
    """Whether the text is one whole JSON object."""
    try:
        WHOLE.decode(document)
    except UNREADABLE:
        return False
    return True


def members_of(document: bytes, at: int = 0) -> list[Member]:
    """The members of the object that begins at `at`, or after space there."""
    return list(members_from(document, past_space(document, at) + 1))


def members_from(document: bytes, at: int) -> Iterator[Member]:
    """The members from behind the opening brace on."""
    at = past_space(document, at)
    while document[at] == QUOTE:
        close = close_of(document, at + 1)
        start = past_space(document, past_space(document, close + 1) + 1)  # past the colon
        end = end_of_value(document, start)
        yield Member(name_in(document[at : close + 1]), at, start, end)
        at = past_space(document, end)
        if document[at] != COMMA:
            return
        at = past_space(document, at + 1)


def name_in(quoted: bytes) -> str:
    """A member's name; empty when it holds what is no character."""
    if b"\\" not in quoted:
        return quoted[1:-1].decode("utf-8", "replace")
    try:
        return msgspec.json.decode(quoted, type=str)
    except UNREADABLE:
        return ""


def past_space(document: bytes, at: int) -> int:
    """Where the next byte stands that is no white space."""
    if document[at] not in WHITE:
        return at
    space = SPACE.match(document, at)
    return space.end() if space else at


def end_of_value(document: bytes, at: int) -> int:
    """Where the value ends that begins at `at`."""
    if document[at] == QUOTE:
        return close_of(document, at + 1) + 1
    if document[at] not in OPENING:
        scalar = SCALAR.match(document, at)
        return scalar.end() if scalar else at
    depth = 0
    while True:
        passed = (PAST_LEAVES if depth else UP_TO_BRACKET).match(document, at)
        at = passed.end() if passed else at
        depth += 1 if document[at] in OPENING else -1
        at += 1
        if not depth:
            return at


def without(document: bytes, member: Member) -> bytes:
    """The object's text without one member and the comma that belonged to it."""
    before = document[: member.at].rstrip(b" \t\r\n")
    if before.endswith(b","):
        return before[:-1].rstrip(b" \t\r\n") + document[member.end :]
    rest = past_space(document, member.end)
    if document[rest] == COMMA:
        return document[: member.at] + document[past_space(document, rest + 1) :]
    return document[: member.at] + document[member.end :]
