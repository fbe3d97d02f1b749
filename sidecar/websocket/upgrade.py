"""The opening handshake as an intermediary sees it (RFC 6455 sections 4 and 9.1): who asks, and what is offered."""

import re
from typing import Final

EXTENSIONS: Final = b"sec-websocket-extensions"
DEFLATE: Final = b"permessage-deflate"

OFFERS: Final = re.compile(rb'(?:[^,"]++|"(?:[^"\\]++|\\.|)*+"?)++', re.DOTALL).findall
"""The elements of a list of offers: commas in quoted parameters part nothing. A quote that never ends goes to the end. The empty
alternative is for CPython before 3.11.5, where a possessive group that fails within a turn stays where it stood (gh-106052)."""


def asks_for_websocket(method: bytes, is_http10: bool, upgrade: bytes, connection: bytes) -> bool:
    """Whether a request asks for a socket (section 4.1, points 2, 3, 5 and 6), by the values of its Upgrade and Connection.

    Its Sec-WebSocket-Version is between the two ends (426 tells a client which one to take), as its key is, and the answer to it.
    """
    return (
        method == b"GET" and not is_http10 and b"websocket" in _members(upgrade) and b"upgrade" in _members(connection)
    )


def without_deflate(fields: bytes) -> bytes:
    """A request's fields, each behind its line end, without the offer of permessage-deflate (RFC 7692 section 7).

    Compressed messages can't be read in passing without holding a window for each socket, and no provider insists on them. Other
    offers stay. A line that offers nothing else is gone; lines that do not offer it stay byte for byte.
    """
    if EXTENSIONS not in (lower := fields.lower()) or DEFLATE not in lower:
        return fields
    lines = [_line_without_deflate(line) for line in fields.split(b"\r\n")]
    return b"\r\n".join(line for line in lines if line is not None)


def _line_without_deflate(line: bytes) -> bytes | None:
    """One field line; None when nothing is left of it."""
    name, colon, value = line.partition(b":")
    if name.lower() != EXTENSIONS:
        return line
    offers = [offer for part in OFFERS(value) if (offer := part.strip(b" \t"))]
    kept = [offer for offer in offers if _name_of(offer) != DEFLATE]
    if len(kept) == len(offers):
        return line
    return name + colon + b" " + b", ".join(kept) if kept else None


def _name_of(offer: bytes) -> bytes:
    return offer.partition(b";")[0].strip(b" \t").lower()


def _members(value: bytes) -> list[bytes]:
    """The members of a field that is a list of tokens, lower case."""
    return [member.strip(b" \t").lower() for member in value.split(b",")]
