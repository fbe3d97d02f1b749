"""WebSocket: frames of both directions, and the upgrade. wsproto and websockets have the other opinions."""

import zlib
from collections.abc import Iterable
from functools import partial

from sidecar.bodies.skeleton import Skeleton
from sidecar.websocket.frames import MOST_HEAD
from sidecar.websocket.message import Message
from sidecar.websocket.messages import Messages
from sidecar.websocket.upgrade import asks_for_websocket, without_deflate
from tests.fuzz.target import Target, same_however_cut
from tests.websocket.readers import Read, we_read, websockets_reads
from tests.websocket.test_differential import is_utf8
from tests.websocket.wire import BINARY, CLOSE, CONTINUATION, MASK, PING, TEXT, Frame, wire_of

MOST_KEPT = 64


def frames(data: bytes) -> None:
    """One direction of a socket: the same however cut, as websockets reads it until something is wrong, and bounded in memory."""
    for is_masked in (True, False):
        ours = same_however_cut(partial(we_read, is_masked=is_masked), data)
        kept = same_however_cut(partial(kept_of, is_masked=is_masked), data)
        assert len(kept) == len(ours.messages)
        theirs = websockets_reads([data], is_masked)
        assert ours.messages[: len(theirs.messages)] == theirs.messages, "websockets read other messages"
        if (
            theirs.failed
        ):  # on what a close frame says, or on text that is no UTF-8; the rest is for us to refuse as well
            is_lenient = ours.code is not None or not all(map(is_utf8, _texts(ours)))
            assert is_lenient or we_read([data + bytes(MOST_HEAD)], is_masked).failed
        elif not ours.failed:  # websockets waits for more of a frame than it needs to refuse it
            assert (ours.messages, ours.code) == (theirs.messages, theirs.code)


def _texts(read: Read) -> list[bytes]:
    return [message for message, is_text in read.messages if is_text]


def kept_of(pieces: Iterable[bytes], is_masked: bool) -> list[bytes]:
    """What is kept of messages where little may be kept, and large ones are shortened."""
    reader = Messages(is_masked, MOST_KEPT, Skeleton if is_masked else None)
    kept = []
    for piece in pieces:
        for item in reader.feed(piece):
            if isinstance(item, Message):
                kept.append(item.data)
    assert all(len(one) <= MOST_KEPT or is_masked for one in kept)
    return kept


def upgrade(data: bytes) -> None:
    """Fields of a handshake: all others stay byte for byte, permessage-deflate is offered no more, and twice is as once."""
    fields = b"\r\n" + data.replace(b"\n", b"\r\n") if data else b""
    left = without_deflate(fields)
    lines = [line for line in fields.split(b"\r\n") if not line.lower().startswith(b"sec-websocket-extensions:")]
    assert [line for line in left.split(b"\r\n") if not line.lower().startswith(b"sec-websocket-extensions:")] == lines
    assert without_deflate(left) == left
    assert len(left) <= len(fields) + left.count(b",") + left.count(b"\r\n")
    first, _, rest = data.partition(b"\n")
    assert type(asks_for_websocket(b"GET", is_http10=zlib.crc32(data) % 2 == 0, upgrade=first, connection=rest)) is bool


SAID = [
    Frame(TEXT, b'{"type":"a"}'),
    Frame(PING, b"x"),
    Frame(BINARY, b"ab", False),
    Frame(CONTINUATION, b"c"),
    Frame(CLOSE, b"\x03\xe8bye"),
]
MASKED = [frame._replace(mask=MASK) for frame in SAID]
LONG = [Frame(TEXT, b'{"a": "' + b"x" * 200 + b'", "b": 1}'), Frame(BINARY, b"x", form=2), Frame(BINARY, b"y", form=8)]

TARGETS = (
    Target(
        "websocket_frames",
        frames,
        [
            wire_of(SAID),
            wire_of(MASKED),
            wire_of(LONG),
            wire_of([frame._replace(mask=MASK) for frame in LONG]),
            Frame(BINARY, form=8).head(1 << 63) + b"more",
            wire_of([Frame(CLOSE, b"\x03")]),
            wire_of([Frame(TEXT, b"\xff", reserved=4)]),
        ],
        ("websocket/frames.py", "websocket/messages.py", "websocket/closing.py", "websocket/kept.py"),
        (
            b"\x81\x05",
            b"\x82\x7e",
            b"\x82\x7f",
            b"\x88\x02\x03\xe8",
            b"\x00\x01",
            b"\x80\x00",
            b"\x81\x85",
            MASK,
            b"\xc1\x01",
        ),
    ),
    Target(
        "websocket_upgrade",
        upgrade,
        [
            b'websocket\nUpgrade, keep-alive\nSec-WebSocket-Extensions: permessage-deflate; a="b,c", foo\nA: b',
            b"Sec-WebSocket-Extensions:permessage-deflate",
            b'x\nsec-websocket-extensions: foo; bar="permessage-deflate, x\\"", PerMessage-Deflate',
        ],
        ("websocket/upgrade.py",),
        (
            b"Sec-WebSocket-Extensions: ",
            b"permessage-deflate",
            b"; client_max_window_bits",
            b", ",
            b'"',
            b'\\"',
            b"\n",
            b"websocket",
        ),
    ),
)
