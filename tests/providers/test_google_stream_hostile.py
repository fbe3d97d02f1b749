import json
import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st

from sidecar.bodies.skeleton import MOST
from sidecar.metering.usage import Usage
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported
from sidecar.providers.google_stream import open_stream
from tests.bodies.cutting import cut
from tests.providers.wire import JSON, SSE, array, event, read, sse, usage

STREAM = [event("Hel", used=usage(10, 1)), event("lo", finish="STOP", used=usage(10, 7))]
WHOLE = Reported(Usage(input=10, output=7), "gemini-3-flash")


def stream(head: ReplyHead = SSE) -> ReplyReader:
    return open_stream(head, NO_FACTS)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            ReplyHead(429, "application/json"),
            b'{"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}',
        ),
        (ReplyHead(500, "application/json"), b'[{"error": {"code": 500}}]'),
        (ReplyHead(404, "text/html"), b"<html>data: no\n\n</html>"),
        (ReplyHead(503, ""), b""),
    ],
)
def test_an_error_reports_no_usage(head, body):
    assert read(stream(head), body) is None


def test_an_error_that_reports_usage_is_believed():
    head, body = (
        ReplyHead(499, "application/json"),
        json.dumps({"error": {"code": 499}, "usageMetadata": usage(10)}).encode(),
    )
    assert read(stream(head), body) == Reported(Usage(input=10))


def test_a_coding_that_is_unknown_is_said():
    reader = stream(ReplyHead(200, "text/event-stream", "compress"))
    assert read(reader, sse(STREAM)) is None
    assert (reader.gave_up, reader.is_terminal) == ("unknown_coding", False)


def test_an_event_past_all_bounds_is_said_and_passed_over():
    reader = stream()
    reader.feed(b'data: {"a": [' + b'"abc",' * MOST + b'""]}\n\n')
    assert reader.gave_up == "reply_too_large"
    assert read(reader, sse(STREAM)) == WHOLE


def test_large_images_between_the_numbers_do_not_hide_them():
    image = event() | {
        "candidates": [{"content": {"parts": [{"inlineData": {"data": "A" * 2_000_000}}]}, "finishReason": "STOP"}]
    }
    for head, body in (
        (SSE, sse([image | {"usageMetadata": usage(10, 5)}])),
        (JSON, array([image | {"usageMetadata": usage(10, 5)}])),
    ):
        for size in (65_536, 10_000_000):
            reader = stream(head)
            got = read(reader, *cut(body, range(0, len(body), size)))
            assert got == Reported(Usage(input=10, output=5), "gemini-3-flash")
            assert reader.is_terminal


def test_memory_stays_bounded_however_long_the_event():
    for head, begin in ((SSE, b"data: "), (JSON, b"[")):
        reader = stream(head)
        reader.feed(begin + b'{"data": "')
        piece = b"A" * 65_536
        tracemalloc.start()
        for _ in range(400):
            reader.feed(piece)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2_000_000


@settings(max_examples=100)
@given(
    st.sampled_from([SSE, JSON, ReplyHead(200, "text/event-stream", "gzip"), ReplyHead(200, "", "deflate")]),
    st.lists(
        st.binary(max_size=50)
        | st.sampled_from([b"data: ", b"\n\n", b'{"candidates": [', b'{"finishReason": ', b"}]}", b"[", b'"']),
        max_size=10,
    ),
)
def test_no_bytes_raise(head, pieces):
    reader = stream(head)
    for piece in pieces:
        reader.feed(piece)
        reader.reported()
    reader.finish()
    reader.reported()
