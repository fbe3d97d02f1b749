"""The same bytes as they are read by three: by us, by websockets, and by wsproto."""

from collections.abc import Iterable
from typing import NamedTuple

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import CloseConnection, Message as WsprotoMessage, TextMessage

from sidecar.websocket.message import Close
from sidecar.websocket.messages import Messages

PLENTY = 1 << 24
NO_CODE = 1005
"""What the other two say of a close frame without a code (RFC 6455 section 7.1.5)."""


class Read(NamedTuple):
    """What a reader made of all that it was fed."""

    messages: list[tuple[bytes, bool]]
    """Each with whether it is text."""
    code: int | None = None
    """Of the close frame; None where there was none, 1005 where it names none."""
    failed: str = ""
    """Why it read no further; empty where it would."""


def we_read(pieces: Iterable[bytes], is_masked: bool, most_kept: int = PLENTY) -> Read:
    reader = Messages(is_masked, most_kept)
    found = [item for piece in pieces for item in reader.feed(piece)]
    closes = [item for item in found if isinstance(item, Close)]
    messages = [(item.data, item.is_text) for item in found if not isinstance(item, Close)]
    assert reader.messages == len(messages)
    assert not closes or found.index(closes[0]) == len(found) - 1, "something came behind a close frame"
    return Read(messages, closes[0].code or NO_CODE if closes else None, reader.gave_up)


def websockets_reads(pieces: Iterable[bytes], is_masked: bool) -> Read:
    protocol = Protocol(Side.SERVER if is_masked else Side.CLIENT, state=State.OPEN, max_size=None)
    messages: list[tuple[bytes, bool]] = []
    joined, is_text = b"", True
    for piece in pieces:
        if protocol.parser_exc is None and protocol.close_rcvd is None:
            protocol.receive_data(piece)
    for frame in protocol.events_received():
        assert isinstance(frame, Frame)
        if frame.opcode in (Opcode.CONT, Opcode.TEXT, Opcode.BINARY):
            is_text = is_text if frame.opcode is Opcode.CONT else frame.opcode is Opcode.TEXT
            joined += bytes(frame.data)
            if frame.fin:
                messages.append((joined, is_text))
                joined = b""
    said = protocol.close_rcvd
    return Read(messages, said.code if said else None, str(protocol.parser_exc or ""))


def wsproto_reads(pieces: Iterable[bytes], is_masked: bool) -> Read:
    connection = Connection(ConnectionType.SERVER if is_masked else ConnectionType.CLIENT)
    messages: list[tuple[bytes, bool]] = []
    joined = b""
    for piece in pieces:
        connection.receive_data(piece)
        for event in connection.events():
            if isinstance(event, CloseConnection):  # which is also how it says that it fails
                is_told = connection.state is ConnectionState.REMOTE_CLOSING
                return Read(messages, int(event.code)) if is_told else Read(messages, None, event.reason or "failed")
            if isinstance(event, WsprotoMessage):
                joined += event.data.encode() if isinstance(event, TextMessage) else bytes(event.data)
                if event.message_finished:
                    messages.append((joined, isinstance(event, TextMessage)))
                    joined = b""
    return Read(messages)
