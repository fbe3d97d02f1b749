"""How a request is read."""

import asyncio
import hashlib
import tracemalloc
from collections.abc import Iterator

from sidecar.clock import SystemClock
from sidecar.simulator.request import Message, Request, read_request

SCOPE: Message = {
    "method": "POST",
    "path": "/v1/models/m:generateContent",
    "query_string": b"alt=sse",
    "headers": [(b"x-simulator-call", b"a-tag"), (b"accept-encoding", b"gzip, deflate")],
    "state": {},
}


def read(pieces: Iterator[bytes], *, whole: bool = True, rest: bytes | None = None) -> Request | None:
    scope = {**SCOPE, "state": {"rest": rest}}

    async def receive() -> Message:
        piece = next(pieces, None)
        if piece is not None:
            return {"type": "http.request", "body": piece, "more_body": True}
        return {"type": "http.request", "body": b"", "more_body": False} if whole else {"type": "http.disconnect"}

    return asyncio.run(read_request(scope, receive, SystemClock()))


def test_a_request_in_pieces__is_one_request():
    request = read(iter([b'{"a"', b":1}"]))
    assert request is not None
    assert (request.held, request.length, request.sha256) == (b'{"a":1}', 7, hashlib.sha256(b'{"a":1}').hexdigest())
    assert (request.tag, request.takes_gzip, request.query) == ("a-tag", True, {"alt": "sse"})


def test_a_caller_that_leaves_in_the_middle__no_request():
    assert read(iter([b'{"a"']), whole=False) is None


def test_a_caller_that_leaves_when_all_has_come__a_request():
    request = read(iter([b'{"a"']), whole=False, rest=b":1}")
    assert request is not None
    assert request.held == b'{"a":1}'


def test_twenty_megabytes__are_hashed_and_not_held():
    piece = bytes(64 * 1024)
    tracemalloc.start()
    request = read(piece for _ in range(320))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert request is not None
    assert (request.held, request.length) == (None, 20 * 1024 * 1024)
    assert request.sha256 == hashlib.sha256(bytes(20 * 1024 * 1024)).hexdigest()
    assert peak < 4 * 1024 * 1024
