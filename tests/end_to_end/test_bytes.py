"""Bytes pass unchanged, in both directions, in every framing, and a large upload leaves no trace in memory."""

import gzip
import hashlib
import http.client
import uuid
from collections.abc import Iterator

import pytest

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.rig import RunningSidecar

SIZES = {"empty": 0, "one byte": 1, "64 KiB": 64 * 1024, "20 MB": 20_000_000}
PATH = "/v1/models/gemini-2.5-flash:generateContent"
PROMPT = b'{"contents":[{"parts":[{"text":"a picture of the sea"}]}]}'
PIECE = 64 * 1024
MOST_GROWTH = 2 * 1024 * 1024


def _pieces(size: int) -> Iterator[bytes]:
    """A body that is no JSON and need not be, from a fixed pattern, never held whole."""
    pattern = bytes(range(256)) * (PIECE // 256)
    for start in range(0, size, PIECE):
        yield pattern[: min(PIECE, size - start)]


def _digest(size: int) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(size):
        digest.update(piece)
    return digest.hexdigest()


def _post(
    base: str, body: Iterator[bytes], length: int | None, headers: dict[str, str]
) -> tuple[http.client.HTTPResponse, bytes]:
    """Send a body, chunked where no length is given; the reply and its body."""
    connection = http.client.HTTPConnection(base.removeprefix("http://").partition("/")[0], timeout=60)
    framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    path = base.removeprefix("http://").partition("/")[2]
    connection.request(
        "POST", f"{path and '/'}{path}{PATH}", body, {**headers, **framing}, encode_chunked=length is None
    )
    reply = connection.getresponse()
    answer = reply.read()
    connection.close()
    return reply, answer


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
def test_request_body_arrives_unchanged(sidecar: RunningSidecar, size: int, chunked: bool) -> None:
    reply, _ = _post(f"{sidecar.proxy}/gemini", _pieces(size), None if chunked else size, {})
    assert reply.headers["x-simulator-request-length"] == str(size)
    assert reply.headers["x-simulator-request-sha256"] == _digest(size)


@pytest.mark.parametrize("framing", ["chunked", "length"])
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_reply_body_is_the_same_through_and_around_the_sidecar(
    simulator: RunningSimulator, sidecar: RunningSidecar, framing: str, coding: str
) -> None:
    bodies = []
    for base in (f"{sidecar.proxy}/gemini", simulator.url):
        tag = uuid.uuid4().hex
        script = f"framing={framing} gzip={int(coding == 'gzip')} images=1 image_bytes=200000 output=50 seconds=0"
        headers = {"X-Simulator": script, "X-Simulator-Call": tag, "Accept-Encoding": coding}
        reply, body = _post(base, iter([PROMPT]), len(PROMPT), headers)
        simulator.reached(tag, Milestone.BILLED)
        (entry,) = simulator.bill.of(tag)
        assert hashlib.sha256(body).hexdigest() == entry.reply_sha256
        assert reply.headers.get("content-encoding", "identity") == coding
        bodies.append(gzip.decompress(body) if coding == "gzip" else body)
    assert all(len(body) > 200_000 for body in bodies)


def test_20_mb_upload_leaves_no_trace_in_memory(sidecar: RunningSidecar) -> None:
    _post(f"{sidecar.proxy}/gemini", _pieces(20_000_000), 20_000_000, {})  # what is allocated once and kept
    before = sidecar.resident_bytes()
    for length in (20_000_000, None):
        _post(f"{sidecar.proxy}/gemini", _pieces(20_000_000), length, {})
    grown = sidecar.peak_resident_bytes() - before
    print(f"resident memory grew by {grown / 1024:.0f} KiB at its peak")
    assert grown < MOST_GROWTH
