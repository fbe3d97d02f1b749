"""One exchange, from the first byte of its request to settlement. Read top to bottom, it is the life of a call.

Both connections tell it what happened; it tells the call's state machine, passes the bytes on, and performs what
the rules decide. It promises one end: `conclude` settles it once, whichever way it ended.
"""

from typing import TYPE_CHECKING

from sidecar.clock import Moment
from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle import policy
from sidecar.lifecycle.call import Call, Downstream as Caller, Upstream as Provider
from sidecar.lifecycle.events import (
    DownstreamTookReply,
    ReplyFinished,
    UpstreamAnswered,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
)
from sidecar.proxy.accounting import open_account
from sidecar.proxy.admission import Admission
from sidecar.proxy.departure import Departure
from sidecar.proxy.ending import settle
from sidecar.proxy.following import Following
from sidecar.proxy.instead import answer_instead, tell_broken
from sidecar.proxy.opening import mention_of
from sidecar.proxy.outbound import Outbound
from sidecar.proxy.replying import Replying
from sidecar.proxy.switching import switch

if TYPE_CHECKING:
    from sidecar.proxy.abandoned import Abandoned
    from sidecar.proxy.context import Context
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.joining import Joining
    from sidecar.proxy.kept import Kept
    from sidecar.proxy.upstream import Upstream


ENDED = frozenset({Provider.FINISHED, Provider.FAILED, Provider.CUT})


class Exchange:
    """Joins a caller's connection to a provider's for one request and its reply."""

    __slots__ = (
        "_departure", "abandoned", "account", "admission", "awaits_handover", "call", "context", "downstream", "following",
        "is_http10", "is_settled", "joining", "kept", "operation", "overhead_ns", "own_status", "reply", "request",
        "started_at", "upstream", "waits_since_ns",
    )  # fmt: skip

    def __init__(self, context: "Context", downstream: "Downstream", head: RequestHead, admission: Admission) -> None:
        self.context = context
        self.downstream: Downstream | None = downstream
        self.upstream: Upstream | None = None
        self.call = Call()
        self.started_at = context.clock.now()
        self.is_http10 = head.is_http10
        self.admission = admission
        self.request = Outbound(self, head)
        self.reply = Replying(self)
        self.own_status: int | None = None
        self.awaits_handover = self.is_settled = False
        self._departure: Departure | None = None
        self.following: Following | None = None
        self.kept: Kept | None = None  # what a retry may be given, where there is rescue
        self.abandoned: Abandoned | None = None  # this call's answer is on offer, or was
        self.joining: Joining | None = None  # this call is given another's answer
        self.overhead_ns = 0
        self.waits_since_ns = context.clock.monotonic_ns()
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
            self.reply.slow()  # to take the reply before this one
        self.request.flow(upstream)
        self.overhead_ns = self.context.clock.monotonic_ns() - self.waits_since_ns

    # === the reply comes back ===

    def interim(self, head: ReplyHead) -> None:
        """A 1xx reply: passed on as it is (RFC 9110 section 15.2)."""
        if self.downstream is not None:
            self.reply.interim(head)

    def switched(self, head: ReplyHead, rest: bytes) -> None:
        """The provider goes on in another protocol, as was asked: `rest` is the first of it."""
        switch(self, head, rest)

    def answered(self, head: ReplyHead) -> None:
        """The head of the reply was read; it goes out with the first bytes of the body."""
        now, self.waits_since_ns = self.context.clock.now(), self.context.clock.monotonic_ns()
        self.call.receive(UpstreamAnswered(now, head.status))
        if self.account is not None:
            self.account.answered(head)
            if self.account.shelf is not None:
                self.account.shelf.keep(self, head)
        if self.operation is not None:
            self.operation.answered(head)
        if self.downstream is not None:
            self.reply.begin(head)

    def relay(self, framed: bytes, payload: bytes) -> None:
        """A piece of the reply's body: written on, and then looked at, which the caller need not wait for."""
        if self.downstream is not None:
            self.reply.piece(framed, payload)
        if self.kept is not None:
            self.kept.take(payload, self)
        if self.account is not None:
            self.account.tap(payload)
        if self.operation is not None:
            self.operation.tap(payload)
        if self.abandoned is not None:
            self.abandoned.more()
        if self.downstream is None and self.following is not None:
            self.following.took(len(payload))

    def flush(self) -> None:
        """Write a head that has waited for a body in vain."""
        if self.downstream is not None:
            self.reply.flush()
        if self.abandoned is not None:
            self.abandoned.more()

    def reply_ended(self, last: bytes, reusable: "Upstream | None") -> None:
        """The reply is whole. `last` closes its framing; a connection that can serve again comes along."""
        self.upstream = None
        if reusable is not None and self.request.is_whole and not reusable.is_writing_paused:
            self.context.pool.release(reusable)
        elif reusable is not None:
            reusable.close()
        if self.operation is not None:
            self.operation.ended()
        now = self.context.clock.now()
        self.call.receive(UpstreamFinished(now if self.account is None else self.account.ended(now)))
        if self.kept is not None:
            self.kept.is_whole = True
        if self.downstream is not None:
            self.reply.end(last)
        if self.abandoned is not None:
            self.abandoned.more()
        self.conclude()

    def broken(self, error: str, sentence: str) -> None:
        """The provider, or the network to it, broke the exchange. `error` is one word for the metric (`failures.py`)."""
        self.upstream, there = None, self.admission.destination
        self.context.recorder.upstream_failed(there.provider, there.name, error, sentence)
        self.fail(error, f"upstream {there.name}: {sentence}")

    def fail(self, error: str, sentence: str) -> None:
        """No answer will come, or not whole: also to a retry that was given this one's, or to which this one was given."""
        self.call.receive(UpstreamFailed(self.context.clock.now()))
        if self.abandoned is not None:
            self.abandoned.failed(error, sentence)
        tell_broken(self, error, sentence)
        self.conclude()

    # === the reply is handed over ===

    def handed_over(self) -> None:
        """The caller has the reply, also one that was thought gone."""
        if not self.awaits_handover:
            return
        self.awaits_handover = False
        now = self.context.clock.now()
        if self.call.downstream is not Caller.GONE:
            self.served(now)
        else:
            self.call.receive(DownstreamTookReply(now))
            if self.account is not None:
                self.account.returned("half_close")
            if self.abandoned is not None:
                self.abandoned.withdraw()
        self.conclude()

    def served(self, at: Moment) -> None:
        """The caller has the whole answer."""
        self.call.receive(ReplyFinished(at))
        if self.joining is not None:
            self.joining.arrived(at)

    # === the end ===

    @property
    def departure(self) -> Departure:
        """What is known about the end of the caller's connection."""
        if self._departure is None:
            self._departure = Departure(self)
        return self._departure

    def cut(self, command: policy.CutUpstream, status: int = 503, sentence: str = "") -> None:
        """Close the provider's connection, and end the caller's reply if it is still there."""
        if self.call.upstream in ENDED or (self.joining is not None and self.awaits_handover):
            return
        upstream, self.upstream = self.upstream, None
        if upstream is not None:
            upstream.abort()
        self.context.pool.give_up(self)
        self.call.receive(UpstreamCut(self.context.clock.now()))
        sentence = sentence or f"cut by the sidecar: {command.because}"
        if self.account is not None and self.call.left_at is not None:
            self.account.decided(command)
        if self.abandoned is not None:
            self.abandoned.was_cut(command, status, sentence)
        answer_instead(self, status, sentence)
        self.conclude()

    def _let_go(self) -> None:
        """End what waits for something, and open the rings of references: garbage that nobody has to collect is free."""
        if self.joining is not None:
            self.joining.left(self.context.clock.now())
        self.request.let_go()
        del self.reply
        self.forget_caller()
        if self.account is not None and self.account.shelf is not None:
            self.account.shelf.let_go(self, self.account)
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
        if self.abandoned is not None and self.abandoned.keeps_open():
            return
        self.is_settled = True
        self.context.concluded(self)
        downstream = self.downstream
        self._let_go()
        if downstream is not None:
            downstream.reply_settled(self)
        settle(self)
