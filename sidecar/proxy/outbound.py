"""The request on its way to the provider: held while a connection is made, then passed on as it comes."""

from typing import TYPE_CHECKING

from sidecar.http1.head import RequestHead
from sidecar.lifecycle.call import Upstream as Provider
from sidecar.lifecycle.events import RequestReceived, UpstreamCommitted
from sidecar.lifecycle.policy import REQUEST_BROKEN
from sidecar.proxy.asked_usage import asked_usage_of
from sidecar.proxy.replies import request_head_for_upstream
from sidecar.proxy.switching import asking_to_switch

if TYPE_CHECKING:
    from sidecar.proxy.account import Account
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.upstream import Upstream

MAX_UNSENT = 64 * 1024
"""Bytes of a request that are held while its connection is being made; then the caller's reading is paused."""

BAD_REQUEST = 400


class Outbound:
    """The request half of an exchange. Says when the provider has the whole of it: from there it may cost money."""

    __slots__ = ("_exchange", "_last", "_unsent", "_unsent_bytes", "_waits_for_end", "asked_usage", "head", "is_whole")

    def __init__(self, exchange: "Exchange", head: RequestHead) -> None:
        self._exchange = exchange
        self.head = head
        self._unsent = [b""]  # the head's place; it needs the endpoint's name
        self._unsent_bytes = 0
        self._last = b""
        """The last piece of the body, held until it is known whether the provider is to have it."""
        self.is_whole = self._waits_for_end = False
        self.asked_usage = asked_usage_of(exchange.admission)
        """What changes this request and its reply; nearly always None."""

    @property
    def method(self) -> bytes:
        """The request's method; what may follow in the reply hangs on it."""
        return self.head.method

    @property
    def allows_another(self) -> bool:
        """The caller's connection can carry a further request behind this one."""
        return self.head.keeps_alive and self.is_whole

    def start(self) -> None:
        """Everything read so far was given: find a connection."""
        exchange = self._exchange
        if exchange.call.upstream is not Provider.UNSENT or exchange.own_status is not None:
            return  # what came with the head was found to be broken, or to repeat another
        operation = exchange.operation
        is_held = operation is not None and operation.holds_back and self._unsent_bytes <= MAX_UNSENT
        if is_held or (self.asked_usage is not None and not self.is_whole):
            self._waits_for_end = True
            return
        endpoint = exchange.admission.destination.endpoint_for(exchange.admission.path, exchange.admission.host)
        admission, via = exchange.admission, exchange.context.via
        if admission.upgrade:
            self.head = asking_to_switch(self.head, admission)
        self._unsent[0] = request_head_for_upstream(
            self.head, admission.target, endpoint.host_header, via, admission.added
        )
        exchange.context.pool.connect(exchange, endpoint)

    def piece(self, framed: bytes, payload: bytes, *, is_last: bool = False) -> None:
        """A piece of the request's body was read. Behind the last of them comes `ended`, at once."""
        exchange = self._exchange
        if exchange.account is not None:
            exchange.account.tap_request(payload)
        if exchange.operation is not None:
            framed = exchange.operation.piece(framed, payload)
        if exchange.upstream is not None:
            if is_last:
                self._last = framed
            else:
                exchange.upstream.write(framed)
            return
        if self.asked_usage is not None and not self.asked_usage.hold(payload):
            self._go_on_unchanged()
        self._unsent.append(framed)
        self._unsent_bytes += len(framed)
        if self._unsent_bytes > MAX_UNSENT and exchange.operation is not None and self.asked_usage is None:
            self._start_if_held()  # too large to be held whole: only its last piece is
        if self._unsent_bytes > MAX_UNSENT and exchange.downstream is not None and not self._waits_for_end:
            exchange.downstream.pause_reading()

    def ended(self) -> None:
        """The request's last byte was read."""
        self.is_whole = True
        exchange, account = self._exchange, self._exchange.account
        if account is not None:
            account.request_ended()
        exchange.call.receive(RequestReceived(exchange.context.clock.now()))
        changed = None if self.asked_usage is None else self.asked_usage.changed(self.head)
        if account is not None and account.may_be_rescued and self._is_met(account):
            return
        if self._last and exchange.upstream is not None:
            exchange.upstream.write(self._last)
        if self.asked_usage is not None:
            self._change(changed)
        if exchange.operation is not None:
            exchange.operation.request_ended()
        self._commit_if_sent()

    def _is_met(self, account: "Account") -> bool:
        """It goes no further: it is given another's answer, or one of ours. Not where the provider has answered a part of it."""
        exchange = self._exchange
        return exchange.call.upstream is Provider.UNSENT and exchange.context.shelf.meet(exchange, account)

    def join(self) -> None:
        """The answer is another's, or ours: nothing of the request goes on, and what was sent of it can't become whole."""
        exchange = self._exchange
        exchange.context.pool.give_up(exchange)
        upstream, exchange.upstream, exchange.operation = exchange.upstream, None, None
        if upstream is not None:
            upstream.abort()
        self._unsent, self._last, self._waits_for_end = [], b"", False
        if exchange.downstream is not None:
            exchange.downstream.resume_reading()

    def go_on(self, rest: bytes) -> None:
        """What was held back of the request may be sent."""
        upstream = self._exchange.upstream
        if upstream is not None:
            upstream.write(rest)
        else:
            self._unsent.append(rest)
        self._start_if_held()
        self._commit_if_sent()

    def _change(self, changed: tuple[RequestHead, bytes] | None) -> None:
        """The request is whole: it asks for usage now, if it is one that needs to."""
        if changed is not None:
            self.head, body = changed
            self._unsent = [b"", body]
        self._start_if_held()

    def _go_on_unchanged(self) -> None:
        """The request is too large to be changed: it goes on as it comes."""
        self.asked_usage = None
        self._start_if_held()

    def _start_if_held(self) -> None:
        """What the request was held for is done."""
        if self._waits_for_end:
            self._waits_for_end = False
            self.start()

    def broken(self, sentence: str) -> None:
        """The body can't be trusted any more: the provider must never take it for whole."""
        self._exchange.cut(REQUEST_BROKEN, BAD_REQUEST, sentence)

    def flow(self, upstream: "Upstream") -> None:
        """A connection is there: send what was held, and read on."""
        upstream.write(b"".join(self._unsent))
        self._unsent = []
        downstream = self._exchange.downstream
        if self._unsent_bytes > MAX_UNSENT and downstream is not None and not upstream.is_writing_paused:
            downstream.resume_reading()
        self._commit_if_sent()

    def upstream_is_slow(self) -> None:
        """The provider's connection takes no more for now: the caller is not read on, so that at most one chunk waits."""
        if self._exchange.downstream is not None and not self.is_whole:
            self._exchange.downstream.pause_reading()

    def upstream_took_all(self) -> None:
        """The provider's connection has sent all that it was given."""
        if self._exchange.downstream is not None:
            self._exchange.downstream.resume_reading()
        self._commit_if_sent()

    def let_go(self) -> None:
        """The exchange has settled. Opens the ring of references, so that neither waits for the garbage collector."""
        del self._exchange

    def _commit_if_sent(self) -> None:
        exchange = self._exchange
        if not self.is_whole or exchange.upstream is None or exchange.upstream.is_writing_paused:
            return
        if exchange.operation is not None and exchange.operation.holds_back:
            return
        if exchange.call.upstream is Provider.UNSENT:
            exchange.call.receive(UpstreamCommitted(exchange.context.clock.now()))
