"""A road with rescue on, callers and answers on it, and one turn after another: what a test of random orders plays.

Every attempt says its number in a field that does not count for being the same request (`X-Request-Id`), so that the provider
knows for whom it answers, and every answer says in each of its pieces whose it is.
"""

import asyncio
import contextlib
from typing import NamedTuple

import h11
import msgspec

from tests.proxy.messages import CHUNKED, LAST, STREAM, UNARY, answer, chunk, head, request
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller

PATIENCE_SECONDS = 4.0
LARGE = 3_000
"""More than an answer may have here."""


class Kind(NamedTuple):
    """Requests of one kind are the same request; of another kind they differ in what matters."""

    target: str
    key: str = "a-key"
    body: bytes = b'{"contents":[]}'
    is_out: bool = False
    """It says that it does not take part."""

    def sent(self, number: int) -> bytes:
        """As this attempt sends it."""
        fields = [
            f"X-Goog-Api-Key: {self.key}",
            f"X-Request-Id: {number}",
            *(["X-Sidecar-Rescue: off"] if self.is_out else []),
        ]
        return request(self.target, self.body, *fields)


KINDS = (
    Kind(STREAM), Kind(STREAM), Kind(STREAM), Kind(UNARY), Kind(UNARY), Kind(STREAM, key="another-key"),
    Kind(STREAM, body=b'{"contents": []}'), Kind(STREAM, is_out=True),
)  # fmt: skip
"""As often as they are to be asked."""


class Attempt:
    """A caller with one request, which reads what comes until it leaves."""

    def __init__(self, number: int, kind: Kind, caller: Caller) -> None:
        self.number, self.kind, self._caller = number, kind, caller
        self.has_left = self.is_whole = False
        self.status: int | None = None
        self.fields: dict[bytes, bytes] = {}
        self.body = b""
        self.reading = asyncio.ensure_future(self._read())

    @property
    def is_ours(self) -> bool:
        """The sidecar answered it."""
        return b"x-sidecar-error" in self.fields

    async def _read(self) -> None:
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method="POST", target="/", headers=[("Host", "a")]))
        parser.send(h11.EndOfMessage())
        with contextlib.suppress(ConnectionError, h11.RemoteProtocolError):
            while not self.is_whole:
                event = parser.next_event()
                if event is h11.NEED_DATA:
                    parser.receive_data(await asyncio.get_running_loop().sock_recv(self._caller.socket, 2**16))
                elif isinstance(event, h11.Response):
                    self.status, self.fields = event.status_code, dict(event.headers.raw_items())
                    self.fields = {name.lower(): value for name, value in self.fields.items()}
                elif isinstance(event, h11.Data):
                    self.body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    self.is_whole = True
                else:
                    return

    async def leave(self, *, with_reset: bool) -> None:
        """Close the connection, in order or not."""
        self.has_left = True
        self.reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.reading
        if with_reset:
            self._caller.reset()
        else:
            self._caller.leave()


class Answer:
    """The provider's answer to one attempt: pieces on the wire that are still to be sent, and what its body is so far."""

    def __init__(self, connection: Connection, number: int, *, is_stream: bool) -> None:
        self._connection, self.number = connection, number
        self.body = b""
        self.is_over = asyncio.Event()
        said = [answer(n, finish=None, text=f"{number}/{n}") for n in (1, 2)] + [answer(3, text=f"{number}/3")]
        if is_stream:
            events = [b"data: " + text + b"\r\n\r\n" for text in said]
            self._rest = [(head("Content-Type: text/event-stream", CHUNKED), b"")]
            self._rest += [(chunk(text), text) for text in events] + [(LAST, b"")]
        else:
            whole = said[2]
            first = head("Content-Type: application/json", f"Content-Length: {len(whole)}")
            self._rest = [(first + whole[:20], whole[:20]), (whole[20:50], whole[20:50]), (whole[50:], whole[50:])]
        self._is_stream, self._has_begun = is_stream, False

    async def goes_on(self) -> None:
        """The next piece is sent, or the end."""
        wire, payload = self._rest.pop(0)
        await self._send(wire, payload)
        if not self._rest:
            self.is_over.set()

    async def grows(self) -> None:
        """A piece is sent that makes it too large to be kept."""
        if self._is_stream and self._has_begun and len(self._rest) > 1:
            text = b"data: " + answer(2, finish=None, text=f"{self.number}/" + "x" * LARGE) + b"\r\n\r\n"
            await self._send(chunk(text), text)

    async def declines(self) -> None:
        """It is an error, unless it has begun."""
        if not self._has_begun:
            said = answer(0, text=f"{self.number}/declined")
            self._rest = [(head(f"Content-Length: {len(said)}", status="429 Too Many Requests") + said, said)]
            await self.goes_on()

    async def breaks(self) -> None:
        """The provider resets its connection."""
        self.is_over.set()
        await self._connection.reset()

    async def _send(self, wire: bytes, payload: bytes) -> None:
        self._has_begun = True
        self.body += payload
        with contextlib.suppress(ConnectionError):
            await self._connection.send(wire)


class Play:
    """Everything that has happened on one road."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.attempts: list[Attempt] = []
        self.answers: list[Answer] = []
        self._serving = [asyncio.ensure_future(self._accept())]

    async def _accept(self) -> None:
        while True:
            connection = await self.road.provider._waiting.get()
            self._serving.append(asyncio.ensure_future(self._serve(connection)))

    async def _serve(self, connection: Connection) -> None:
        """Take one request after another from a connection, each when the one before was answered."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                asked = await connection.request()
                number = next(line for line in asked.lines if line.lower().startswith(b"x-request-id: ")).split()[1]
                is_stream = STREAM.removeprefix("/gemini").encode() in asked.lines[0]
                self.answers.append(Answer(connection, int(number), is_stream=is_stream))
                await self.answers[-1].is_over.wait()

    async def comes(self, kind: Kind) -> None:
        """A request comes."""
        number = len(self.attempts)
        self.attempts.append(Attempt(number, kind, await self.road.caller(kind.sent(number))))

    def there(self) -> list[Attempt]:
        """Those whose caller waits or reads."""
        return [attempt for attempt in self.attempts if not attempt.has_left and not attempt.reading.done()]

    def running(self) -> list[Answer]:
        """Answers that are not over."""
        return [answer for answer in self.answers if not answer.is_over.is_set()]

    async def comes_to_its_end(self) -> None:
        """Providers answer to the end until everybody has had theirs, and every window has closed."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.there() or self.road.context.live:
                for running in self.running():
                    await running.goes_on()
                await asyncio.sleep(0.001)
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)


def small(limits: msgspec.Struct, **changes: object) -> dict[str, object]:
    """Limits under which windows are short and answers small."""
    return {
        "rescue": msgspec.structs.replace(limits, is_on=True, window_seconds=0.02, max_answer_bytes=LARGE, **changes)
    }
