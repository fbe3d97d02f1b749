"""What comes out of a connection's bytes: messages, and the word by which it ends."""

import msgspec


class Message(msgspec.Struct, frozen=True, gc=False):
    """A data message, joined from its frames and unmasked."""

    data: bytes
    """UTF-8 of a text message, or the bytes of a binary one. Of a message larger than is kept, what is kept of it."""
    is_text: bool = True
    is_whole: bool = True
    """Nothing of it was left out: neither was it larger than is kept, nor coded in a way that is not read here."""

    def __repr__(self) -> str:
        kind = "text" if self.is_text else "binary"
        return f"<Message {kind}, {len(self.data)} bytes{'' if self.is_whole else ' kept'}>"  # never what it says


class Close(msgspec.Struct, frozen=True, gc=False):
    """A close frame: its sender sends nothing more (RFC 6455 section 5.5.1)."""

    code: int | None = None
    """None where it has none."""
