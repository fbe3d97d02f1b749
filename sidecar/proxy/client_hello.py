"""The first thing that a TLS client says: which host it wants, and which protocols it speaks. Read without any TLS of our own.

Sans-I/O and bounded; it judges nothing. What is no ClientHello is called broken, and left to TLS to complain about. All of it is
in the clear, or it is the outer one of Encrypted Client Hello, whose host is then not the one that is meant.
"""

from typing import Final

import msgspec

HANDSHAKE: Final = 0x16
"""A record of type handshake (RFC 8446 section 5.1): what every client begins with. No HTTP method does."""
CLIENT_HELLO: Final = 1
SERVER_NAME, PROTOCOLS = 0, 16
"""Extensions (RFC 6066 section 3, RFC 7301 section 3.1)."""
HOST_NAME: Final = 0

RECORD_HEAD, MESSAGE_HEAD = 5, 4
LONGEST_RECORD: Final = 2**14
"""Bytes of a record in the clear (RFC 8446 section 5.1)."""
MOST_BYTES: Final = 16 * 1024
"""Of a ClientHello: with a post-quantum share and a ticket it has two thousand."""
VERSION_AND_RANDOM: Final = 2 + 32


class ClientHello(msgspec.Struct, frozen=True):
    """What a client has said."""

    server_name: str = ""
    """The host that it wants, lower case without its last dot; empty where it named none."""
    protocols: tuple[bytes, ...] = ()
    """What it offers to speak, its favorite first (ALPN); empty where it offered nothing."""
    is_broken: bool = False
    """It said something else, or too much of it."""


BROKEN: Final = ClientHello(is_broken=True)


class HelloReader:
    """Reads the ClientHello from the bytes of a connection, however they are cut."""

    def __init__(self) -> None:
        self.raw = b""
        """Everything that was fed."""
        self._message = b""
        self._read_to = 0

    def feed(self, data: bytes) -> ClientHello | None:
        """The next bytes; what the client has said, once it is whole or can't become a hello any more."""
        self.raw += data
        while self._take_record():
            if self._is_whole():
                return _hello_in(self._message)
        is_other = self._is_other_record() or self._message[:1] not in (b"", bytes([CLIENT_HELLO]))
        return BROKEN if is_other or len(self.raw) > MOST_BYTES else None

    def _is_whole(self) -> bool:
        message = self._message
        return len(message) >= MESSAGE_HEAD and len(message) >= MESSAGE_HEAD + int.from_bytes(message[1:MESSAGE_HEAD])

    def _is_other_record(self) -> bool:
        """What comes next is no record of a handshake, or one that has no bytes, or more than there may be."""
        head = self.raw[self._read_to : self._read_to + RECORD_HEAD]
        if head and (head[0] != HANDSHAKE or head[1:2] not in (b"", b"\3")):
            return True
        return len(head) == RECORD_HEAD and not 0 < int.from_bytes(head[3:]) <= LONGEST_RECORD

    def _take_record(self) -> bool:
        """Take the next record, if it is there whole. A message may be cut into several (RFC 8446 section 5.1)."""
        begin = self._read_to + RECORD_HEAD
        if len(self.raw) < begin or self._is_other_record():
            return False
        end = begin + int.from_bytes(self.raw[begin - 2 : begin])
        if len(self.raw) < end:
            return False
        self._message += self.raw[begin:end]
        self._read_to = end
        return True


class Cut(Exception):
    """A length says more than there is."""


class Fields:
    """The fields of a message, one behind the other, each behind its length (RFC 8446 section 3.4)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        """So many bytes.

        Raises:
            Cut: there are fewer.
        """
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise Cut
        self._at += count
        return taken

    def number(self, width: int) -> int:
        """A number of so many bytes."""
        return int.from_bytes(self.take(width))

    def vector(self, width: int) -> "Fields":
        """The fields behind a length of so many bytes."""
        return Fields(self.text(width))

    def text(self, width: int) -> bytes:
        """The bytes behind a length of so many bytes."""
        return self.take(self.number(width))


def _hello_in(message: bytes) -> ClientHello:
    """What a whole message says (RFC 8446 section 4.1.2)."""
    fields = Fields(message)
    try:
        if fields.number(1) != CLIENT_HELLO:
            return BROKEN
        body = fields.vector(3)
        body.take(VERSION_AND_RANDOM)
        for width in (1, 2, 1):  # session, ciphers, compressions
            body.text(width)
        return _said_in(body.vector(2)) if body else ClientHello()
    except Cut:
        return BROKEN


def _said_in(extensions: Fields) -> ClientHello:
    name, protocols = "", tuple[bytes, ...]()
    while extensions:
        kind, extension = extensions.number(2), extensions.vector(2)
        if kind == SERVER_NAME and not name:
            name = _host_in(extension.vector(2))
        elif kind == PROTOCOLS and not protocols:
            protocols = _each(extension.vector(2))
    return ClientHello(name, protocols)


def _host_in(names: Fields) -> str:
    while names:
        kind, name = names.number(1), names.text(2)
        if kind == HOST_NAME:
            return name.decode("latin-1").lower().removesuffix(".")
    return ""


def _each(offered: Fields) -> tuple[bytes, ...]:
    found = []
    while offered:
        found.append(offered.text(1))
    return tuple(found)
