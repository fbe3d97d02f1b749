"""Asking a stream to report its usage, and taking out of the reply again what it sends only because it was asked.

OpenAI's streams report usage only with `stream_options.include_usage`, in one more chunk that has no choices; all other chunks
then have `"usage": null`. vLLM's `continuous_usage_stats` puts the numbers into every chunk, so that a stream that is cut
has exact counts. Who never asked for either sees every byte that would have been sent without: everything but these
members and this chunk passes as it came. That is text, so it works on what has no `Content-Encoding`.
"""

import re

import msgspec
from msgspec import Raw, Struct

from sidecar.bodies.lenient import NULL, UNREADABLE
from sidecar.bodies.members import Member, is_object, members_of, past_space, without
from sidecar.bodies.sse import BYTE_ORDER_MARK

ASKED = b'"include_usage":true'
ASKED_ALWAYS = b'"include_usage":true,"continuous_usage_stats":true'


def with_usage_asked(body: bytes, continuous: bool) -> bytes | None:
    """The request's body with `stream_options.include_usage`, and vLLM's `continuous_usage_stats` where `continuous` is true.

    None when there is nothing to be done: it asks for no stream, says itself what it wants to be told, is no JSON object, or
    has a name twice, of which nobody knows which one counts.
    """
    if b'"stream' not in body or not is_object(body):
        return None
    members = by_name(members_of(body))
    stream = members.get("stream") if members else None
    if members is None or stream is None or body[stream.start : stream.end] != b"true":
        return None
    asked = ASKED_ALWAYS if continuous else ASKED
    options = members.get("stream_options")
    if options is None:
        last = max(member.end for member in members.values())
        return body[:last] + b',"stream_options":{' + asked + b"}" + body[last:]
    if body[options.start : options.end] == b"null":
        return body[: options.start] + b"{" + asked + b"}" + body[options.end :]
    return with_option(body, options, asked) if body[options.start] == b"{"[0] else None


def with_option(body: bytes, options: Member, asked: bytes) -> bytes | None:
    """The same where `stream_options` is there: what it says stays."""
    members = by_name(members_of(body, options.start))
    if members is None or "include_usage" in members or "continuous_usage_stats" in members:
        return None
    end = options.end - 1
    last = max((member.end for member in members.values()), default=end)
    return body[:last] + (b"," if members else b"") + asked + body[last:]


def by_name(members: list[Member]) -> dict[str, Member] | None:
    """The members by their names; None when two have the same."""
    named = {member.name: member for member in members}
    return named if len(named) == len(members) else None


# === the reply ===

MOST = 256 * 1024
"""Bytes of an event that is held back until it is whole. A larger one passes as it is: it is no usage."""
DATA = re.compile(rb"data:[ ]?")
MENTIONED = b'"usage"'


class Chunk(Struct, gc=False):
    """What tells whether a chunk is the one that was sent for the usage."""

    choices: Raw = NULL
    usage: Raw = NULL


CHUNK = msgspec.json.Decoder(Chunk)
NO_CHOICES = re.compile(rb"\[[ \t\r\n]*\]")


class UsageChunksRemoved:
    """Takes an event stream in any pieces and gives it back as it would have been had nobody asked."""

    __slots__ = ("_continuous", "_event", "_held", "_is_first", "_passes", "_rest")

    def __init__(self, continuous: bool) -> None:
        """`continuous`: every chunk was asked to report, so every `usage` is there because of that."""
        self._continuous = continuous
        self._event: list[bytes] = []
        """The lines of the present event, with their ends."""
        self._held = 0
        """Bytes of them."""
        self._rest = b""
        """The beginning of a line."""
        self._is_first = True
        self._passes = False
        """The present event is too large to be looked at."""

    def feed(self, chunk: bytes) -> bytes:
        """What of the stream is certain now; the rest of an event that has begun comes later."""
        if not (self._rest or self._event or self._passes) and chunk.endswith(b"\n\n") and MENTIONED not in chunk:
            self._is_first = False
            return chunk
        given: list[bytes] = []
        lines = (self._rest + chunk).splitlines(keepends=True)
        self._rest = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        for line in lines:
            self._line(line, given)
        if self._passes or self._held + len(self._rest) > MOST:
            self._let_pass(given)
        return b"".join(given)

    def finish(self) -> bytes:
        """The rest, the stream having ended."""
        given: list[bytes] = []
        if self._rest:
            self._line(self._rest, given)
        if self._event:
            self._end_event(given)
        self._rest = b""
        return b"".join(given)

    def _line(self, line: bytes, given: list[bytes]) -> None:
        if self._passes:
            given.append(line)
            self._passes = bool(line.strip(b"\r\n"))
            return
        self._event.append(line)
        self._held += len(line)
        if not line.strip(b"\r\n"):
            self._end_event(given)

    def _let_pass(self, given: list[bytes]) -> None:
        """Give what is there of a large event, and the rest of it as it comes."""
        given += [*self._event, self._rest]
        self._event, self._rest, self._held, self._passes = [], b"", 0, True

    def _end_event(self, given: list[bytes]) -> None:
        event, self._event, self._held = self._event, [], 0
        mark = BYTE_ORDER_MARK if self._is_first and event[0].startswith(BYTE_ORDER_MARK) else b""
        self._is_first = False
        places = [
            place for place, line in enumerate(event) if DATA.match(line.removeprefix(mark) if not place else line)
        ]
        if len(places) != 1 or MENTIONED not in event[places[0]]:
            given += event
            return
        place = places[0]
        line = event[place].removeprefix(mark) if not place else event[place]
        found = DATA.match(line)
        head = line[: found.end()] if found else b""
        payload = line[len(head) :].rstrip(b"\r\n")
        end = line[len(head) + len(payload) :]
        changed = self._as_unasked(payload)
        if changed is None:
            given += [mark, *(line for line in event if line.startswith(b":"))]
        else:
            event[place] = (mark if not place else b"") + head + changed + end
            given += event

    def _as_unasked(self, payload: bytes) -> bytes | None:
        """The chunk as it would have been; None when it would not have been."""
        try:
            chunk = CHUNK.decode(payload)
        except UNREADABLE:
            return payload
        is_report = chunk.usage is not NULL and chunk.usage != NULL
        if is_report and NO_CHOICES.fullmatch(chunk.choices):
            return None
        if chunk.usage is NULL or (is_report and not self._continuous):
            return payload
        return without_usage(payload, chunk.usage)


def without_usage(payload: bytes, usage: Raw) -> bytes:
    """A chunk without its member `usage`, which has this value.

    Where the name stands only once in the text and no name can be written with escapes, that is the member (a quote within a
    string has a backslash before it). Otherwise all members are gone through.
    """
    at = payload.find(MENTIONED)
    if payload.count(MENTIONED) == 1 and b"\\u" not in payload and payload[at - 1 : at] != b"\\":
        start = past_space(payload, past_space(payload, at + len(MENTIONED)) + 1)
        return without(payload, Member("usage", at, start, start + len(usage)))
    if is_object(payload):
        for member in reversed(members_of(payload)):
            payload = without(payload, member) if member.name == "usage" else payload
    return payload
