"""Asking the provider, behind a call that was cut, what it asks for it: where it has a place to ask (OpenRouter).

A read with the caller's own credential, which is held in memory for as long as this takes and no longer. The call settles
when the answer is there, or when there is none in time: then with what its stream had told.
"""

import asyncio
from typing import TYPE_CHECKING

from sidecar.http1.head import ReplyHead, field
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.policy import CutUpstream
from sidecar.providers.contract import Inquiry as Question, Reported

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.upstream import Upstream

CUT = frozenset({Outcome.ORPHAN_CUT, Outcome.CUT_SHORT})
"""Outcomes after which the stream itself has not told what the call used."""
DELAYS_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Before each time we ask. The record of a call appears some moments after its end; how many is nowhere said."""
PATIENCE_SECONDS = 5.0
"""For one answer."""
MOST_BYTES = 64 * 1024
"""Of an answer. OpenRouter's has about 1 KiB."""
CREDENTIALS = (b"authorization", b"x-api-key", b"api-key")


def settle_or_ask(exchange: "Exchange", account: "Account") -> None:
    """Settle a call whose end has come; ask first what it cost where that is not known and can be asked."""
    question, reader = account.route.inquiry, account.reader
    is_cut = exchange.call.outcome in CUT
    identity = question.identity(reader) if question is not None and reader is not None and is_cut else ""
    if question is None or not identity:
        account.settle(exchange.call)
        return
    inquiry = Inquiry(exchange, account, question, identity)
    exchange.context.inquiries.add(inquiry)
    inquiry.wait()


class Inquiry:
    """Asks until there is an answer. To the pool and to its connection it is one more exchange."""

    def __init__(self, exchange: "Exchange", account: "Account", question: Question, identity: str) -> None:
        self.context = exchange.context
        self.admission = exchange.admission
        self.request = self
        self.is_http10 = False
        self._call = exchange.call
        self._account = account
        self._question = question
        self._head = self._request_head(identity)
        self._delays = iter(DELAYS_SECONDS)
        self._timer: asyncio.TimerHandle | None = None
        self._upstream: Upstream | None = None
        self._status = 0
        self._body = b""

    def _request_head(self, identity: str) -> bytes:
        fields, endpoint = self._account.request_fields, self.admission.destination.endpoint
        credentials = [(name, value) for name in CREDENTIALS if (value := field(fields, name))]
        lines = b"".join(b"\r\n%b: %b" % line for line in credentials)
        target = self.admission.destination.base_path + self._question.path(identity)
        return b"GET %b HTTP/1.1\r\nHost: %b%b\r\nAccept: application/json\r\n\r\n" % (
            target,
            endpoint.host_header,
            lines,
        )

    def wait(self) -> None:
        """Ask after the next delay; settle with what is known when there is none left."""
        delay = next(self._delays, None)
        if delay is None:
            self.end(None)
        else:
            self._timer = self.context.loop.call_later(delay, self._ask)

    def end(self, told: Reported | None) -> None:
        """Settle the call, and let go of everything."""
        self._let_go()
        self.context.inquiries.discard(self)
        self._account.settle(self._call, told)

    def _ask(self) -> None:
        self._timer = self.context.loop.call_later(PATIENCE_SECONDS, self._again)
        self.context.pool.connect(self, self.admission.destination.endpoint)

    def _again(self) -> None:
        self._let_go()
        self.wait()

    def _let_go(self) -> None:
        """Stop the timer and the connection, whatever they are doing."""
        if self._timer is not None:
            self._timer.cancel()
        upstream, self._upstream, self._body = self._upstream, None, b""
        self.context.pool.give_up(self)
        if upstream is not None:
            upstream.abort()

    # === what the pool and the connection tell ===

    def connected(self, upstream: "Upstream") -> None:
        """A connection is there."""
        self._upstream = upstream
        upstream.begin(self, b"GET")
        upstream.write(self._head)

    def interim(self, head: ReplyHead) -> None:
        """A 1xx reply says nothing."""

    def answered(self, head: ReplyHead) -> None:
        """The head of the answer."""
        self._status = head.status

    def relay(self, framed: bytes, payload: bytes) -> None:
        """A piece of the answer."""
        self._body += payload
        if len(self._body) > MOST_BYTES:
            self._again()

    def flush(self) -> None:
        """Nobody waits for the head."""

    def reply_ended(self, last: bytes, reusable: "Upstream | None") -> None:
        """The answer is whole."""
        body, self._upstream = self._body, None
        if reusable is not None:
            self.context.pool.release(reusable)
        told = self._question.read(body) if self._status == 200 else None
        if told is None:
            self._again()
        else:
            self.end(told)

    def broken(self, error: str, sentence: str) -> None:
        """The connection failed."""
        self._upstream = None
        self._again()

    def cut(self, command: CutUpstream, status: int = 503, sentence: str = "") -> None:
        """There was no connection to be had."""
        self._again()

    def upstream_is_slow(self) -> None:
        """A request of one line is sent at once, or never."""

    def upstream_took_all(self) -> None:
        """As above."""
