"""The providers of a soak, in a process of their own: `python -m tests.soak.provider FOLDER`.

One repeats the answers of `answers.py` and keeps a bill of them, a line for each call, in `FOLDER/bill`; the other is the
simulator, for whatever is more than a call. Prints one line of JSON with their addresses, and serves until SIGTERM.

A request says what it wants: `X-Soak: TAG ANSWER SECONDS`. The answer says how long it was thought about: `X-Soak-Seconds`.
"""

import asyncio
import resource
import signal
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

import httptools
import msgspec
import uvloop

from sidecar.simulator.server import Simulator
from tests.soak.answers import TAG, Answer

BACKLOG = 2048
WRITE_BYTES = 256 * 1024
"""Of the bill at once."""
FIRST_BYTES = 300
"""Of a body: the tag stands there."""
WHOLE, STOPPED = b"whole", b"stopped"


class Bill:
    """A line for each call: its tag, the number of its answer, and whether the work came to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.strangers = 0
        """Requests whose body was another's."""

    def charge(self, tag: bytes, number: int, how: bytes) -> None:
        """The work of a call has ended."""
        self._file.write(b"%b %d %b\n" % (tag, number, how))


class Connection(asyncio.Protocol):
    """A caller's connection: one call after the other."""

    def __init__(self, answers: Sequence[Answer], bill: Bill) -> None:
        self._answers, self._bill = answers, bill
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._work: Work | None = None
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's are none by their class

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, _problem: Exception | None) -> None:
        self.is_lost = True
        if self._work is not None:
            self._work.caller_left()

    # what the parser tells

    def on_message_begin(self) -> None:
        self._wanted, self._body = b"", b""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"X-Soak":
            self._wanted = value

    def on_body(self, piece: bytes) -> None:
        if len(self._body) < FIRST_BYTES:
            self._body += piece[:FIRST_BYTES]

    def on_message_complete(self) -> None:
        tag, number, seconds = self._wanted.split()
        self._bill.strangers += tag not in self._body
        self._work = Work(self, self._bill, tag, int(number), self._answers[int(number)])
        self._work.begin(float(seconds))


class Work:
    """What is done for one call. It goes on without its caller, unless it is of those that stop."""

    def __init__(self, connection: Connection, bill: Bill, tag: bytes, number: int, answer: Answer) -> None:
        self._connection, self._bill = connection, bill
        self._tag, self._number, self._answer = tag, number, answer
        self._loop = asyncio.get_running_loop()
        self._since = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Work for so long; a stream begins at once."""
        if self._answer.is_stream:
            self._write(self._head(b"Transfer-Encoding: chunked"))
            self._piece(0, seconds / len(self._answer.pieces))
        else:
            self._timer = self._loop.call_later(seconds, self._whole)

    def caller_left(self) -> None:
        """The connection is gone."""
        if self._timer is not None and self._answer.stops:
            self._timer.cancel()
            self._end(STOPPED)

    def _whole(self) -> None:
        (body,) = self._answer.pieces
        self._write(self._head(b"Content-Length: %d" % len(body)) + body.replace(TAG, self._tag))
        self._end(WHOLE)

    def _piece(self, number: int, every_seconds: float) -> None:
        pieces = self._answer.pieces
        piece, is_last = pieces[number].replace(TAG, self._tag), number + 1 == len(pieces)
        self._write(b"%x\r\n%b\r\n%b" % (len(piece), piece, b"0\r\n\r\n" if is_last else b""))
        if is_last:
            self._end(WHOLE)
        else:
            self._timer = self._loop.call_later(every_seconds, self._piece, number + 1, every_seconds)

    def _head(self, framing: bytes) -> bytes:
        return b"HTTP/1.1 %d Soak\r\nContent-Type: %b\r\nX-Soak-Seconds: %.6f\r\n%b\r\n\r\n" % (
            self._answer.status, self._answer.content_type.encode(), time.monotonic() - self._since, framing,
        )  # fmt: skip

    def _write(self, data: bytes) -> None:
        if not self._connection.is_lost:
            self._connection.transport.write(data)

    def _end(self, how: bytes) -> None:
        self._timer = None
        self._bill.charge(self._tag, self._number, how)


async def serve(folder: Path, file: BinaryIO) -> None:
    """Serve until SIGTERM."""
    answers = msgspec.msgpack.decode((folder / "answers").read_bytes(), type=list[Answer])
    loop, asked_to_end, bill = asyncio.get_running_loop(), asyncio.Event(), Bill(file)
    loop.add_signal_handler(signal.SIGTERM, asked_to_end.set)
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    async with Simulator() as simulator:
        server = await loop.create_server(lambda: Connection(answers, bill), sock=listener, backlog=BACKLOG)
        urls = {"soak": f"http://127.0.0.1:{listener.getsockname()[1]}", "simulator": simulator.url}
        sys.stdout.buffer.write(msgspec.json.encode(urls) + b"\n")
        sys.stdout.buffer.flush()
        await asked_to_end.wait()
        server.close()
    assert not bill.strangers, f"{bill.strangers} requests had the head of one call and the body of another"


def main() -> None:
    """Serve, with as many descriptors as there may be."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = Path(sys.argv[1])
    with (
        (folder / "bill").open("wb", buffering=WRITE_BYTES) as file,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(serve(folder, file))


if __name__ == "__main__":
    main()
