"""Frames of AWS event streams (providers-wire 8), written apart from the code that reads them."""

import struct
import zlib


def frame(event: str, payload: bytes) -> bytes:
    """One frame of an event."""
    named = {":event-type": event, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(_header(name.encode(), value.encode()) for name, value in named.items())
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head = prelude + struct.pack(">I", zlib.crc32(prelude))
    return head + headers + payload + struct.pack(">I", zlib.crc32(head + headers + payload))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(">B", len(name)) + name + struct.pack(">BH", 7, len(value)) + value
