"""One call as its caller sees it: sent, answered, ended or cut. Nothing of a reply is kept but names, counts and moments."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import httpx2
import msgspec

from sidecar.clock import Clock, Moment
from sidecar.errors import SidecarError
from sidecar.lifecycle.record import CallKind
from sidecar.metering.basis import Basis
from sidecar.probing.methods import Method, Question
from sidecar.probing.observations import Call
from sidecar.providers.contract import NO_FACTS, ReplyHead, ReplyReader, Reported, RequestHead, Route

SOUGHT_IN_BYTES: Final = 16 * 1024
"""Of a reply's beginning, in which the answer's name stands."""
IDENTITY: Final = re.compile(rb'"id"\s*:\s*"([A-Za-z0-9_.:/-]{1,200})"')
REQUEST_IDS: Final = ("x-request-id", "request-id", "x-amzn-requestid", "x-goog-request-id")
GENERATION: Final = "x-generation-id"
"""OpenRouter's head names the answer before the body does."""
LIMITS: Final = re.compile(r"(?:x|anthropic)-ratelimit-(?:.*-)?(?:tokens-)?remaining(?:-.*)?")


class NotAnswered(SidecarError):
    """A call that should have been answered was not. The sentence holds nothing of the reply, which may repeat a key."""


class Heard(msgspec.Struct):
    """One call as it goes on."""

    committed_at: Moment | None = None
    answered_at: Moment | None = None
    status: int | None = None
    head: Mapping[str, str] = {}
    begin: bytes = b""
    has_ended: bool = False


class Way(Protocol):
    """What an exchange needs of the way to an upstream (`wire.py`)."""

    clock: Clock

    def route(self, target: str) -> Route | None:
        """What our own dialect takes a call with this target for."""
        ...

    def sent(self, target: str, body: bytes, mark: str, trace: object) -> AbstractAsyncContextManager[httpx2.Response]:
        """Send a call over a connection of its own, which is closed behind it."""
        ...


class Exchange:
    """One request and its reply."""

    def __init__(self, way: Way, method: Method, question: Question) -> None:
        self._way, self._question = way, question
        self._target = method.target(question)
        self._body = msgspec.json.encode(method.body(question))
        self._heard = Heard()
        self._reader: ReplyReader | None = None
        self._has_piece = asyncio.Event()
        self._is_committed = asyncio.Event()

    async def run(self) -> None:
        """Send the request, and read the reply to its end.

        Raises:
            NotAnswered: there was none, or an error.
        """
        try:
            await self._exchange()
        except httpx2.HTTPError as failed:
            raise NotAnswered(f"the call failed: {type(failed).__name__}") from None
        finally:
            self._is_committed.set()
            self._has_piece.set()

    async def _exchange(self) -> None:
        sent = self._way.sent(self._target, self._body, self._question.mark, self._trace)
        async with sent as reply:
            self._take_head(reply)
            async for piece in reply.aiter_raw():
                self._take(piece)
        self._heard.has_ended = True
        if self._reader is not None:
            self._reader.finish()

    async def _trace(self, event: str, _info: object) -> None:
        if event == "http11.send_request_body.complete":
            self._heard.committed_at = self._way.clock.now()
            self._is_committed.set()

    def _take_head(self, reply: httpx2.Response) -> None:
        self._heard.answered_at = self._way.clock.now()
        self._heard.status = reply.status_code
        self._heard.head = dict(reply.headers)
        if reply.status_code >= 400:
            raise NotAnswered(_refusal(reply.status_code))
        self._reader = self._open_reader(reply)

    def _open_reader(self, reply: httpx2.Response) -> ReplyReader | None:
        route = self._way.route(self._target)
        if route is None:
            return None
        request = route.open_request(RequestHead("application/json")) if route.open_request is not None else None
        if request is not None:
            request.feed(self._body)
            request.finish()
        head = ReplyHead(
            reply.status_code, reply.headers.get("content-type", ""), reply.headers.get("content-encoding", ""),
            {name: reply.headers[name] for name in route.reply_headers if name in reply.headers},
        )  # fmt: skip
        return route.open_reply(head, request.facts() if request is not None else NO_FACTS)

    def _take(self, piece: bytes) -> None:
        if self._reader is not None:
            self._reader.feed(piece)
        if len(self._heard.begin) < SOUGHT_IN_BYTES:
            self._heard.begin += piece[:SOUGHT_IN_BYTES]
        self._has_piece.set()

    async def until(self, seconds: float, task: "asyncio.Future[None]") -> None:
        """Wait until the call is so old, and a stream has begun; or until it has ended by itself."""
        await self._is_committed.wait()
        await asyncio.wait({task}, timeout=seconds)
        if self._question.kind is CallKind.STREAM:
            await self._has_piece.wait()

    def reported(self) -> Reported | None:
        """What the reply told of its usage."""
        return None if self._reader is None else self._reader.reported()

    def seen(self, task: "asyncio.Future[None]", ended_at: Moment, was_cut: bool) -> Call:
        """The call as it was.

        Raises:
            NotAnswered: it was not answered.
        """
        if not task.cancelled() and task.exception() is not None:
            raise task.exception() or NotAnswered("the call failed")
        heard, told = self._heard, self.reported()
        named = IDENTITY.search(heard.begin)
        in_body = named[1].decode("ascii") if named else ""
        return Call(
            kind=self._question.kind,
            mark=self._question.mark,
            committed_at=heard.committed_at or ended_at,
            answered_at=heard.answered_at,
            ended_at=ended_at,
            was_cut=was_cut,
            status=heard.status,
            request_id=next((heard.head[name] for name in REQUEST_IDS if name in heard.head), ""),
            identity=heard.head.get(GENERATION, "") or in_body,
            tokens=told.usage.output + told.usage.reasoning if told is not None and told.basis is Basis.EXACT else None,
            limits={name: value for name, value in heard.head.items() if LIMITS.fullmatch(name)},
        )


def _refusal(status: int) -> str:
    """What an error of a provider may mean, without a word of its body."""
    hints = {401: "the key is not taken", 403: "the key may not do this", 404: "no such model, or no such method there"}
    hints[429] = "a rate limit, or no credit"
    hint = hints.get(status, "try the model with its SDK first")
    return f"the provider answered {status}: {hint}"
