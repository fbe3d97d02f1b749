"""How a reply is written, when its caller is there and when it is not."""

import asyncio
import hashlib
import zlib
from collections.abc import Callable, Coroutine
from typing import Any

from sidecar.clock import SystemClock
from sidecar.simulator.reply import Reply
from sidecar.simulator.request import Message, Request

REQUEST = Request("POST", "/", {}, {}, "abcd", 7, b"", 0)


class Wire(asyncio.Transport):
    """The end of the line: keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Message] = []
        self.closed = False

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent if message["type"] == "http.response.body")


def written(scene: Callable[[Reply, Wire], Coroutine[Any, Any, None]]) -> tuple[Reply, Wire]:
    wire = Wire()
    reply = Reply(REQUEST, wire.send, wire, SystemClock())
    asyncio.run(scene(reply, wire))
    return reply, wire


def test_in_one_piece__head_body_end():
    reply, wire = written(lambda reply, wire: reply.whole(200, "text/plain", b"hello", with_length=True))
    assert wire.sent[0]["status"] == reply.http_status == 200
    assert wire.sent[0]["headers"] == [
        (b"content-type", b"text/plain"),
        (b"x-simulator-request-sha256", b"abcd"),
        (b"x-simulator-request-length", b"7"),
        (b"content-length", b"5"),
    ]
    assert wire.body == b"hello"
    assert [message["more_body"] for message in wire.sent[1:]] == [True, True, False]
    assert reply.is_over


def test_digest_and_length__of_the_body_as_written():
    async def pieces(reply: Reply, wire: Wire) -> None:
        reply.compress()
        await reply.start(200, "text/plain")
        await reply.write(b"one")
        await reply.end(b"two")

    reply, wire = written(pieces)
    assert zlib.decompress(wire.body, wbits=31) == b"onetwo"
    assert (reply.length, reply.sha256) == (len(wire.body), hashlib.sha256(wire.body).hexdigest())


def test_the_first_byte__is_told_once_with_the_head():
    told: list[str] = []

    async def scene() -> None:
        wire = Wire()
        await Reply(REQUEST, wire.send, wire, SystemClock(), lambda: told.append("told")).whole(200, "text/plain", b"x")

    asyncio.run(scene())
    assert told == ["told"]


def test_a_caller_that_has_left__the_reply_is_never_over():
    async def left(reply: Reply, wire: Wire) -> None:
        await reply.start(200, "text/plain")
        wire.close()
        await reply.end()

    assert not written(left)[0].is_over


def test_broken_off__over_and_the_connection_closed():
    async def broken(reply: Reply, wire: Wire) -> None:
        await reply.start(200, "text/plain")
        reply.break_off()

    reply, wire = written(broken)
    assert (reply.is_over, wire.closed) == (True, True)
