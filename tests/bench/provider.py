"""The provider of the streams, the uploads and the slow calls: `python -m tests.bench.provider PORT`.

It shares its CPU with the load, so it does as little as it can: it knows three requests and checks nothing.
"""

import asyncio
import select
import selectors
import socket
import sys
import time

import httptools

from tests.bench.transcript import REPLY, Pace, event, pace_of

UNARY_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n" % len(
    REPLY
)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
MOST_READ = 64 * 1024
"""Bytes of a body that are kept; its pace stands in front."""
BACKLOG = 8_192


class FineSelector(selectors.EpollSelector):
    """Waits in microseconds.

    epoll and uvloop count in milliseconds, by which 200 streams of 20 ms come in bursts of ten. A proxy would then pay for
    one wake-up where real streams, which do not know of each other, make it pay for ten: nginx's chunks cost a quarter less.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            select.select([self.fileno()], [], [], timeout)
        return super().select(0)


class Connection(asyncio.Protocol):
    """A caller's connection: one call after the other."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _problem: Exception | None) -> None:
        if self._timer:
            self._timer.cancel()

    # what the parser tells

    def on_message_begin(self) -> None:
        self._target, self._body = b"", b""

    def on_url(self, target: bytes) -> None:
        self._target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"expect":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, piece: bytes) -> None:
        if len(self._body) < MOST_READ:
            self._body += piece

    def on_message_complete(self) -> None:
        pace = pace_of(self._body)
        if b":streamGenerateContent" in self._target:
            self._transport.write(STREAM_HEAD)
            self._write_event(pace, 1, self._loop.time())
        else:
            self._timer = self._loop.call_later(pace.every_ms / 1000, self._transport.write, UNARY_HEAD + REPLY)

    def _write_event(self, pace: Pace, number: int, due: float) -> None:
        is_last = number == pace.chunks
        written = event(number, is_last, time.monotonic_ns())
        self._transport.write(b"%x\r\n%b\r\n%b" % (len(written), written, b"0\r\n\r\n" if is_last else b""))
        if not is_last:
            due += pace.every_ms / 1000
            self._timer = self._loop.call_at(due, self._write_event, pace, number + 1, due)


async def serve(port: int) -> None:
    """Serve until killed."""
    listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
    server = await asyncio.get_running_loop().create_server(Connection, sock=listener, backlog=BACKLOG)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(FineSelector())) as runner:
        runner.run(serve(int(sys.argv[1])))
