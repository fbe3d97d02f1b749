"""Requests of our own: whether an operation still runs, its cancel, what a cut call cost.

They go out through the same pool as those of callers, so that certificates, the egress proxy and the limits are the same; to
the pool and to a connection each is one more exchange. The answer is taken whole, bounded in bytes and time. Nothing of a
request or an answer is logged here or stands in an error.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from sidecar.http1.head import ReplyHead
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.policy import CutUpstream
from sidecar.providers.answer import Answer, AnswerTooLarge, Credential, Fields, Unreachable
from sidecar.providers.operation import Ask
from sidecar.proxy.admission import Admission
from sidecar.proxy.destination import Destination, Endpoint
from sidecar.proxy.own_request import answer_of, endpoint_of, request_bytes, signable

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.upstream import Upstream


class Bounds(msgspec.Struct, frozen=True):
    """Of one answer."""

    timeout_seconds: float = 30.0
    """Until its last byte, connecting included."""
    most_bytes: int = 32 * 1024 * 1024
    """A batch whose rows are answered inline has some 20 MB."""


BOUNDS = Bounds()
Wanted = Callable[[OperationRecord], tuple[str, ...]]


def nothing_more(_: OperationRecord) -> tuple[str, ...]:
    """No header is wanted."""
    return ()


class UpstreamAsker:
    """Asks about operations, each at the upstream that it was opened through (an `Asker` of the reaper)."""

    def __init__(self, context: "Context", bounds: Bounds = BOUNDS, wanted_headers: Wanted = nothing_more) -> None:
        """`wanted_headers` names the headers that are wanted of a reply about an operation."""
        self._context = context
        self._bounds = bounds
        self._wanted_headers = wanted_headers

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        """Send one request about an operation and wait for the whole answer, whatever its status.

        Raises:
            Unreachable: there was none.
        """
        if credential is None:
            return await self.send(record, ask, ())
        destination = self._destination(record)
        endpoint = endpoint_of(destination, ask, record.host)
        return await self.send(record, ask, await credential.fields_for(signable(destination, endpoint, ask)))

    async def send(self, record: OperationRecord, question: Ask, fields: Fields) -> Answer:
        """The same with these header fields as they are.

        Raises:
            Unreachable: there was no answer.
        """
        destination = self._destination(record)
        wanted = self._wanted_headers(record)
        return await ask(
            self._context, destination, question, fields, host=record.host, bounds=self._bounds, wanted_headers=wanted
        )

    def _destination(self, record: OperationRecord) -> Destination:
        destination = self._context.destinations.get(record.upstream.encode("utf-8"))
        if destination is None:
            raise Unreachable(f"upstream {record.upstream}: is not in the settings any more (upstreams)")
        return destination


async def ask(
    context: "Context",
    destination: Destination,
    question: Ask,
    fields: Fields,
    *,
    host: str = "",
    bounds: Bounds = BOUNDS,
    wanted_headers: tuple[str, ...] = (),
) -> Answer:
    """Send one request of our own to an upstream and wait for the whole answer, whatever its status.

    `fields` are the credential and what belongs to it, `host` is where the upstream has several, `wanted_headers` are the
    lower-case names of what `Answer.headers` shall hold. Cancelled, or out of time, it leaves no connection behind.

    Raises:
        Unreachable: there was no answer, or none that is small enough (`AnswerTooLarge`).
    """
    endpoint = endpoint_of(destination, question, host)
    request = request_bytes(destination, endpoint, question, fields)
    asking = Asking(context, destination, question, bounds.most_bytes)
    try:
        async with asyncio.timeout(bounds.timeout_seconds):
            head, body = await asking.sent(endpoint, request)
    except TimeoutError:
        raise Unreachable(f"upstream {destination.name}: no answer within {bounds.timeout_seconds:g} s") from None
    finally:
        asking.let_go()
    return answer_of(head, body, wanted_headers, context.clock.now())


class Asking:
    """One request of our own on its way. The methods that the pool and a connection call are described at `Exchange`."""

    is_http10 = False

    def __init__(self, context: "Context", destination: Destination, question: Ask, most_bytes: int) -> None:
        self.admission = _admission(destination, question)
        self.request = self
        self._context = context
        self._method = question.verb.encode("ascii")
        self._most_bytes = most_bytes
        self._request = b""
        self._upstream: Upstream | None = None
        self._head: ReplyHead | None = None
        self._body = bytearray()
        self._reply: asyncio.Future[tuple[ReplyHead, bytes]] = context.loop.create_future()

    async def sent(self, endpoint: Endpoint, request: bytes) -> tuple[ReplyHead, bytes]:
        """Find a connection, send the request, and wait for the reply.

        Raises:
            Unreachable: there was none.
        """
        self._request = request
        self._context.pool.connect(self, endpoint)
        return await self._reply

    def let_go(self) -> None:
        """Stop waiting for a connection, or drop the one that is there; nothing is left to do when the reply has ended."""
        upstream, self._upstream = self._upstream, None
        self._context.pool.give_up(self)
        if upstream is not None:
            upstream.abort()
        self._reply.cancel()
        self._request = b""

    def _fail(self, why: Unreachable) -> None:
        if not self._reply.done():
            self._reply.set_exception(why)

    def connected(self, upstream: "Upstream") -> None:
        """A connection is there."""
        self._upstream = upstream
        upstream.begin(self, self._method)
        upstream.write(self._request)

    def interim(self, head: ReplyHead) -> None:
        """A 1xx reply says nothing."""

    def switched(self, head: ReplyHead, rest: bytes) -> None:
        """Nothing of ours asks for that, so no connection tells it."""

    def answered(self, head: ReplyHead) -> None:
        """The head of the reply."""
        self._head = head

    def relay(self, framed: bytes, payload: bytes) -> None:
        """A piece of the reply."""
        self._body += payload
        if len(self._body) > self._most_bytes:
            self._body.clear()
            self._fail(AnswerTooLarge(f"{self._name}: the answer is larger than {self._most_bytes} bytes"))
            self.let_go()

    def flush(self) -> None:
        """Nobody waits for the head."""

    def reply_ended(self, last: bytes, reusable: "Upstream | None") -> None:
        """The reply is whole."""
        self._upstream = None
        if reusable is not None and not reusable.is_writing_paused:
            self._context.pool.release(reusable)
        elif reusable is not None:
            reusable.abort()  # answered before it had taken all of the request: the rest would begin the next one
        assert self._head is not None
        if not self._reply.done():
            self._reply.set_result((self._head, bytes(self._body)))

    def broken(self, error: str, sentence: str) -> None:
        """The connection failed, or was never made."""
        self._upstream = None
        self._fail(Unreachable(f"{self._name}: {sentence}"))

    def cut(self, command: CutUpstream, status: int = 503, sentence: str = "") -> None:
        """There was no connection to be had."""
        self._fail(Unreachable(sentence or f"{self._name}: no connection ({command.because})"))

    def upstream_is_slow(self) -> None:
        """The transport holds what the provider has not taken: a question is small."""

    def upstream_took_all(self) -> None:
        """As above."""

    @property
    def _name(self) -> str:
        return f"upstream {self.admission.destination.name}"


def _admission(destination: Destination, question: Ask) -> Admission:
    """A request that was asked for by nobody but us, and is no call."""
    path = question.target.partition("?")[0]
    return Admission(destination, question.target.encode(), path, "", None, destination.wish, None)
