"""The reply half of an exchange: written to its caller as it comes, the head with the first bytes of the body.

The reply is the provider's to this exchange, or the answer to an earlier attempt that this one was given (`joining.py`).
"""

from typing import TYPE_CHECKING

from sidecar.http1.framing import chunk
from sidecar.http1.head import ReplyHead
from sidecar.lifecycle.call import Downstream as Caller
from sidecar.lifecycle.events import ReplyStarted
from sidecar.proxy.replies import reply_head_for_downstream

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange

LAST_CHUNK = b"0\r\n\r\n"
"""What a chunked body ends with, where it has no trailers."""


class Replying:
    """Writes one reply. There is a caller to write to, or nothing is called."""

    __slots__ = ("_exchange", "_held", "_is_chunked", "body_bytes", "ends_by_closing")

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._held = b""
        self._is_chunked = self.ends_by_closing = False
        self.body_bytes = 0
        """Of the body, written to the caller."""

    @property
    def head_waits(self) -> bool:
        """The reply's head was read and has not been written to the caller."""
        return bool(self._held)

    def interim(self, head: ReplyHead) -> None:
        """A 1xx reply is passed on as it is, to a caller that knows such (RFC 9110 section 15.2)."""
        exchange = self._exchange
        if exchange.downstream is not None and not exchange.is_http10:
            exchange.downstream.write(reply_head_for_downstream(head, False, True, via=exchange.context.via))

    def begin(self, head: ReplyHead) -> None:
        """The head was read; it goes out with the first bytes of the body."""
        exchange = self._exchange
        framing, is_http10 = head.framing, exchange.is_http10
        self._is_chunked = framing.is_chunked and not is_http10
        self.ends_by_closing = framing.until_close or (framing.is_chunked and is_http10)
        self._held = reply_head_for_downstream(
            head, self._is_chunked, self.keeps_alive(), to_http10=is_http10, via=exchange.context.via
        )
        if exchange.request.asked_usage is not None:
            exchange.request.asked_usage.answered(head, is_chunked=self._is_chunked)
        if exchange.call.downstream is not Caller.GONE:
            exchange.call.receive(ReplyStarted(exchange.context.clock.now()))

    def piece(self, framed: bytes, payload: bytes) -> None:
        """A piece of the body, as it is framed for this caller and without."""
        self.body_bytes += len(payload)
        asked = self._exchange.request.asked_usage
        self._write(framed if asked is None else asked.passed_on(framed, payload))

    def unframed(self, payload: bytes) -> None:
        """The same of a body that was kept without its framing."""
        self.piece(chunk(payload) if self._is_chunked else payload, payload)

    def end(self, last: bytes) -> None:
        """The reply is whole; `last` closes its framing."""
        asked = self._exchange.request.asked_usage
        if asked is not None:
            last = asked.rest() + last
        if self._held or last:
            self._write(last)
        self.hand_over()

    def end_unframed(self) -> None:
        """The same of a body that was kept without its framing."""
        self.end(LAST_CHUNK if self._is_chunked else b"")

    def hand_over(self) -> None:
        """The last byte was written; now it has to arrive."""
        exchange = self._exchange
        assert exchange.downstream is not None
        exchange.awaits_handover = True
        exchange.context.handover.add(exchange)
        exchange.downstream.reply_written(exchange, keeps_alive=self.keeps_alive())

    def flush(self) -> None:
        """Write a head that has waited for a body in vain."""
        if self._held:
            self._write(b"")

    # === the caller's connection ===

    def keeps_alive(self) -> bool:
        """The caller's connection can serve another request after this one."""
        exchange = self._exchange
        return exchange.request.allows_another and not self.ends_by_closing and not exchange.context.is_draining

    def unacknowledged(self) -> int:
        """Bytes of the reply that the caller's kernel has not acknowledged."""
        downstream = self._exchange.downstream
        return 0 if downstream is None else downstream.unacknowledged()

    def slow(self) -> None:
        """The caller takes no more for now: the provider is not read on, so that at most one chunk waits."""
        exchange = self._exchange
        upstream = exchange.upstream if exchange.joining is None else exchange.joining.upstream
        if upstream is not None:
            upstream.transport.pause_reading()

    def took_all(self) -> None:
        """The caller has taken everything."""
        exchange = self._exchange
        if exchange.joining is not None:
            exchange.joining.more()
        elif exchange.upstream is not None:
            exchange.upstream.transport.resume_reading()

    def _write(self, data: bytes) -> None:
        """With the head in front if that has not gone out yet: one write for one read."""
        exchange = self._exchange
        assert exchange.downstream is not None
        if self._held:
            data, self._held = self._held + data, b""
            exchange.overhead_ns += exchange.context.clock.monotonic_ns() - exchange.waits_since_ns
        exchange.downstream.write(data)
