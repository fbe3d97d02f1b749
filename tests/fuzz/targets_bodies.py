"""Bodies cut into documents: events, lines, frames, arrays, forms, codings.

Second opinions: botocore's event-stream parser, Python's json.
"""

import contextlib
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from botocore.eventstream import EventStreamBuffer, ParserError

from sidecar.bodies.coding import MOST_AT_ONCE, MOST_TIMES, decoder_of
from sidecar.bodies.event_stream import EventStream
from sidecar.bodies.multipart import MultipartForm
from sidecar.bodies.ndjson import JsonLines
from sidecar.bodies.sse import ServerSentEvents
from tests.bodies.cutting import zipped
from tests.bodies.forms import BOUNDARY, FORM
from tests.bodies.test_coding import CODED, TEXT, packages
from tests.fuzz.target import Target, in_two_parts, same_however_cut, small_documents, with_line
from tests.providers.bedrock_wire import event as bedrock_event, exception
from tests.providers.wire import event, sse as sse_of, usage


def elements(make: Callable[[], Any]) -> Callable[[Iterable[bytes]], tuple[list[Any], str]]:
    """What a reader of this sort gives in all, and why it gave up."""

    def read(pieces: Iterable[bytes]) -> tuple[list[Any], str]:
        reader = make()
        found = [one for piece in pieces for one in reader.feed(piece)]
        return found + reader.finish(), reader.gave_up

    return read


def sse(data: bytes) -> None:
    """Events are the same however they come, hold no more than was sent, and a reader that is idle holds nothing."""
    with small_documents():
        same_however_cut(elements(ServerSentEvents), data)
    found, _ = same_however_cut(elements(ServerSentEvents), data)
    assert sum(map(len, found)) <= len(data)
    reader = ServerSentEvents()
    reader.feed(data)
    assert not (reader.is_idle and reader.finish()), "an idle reader had an event left"


def ndjson(data: bytes) -> None:
    """Lines are the same however they come; what JSON each holds, json reads out of the text's own lines."""
    with small_documents():
        same_however_cut(_lines, data)
    found, _ = same_however_cut(_lines, data)
    assert found == [line for part in data.split(b"\n") if (line := part.strip(b"\r"))]


def _lines(pieces: Iterable[bytes]) -> tuple[list[bytes], str]:
    found, gave_up = elements(JsonLines)(pieces)
    return [line for part in found if (line := part.strip(b"\r\n"))], gave_up


def event_stream(data: bytes) -> None:
    """Frames of Amazon's are the same however they come; botocore finds as many, with these payloads, where both go on."""
    with small_documents():
        in_small, _ = same_however_cut(elements(EventStream), data)
    found, gave_up = same_however_cut(elements(EventStream), data)
    assert [head for head, _ in in_small] == [head for head, _ in found]
    theirs = _botocore_frames(data)
    assert [payload for _, payload in found] == theirs[: len(found)]
    assert len(found) == len(theirs), f"{gave_up or 'it awaits more'}, and botocore finds {len(theirs)}"


def _botocore_frames(data: bytes) -> list[bytes]:
    buffer, payloads = EventStreamBuffer(), list[bytes]()
    buffer.add_data(data)
    with contextlib.suppress(ParserError):
        payloads.extend(message.payload for message in buffer)  # those before a broken one stay
    return payloads


def coding(data: bytes) -> None:
    """A coded body is the same however it comes, and never much larger than it came."""
    name, body = in_two_parts(data)

    def read(pieces: Iterable[bytes]) -> tuple[bytes, bool]:
        decoder = decoder_of(name)
        if decoder is None:
            return b"".join(pieces), False
        return b"".join(decoder.decode(piece) for piece in pieces), bool(decoder.gave_up)

    got, gave_up = read([body])
    assert len(got) <= MOST_AT_ONCE + MOST_TIMES * len(body)
    in_pieces, gave_up_later = same_pieces(read, body)
    if not (gave_up or gave_up_later):
        assert in_pieces == got


def same_pieces(read: Callable[[Iterable[bytes]], tuple[bytes, bool]], body: bytes) -> tuple[bytes, bool]:
    """Byte by byte. Where a coding is broken, more may have come out of it than in one go, so only sound ones are compared."""
    return read([body[at : at + 1] for at in range(len(body))])


def multipart(data: bytes) -> None:
    """A form's fields are the same however it comes."""
    content_type, body = in_two_parts(data)

    def read(pieces: Iterable[bytes]) -> tuple[dict[str, str], int]:
        form = MultipartForm(content_type)
        for piece in pieces:
            form.feed(piece)
        return form.finish(), form.text_bytes()

    fields, text_bytes = same_however_cut(read, body)
    assert sum(map(len, fields.values())) <= text_bytes <= len(body)


EVENTS = [event("sea"), event("[{", used=usage(3, 4, thoughtsTokenCount=2)), event("", finish="STOP")]
CODINGS = {**CODED, **{name: compress(TEXT) for name, compress in packages().items()}, "identity": TEXT}  # type: ignore[operator]

TARGETS = (
    Target(
        "sse",
        sse,
        [
            sse_of(EVENTS[:1]),
            sse_of([{"a": 1}, {"b": 2}], "\n"),
            sse_of([{"a": 1}], "\r"),
            b"\xef\xbb\xbfdata: 1\n\n: c\nevent: x\nid: 1\n",
            b"data: a\ndata\ndata:\ndata: b\n\ndata: 2",
            b'event: x\ndata: {"a": 1}\n\nevent: y\ndata: {"b": 1}\r\n\r\n',
        ],
        ("bodies/sse.py",),
        (b"data: ", b"data:", b"data: {", b"event: ", b"\r\n", b"\n\n", b"\r", b"\xef\xbb\xbf", b":"),
    ),
    Target(
        "ndjson",
        ndjson,
        [b'{"n": 1}\n{"n": "a\\nb"}\r\n\n\r\n{"n": 3}\n{"n": 4}', b"\n", b"\r\n\r\n"],
        ("bodies/ndjson.py",),
        (b"\n", b"\r\n"),
    ),
    Target(
        "event_stream",
        event_stream,
        [
            bedrock_event("contentBlockDelta", {"a": 1}) + exception() + bedrock_event("metadata", {"b": "x"}),
            bedrock_event("x", {}),
        ],
        ("bodies/event_stream.py",),
        (b":message-type", b":event-type", b":exception-type", b"\x07\x00\x05event"),
    ),
    Target(
        "coding",
        coding,
        [with_line(name, body) for name, body in CODINGS.items()]
        + [with_line("gzip", zipped(b"a") + zipped(b"b") + b"\0\0")],
        ("bodies/coding.py",),
        (b"\x1f\x8b\x08", b"gzip\n", b"deflate\n", b"br\n", b"zstd\n", zlib.compress(b"")),
    ),
    Target(
        "multipart",
        multipart,
        [
            with_line(f"multipart/form-data; boundary={BOUNDARY}", FORM),
            with_line(f'x; boundary="{BOUNDARY}"', FORM[:300]),
        ],
        ("bodies/multipart.py",),
        (b"\r\n", b"--8f3c", b"--8f3c--", b'Content-Disposition: form-data; name="a"', b'; filename="x"'),
    ),
)
