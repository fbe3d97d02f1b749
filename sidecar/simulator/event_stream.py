"""Frames of AWS's event stream, `application/vnd.amazon.eventstream` (providers-wire 8). Pure.

u32 total | u32 length of headers | u32 crc32 of the first 8 bytes | headers | payload | u32 crc32 of all before
"""

import struct
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7
"""The type of a header's value."""
AROUND = 16
"""Bytes of a frame besides headers and payload."""


def event_frame(name: str, payload: bytes) -> bytes:
    """An event with JSON in it."""
    return frame({":event-type": name, ":content-type": "application/json", ":message-type": "event"}, payload)


def exception_frame(name: str, payload: bytes) -> bytes:
    """An exception in the middle of a stream."""
    return frame({":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}, payload)


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """One frame, both checksums right."""
    packed = b"".join(map(_header, headers, headers.values()))
    prelude = struct.pack(">II", AROUND + len(packed) + len(payload), len(packed))
    before = prelude + struct.pack(">I", crc32(prelude)) + packed + payload
    return before + struct.pack(">I", crc32(before))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode("ascii"), value.encode()
    return bytes([len(key)]) + key + struct.pack(">BH", STRING, len(text)) + text
