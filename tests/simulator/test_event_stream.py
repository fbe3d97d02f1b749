"""Frames of the event stream, read by botocore and by hand."""

import struct
from zlib import crc32

from botocore.eventstream import EventStreamBuffer
from hypothesis import given, strategies as st

from sidecar.simulator.event_stream import event_frame, exception_frame, frame


@given(st.binary(max_size=300), st.text("abc-:", min_size=1, max_size=20), st.text(max_size=50))
def test_botocore__reads_what_was_written(payload: bytes, name: str, value: str):
    buffer = EventStreamBuffer()
    buffer.add_data(frame({name: value}, payload))
    (message,) = list(buffer)
    assert (message.headers, message.payload) == ({name: value}, payload)


def test_lengths_and_checksums__stand_where_they_belong():
    written = event_frame("metadata", b"{}")
    total, headers, first = struct.unpack_from(">III", written)
    assert total == len(written)
    assert first == crc32(written[:8])
    assert struct.unpack(">I", written[-4:]) == (crc32(written[:-4]),)
    assert written[12 + headers : -4] == b"{}"


def test_an_exception__says_which():
    assert b":exception-type\x07\x00\x13throttlingException" in exception_frame("throttlingException", b"")
