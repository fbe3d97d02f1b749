"""One exchange, from the first byte of its request to settlement. Read top to bottom, it is the life of a call.

Both connections tell it what happened; it tells the call's state machine, passes the bytes on, and performs what
the rules decide. It promises one end: `conclude` settles it once, whichever way it ended.
"""

from typing import TYPE_CHECKING

from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle import policy
from sidecar.lifecycle.call import Call, Downstream as Caller, Upstream as Provider
from sidecar.lifecycle.events import (
    DownstreamTookReply,
    ReplyFinished,
    ReplyStarted,
    UpstreamAnswered,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
)
from sidecar.proxy.account import open_account
from sidecar.proxy.admission import Admission
from sidecar.proxy.departure import Departure
from sidecar.proxy.ending import settle
from sidecar.proxy.following import Following
from sidecar.proxy.instead import answer_instead, tell_broken
from sidecar.proxy.opening import mention_of
from sidecar.proxy.outbound import Outbound
from sidecar.proxy.replies import reply_head_for_downstream

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.upstream import Upstream


class Exchange:
    """Joins a caller's connection to a provider's for one request and its reply."""

    __slots__ = (
        "_departure", "_ends_by_closing", "_held", "_waits_since_ns", "account", "admission", "awaits_handover", "call",
        "context", "downstream", "following", "is_http10", "is_settled", "operation", "overhead_ns", "own_status",
        "reply_bytes", "request", "started_at", "upstream",
    )  # fmt: skip

    def __init__(self, context: "Context", downstream: "Downstream", head: RequestHead, admission: Admission) -> None:
        self.context = context
        self.downstream: Downstream | None = downstream
        self.upstream: Upstream | None = None
        self.call = Call()
        self.started_at = context.clock.now()
        self.is_http10 = head.is_http10
        self.reply_bytes = 0
        self.admission = admission
        self.request = Outbound(self, head)
        self._held = b""
        self.own_status: int | None = None
        self._ends_by_closing = self.awaits_handover = self.is_settled = False
        self._departure: Departure | None = None
        self.following: Following | None = None
        self.overhead_ns = 0
        self._waits_since_ns = context.clock.monotonic_ns()
        self.account = open_account(context, admission, head, self.started_at)
        self.operation = mention_of(self, head)
        context.live.add(self)

    # === a connection to the provider, or none ===

    def connected(self, upstream: "Upstream") -> None:
        """A connection is there: the request goes out."""
        if self.is_settled or self.call.upstream is not Provider.UNSENT:
            self.context.pool.release(upstream)
            return
        self.upstream = upstream
        upstream.begin(self, self.request.method)
        if self.downstream is not None and self.downstream.is_writing_paused:
            self.downstream_is_slow()  # to take the reply before this one
        self.request.flow(upstream)
        self.overhead_ns = self.context.clock.monotonic_ns() - self._waits_since_ns

    # === the reply comes back ===

    def interim(self, head: ReplyHead) -> None:
        """A 1xx reply: passed on as it is (RFC 9110 section 15.2)."""
        if self.downstream is not None and not self.is_http10:
            self.downstream.write(reply_head_for_downstream(head, False, True, via=self.context.via))

    def answered(self, head: ReplyHead) -> None:
        """The head of the reply was read; it goes out with the first bytes of the body."""
        now, self._waits_since_ns = self.context.clock.now(), self.context.clock.monotonic_ns()
        self.call.receive(UpstreamAnswered(now, head.status))
        if self.account is not None:
            self.account.answered(head)
        if self.operation is not None:
            self.operation.answered(head)
        if self.downstream is not None:
            is_chunked = head.framing.is_chunked and not self.is_http10
            self._ends_by_closing = head.framing.until_close or (head.framing.is_chunked and self.is_http10)
            self._held = reply_head_for_downstream(
                head, is_chunked, self.keeps_alive(), to_http10=self.is_http10, via=self.context.via
            )
            if self.request.asked_usage is not None:
                self.request.asked_usage.answered(head, is_chunked=is_chunked)
            if self.call.downstream is not Caller.GONE:
                self.call.receive(ReplyStarted(now))

    def relay(self, framed: bytes, payload: bytes) -> None:
        """A piece of the reply's body: written on, and then looked at, which the caller need not wait for."""
        if self.downstream is not None:
            self.reply_bytes += len(payload)
            self._write(framed if (asked := self.request.asked_usage) is None else asked.passed_on(framed, payload))
        if self.account is not None:
            self.account.tap(payload)
        if self.operation is not None:
            self.operation.tap(payload)
        if self.downstream is None and self.following is not None:
            self.following.took(len(payload))

    def flush(self) -> None:
        """Write a head that has waited for a body in vain."""
        if self.head_waits and self.downstream is not None:
            self._write(b"")

    def reply_ended(self, last: bytes, reusable: "Upstream | None") -> None:
        """The reply is whole. `last` closes its framing; a connection that can serve again comes along."""
        self.upstream = None
        if reusable is not None and self.request.is_whole and not reusable.is_writing_paused:
            self.context.pool.release(reusable)
        elif reusable is not None:
            reusable.close()
        now = self.context.clock.now()
        if self.operation is not None:
            self.operation.ended()
        self.call.receive(UpstreamFinished(now if self.account is None else self.account.ended(now)))
        if self.downstream is not None:
            last = last if (asked := self.request.asked_usage) is None else asked.rest() + last
            if self.head_waits or last:
                self._write(last)
            self.hand_over()
        self.conclude()

    def broken(self, error: str, sentence: str) -> None:
        """The provider, or the network to it, broke the exchange. `error` is one word for the metric (`failures.py`)."""
        self.upstream = None
        destination = self.admission.destination
        self.context.recorder.upstream_failed(destination.provider, destination.name, error, sentence)
        self.call.receive(UpstreamFailed(self.context.clock.now()))
        tell_broken(self, error, f"upstream {destination.name}: {sentence}")
        self.conclude()

    def _write(self, data: bytes) -> None:
        """Write to the caller, with the head in front if that has not gone out yet: one write for one read."""
        assert self.downstream is not None
        if self._held:
            data, self._held = self._held + data, b""
            self.overhead_ns += self.context.clock.monotonic_ns() - self._waits_since_ns
        self.downstream.write(data)

    @property
    def head_waits(self) -> bool:
        """The reply's head was read and has not been written to the caller."""
        return bool(self._held)

    def downstream_is_slow(self) -> None:
        """The caller takes no more for now: the provider is not read on, so that at most one chunk waits."""
        if self.upstream is not None:
            self.upstream.transport.pause_reading()

    def downstream_took_all(self) -> None:
        """The caller has taken everything."""
        if self.upstream is not None:
            self.upstream.transport.resume_reading()

    # === the reply is handed over ===

    def unacknowledged(self) -> int:
        """Bytes of the reply that the caller's kernel has not acknowledged."""
        return 0 if self.downstream is None else self.downstream.unacknowledged()

    def handed_over(self) -> None:
        """The caller has the reply, also one that was thought gone."""
        if not self.awaits_handover:
            return
        self.awaits_handover = False
        now = self.context.clock.now()
        if self.call.downstream is not Caller.GONE:
            self.call.receive(ReplyFinished(now))
        else:
            self.call.receive(DownstreamTookReply(now))
            if self.account is not None:
                self.account.returned("half_close")
        self.conclude()

    def hand_over(self) -> None:
        """The last byte was written; now it has to arrive."""
        assert self.downstream is not None
        self.awaits_handover = True
        self.context.handover.add(self)
        self.downstream.reply_written(self, keeps_alive=self.keeps_alive())

    def keeps_alive(self) -> bool:
        """The caller's connection can serve another request after this one."""
        return self.request.allows_another and not self._ends_by_closing and not self.context.is_draining

    # === the end ===

    @property
    def departure(self) -> Departure:
        """What is known about the end of the caller's connection."""
        if self._departure is None:
            self._departure = Departure(self)
        return self._departure

    def cut(self, command: policy.CutUpstream, status: int = 503, sentence: str = "") -> None:
        """Close the provider's connection, and end the caller's reply if it is still there."""
        if self.call.upstream in (Provider.FINISHED, Provider.FAILED, Provider.CUT):
            return
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abort()
        self.context.pool.give_up(self)
        self.call.receive(UpstreamCut(self.context.clock.now()))
        answer_instead(self, status, sentence or f"cut by the sidecar: {command.because}")
        self.conclude()

    def _let_go(self) -> None:
        """End what waits for something, and open the rings of references: garbage that nobody has to collect is free."""
        self.request.let_go()
        self.forget_caller()
        following, self.following = self.following, None
        if following is not None:
            following.stop()

    def forget_caller(self) -> None:
        """What becomes of the caller's connection concerns this exchange no more."""
        departure, self._departure, self.downstream = self._departure, None, None
        if departure is not None:
            departure.stop()

    def conclude(self) -> None:
        """Settle if nothing more can change. Everything that ends comes through here, and only the first time counts."""
        if self.is_settled or self.awaits_handover or self.call.outcome is None:
            return
        self.is_settled = True
        self.context.concluded(self)
        downstream = self.downstream
        self._let_go()
        if downstream is not None:
            downstream.reply_settled(self)
        settle(self)
