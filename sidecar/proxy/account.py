"""The account of one call: what is remembered of it while it runs, and how it settles, once.

usage -> spend -> ledger, metrics, log line. Nothing else in the program counts a call.
"""

from typing import TYPE_CHECKING

from sidecar.clock import Moment
from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle.call import ERROR_STATUS, Call, Outcome, Upstream
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import DECISIONS, Command
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.basis import Basis
from sidecar.metering.bill import UnpricedReason
from sidecar.providers import estimate
from sidecar.providers.contract import NO_FACTS, ReplyReader, Reported, RequestReader, Role, Route
from sidecar.providers.same_request import for_us_alone, identity_of
from sidecar.providers.sdk_family import caller_timeout_seconds, grace_seconds, sender_of
from sidecar.proxy import facts
from sidecar.proxy.admission import Admission
from sidecar.proxy.attempts import Attempt
from sidecar.proxy.settlement import settle_money, was_cut_off
from sidecar.telemetry.spans_context import trace_of

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.shelf import Shelf
    from sidecar.telemetry.calls import CallMetrics


class Account:
    """One call's record, the readers of its bytes, and the counters that it moves."""

    __slots__ = (
        "_attempt", "_context", "_host", "_identity", "_metrics", "_noted", "_prices", "_request_reader", "_terminal_at",
        "at_left", "facts", "has_received", "key", "labels", "may_be_rescued", "outgrew", "reader", "record", "request_fields",
        "route", "shelf",
    )  # fmt: skip

    def __init__(self, context: "Context", admission: Admission, route: Route, head: RequestHead, at: Moment) -> None:
        destination = admission.destination
        self._context = context
        self._prices = context.prices  # of the call's beginning, whatever the settings say by its end
        self.route = route
        self.request_fields, self._noted, self._host = head.fields, head.noted, admission.host
        self.labels = admission.labels
        is_repeatable = route.role is Role.CALL  # one of many in a socket has no request of its own
        self._attempt: Attempt | None = Attempt(admission, head) if is_repeatable else None
        self.key = b""
        """What another attempt of the same call would be told by first; empty until the request is whole."""
        self._identity: bytes | None = None
        self.may_be_rescued = is_repeatable and admission.may_be_rescued
        self.shelf: Shelf | None = None
        """Where its answer is kept, so that a retry may be given it when the caller leaves; None where none may."""
        self.outgrew = ""
        """The bound that its answer has gone over while its caller was there (`kept.py`)."""
        self._request_reader: RequestReader | None = (
            route.open_request(facts.of_request(head)) if route.open_request else None
        )
        self.reader: ReplyReader | None = None
        self._metrics: CallMetrics | None = None
        self._terminal_at: Moment | None = None
        self.facts = NO_FACTS
        self.at_left: Reported | None = None
        """What had been reported when the caller left."""
        self.has_received = False
        """Something of the answer was handed over before the caller left."""
        self.record = CallRecord(
            id=context.ids.new(at),
            upstream=destination.name,
            provider=destination.provider,
            dialect=destination.dialect.name,
            model=route.model,
            kind=route.kind,
            caller=admission.caller,
            started_at=at,
        )
        if not route.needs_body:
            self._count_start()

    @property
    def has_terminal(self) -> bool:
        """The dialect's terminal event has passed."""
        return self._terminal_at is not None

    def tap_request(self, payload: bytes) -> None:
        """A piece of the request passes."""
        if self._attempt is not None:
            self._attempt.feed(payload)
        if self._request_reader is not None:
            self._request_reader.feed(payload)

    def request_ended(self) -> None:
        """The request's last byte was read, or nothing more of it matters: it is known what it asks for."""
        reader, attempt, attempts = self._request_reader, self._attempt, self._context.attempts
        if reader is not None:
            reader.finish()
            self.facts = reader.facts()
        if self._context.operations is not None and self.route.opens(self.facts):
            self.may_be_rescued = False
            return  # no call: the operation that it opens has a row of its own
        if self._metrics is None:
            self._identify()
        if attempt is not None:
            self._attempt, self.key = None, attempt.key()
            if self.facts.continues:
                self.may_be_rescued = False  # it asks for the rest of an answer that its caller has a part of
                self._context.handover.settle_read()  # its token is read when it settles, and the rest is asked for at once
            if attempts.ids:
                self.record.attempt_of = attempts.earlier(self.key, attempt, self.facts.continues, self.record)

    def _identify(self) -> None:
        """Take model and kind from the request's body where only that names them."""
        asked, record = self.facts, self.record
        if not record.model:
            record.model = asked.model
        if asked.is_stream is not None:
            record.kind = CallKind.STREAM if asked.is_stream else CallKind.UNARY
        self._count_start()

    def _count_start(self) -> None:
        record = self.record
        self._metrics = self._context.recorder.admitted(record.provider, record.model, record.kind)
        self._context.ledger.put(record)

    @property
    def metrics(self) -> "CallMetrics":
        """The counters of this call's labels; a request that was never whole counts by what is known of it."""
        if self._metrics is None:
            self._identify()
        assert self._metrics is not None
        return self._metrics

    # === the reply passes ===

    def answered(self, head: ReplyHead) -> None:
        """The reply begins."""
        if self._metrics is None:
            self.request_ended()  # answered before the request was whole: what comes now changes nothing
            self._request_reader = None
        if head.status >= ERROR_STATUS:
            self._context.attempts.answered(self.key, self.record, head.status, self._context.clock.now())
        self.reader = self.route.open_reply(facts.of_reply(head, self.route.reply_headers), self.facts)

    def tap(self, payload: bytes) -> None:
        """A piece of the reply passes."""
        reader = self.reader
        if reader is None:
            return
        reader.feed(payload)
        if not reader.is_terminal:
            self._terminal_at = None  # what had seemed to be all goes on: another choice
        elif self._terminal_at is None:
            self._terminal_at = self._context.clock.now()

    def ended(self, at: Moment) -> Moment:
        """The reply's last byte was read; returns when the answer was whole. One document is read when the call settles."""
        if self.reader is not None and self.record.kind is CallKind.STREAM:
            self.reader.finish()
        return at if self._terminal_at is None else self._terminal_at

    # === the caller ===

    def left(self, reason: LeftReason, at: Moment, detection_seconds: float | None, *, has_received: bool) -> None:
        """The caller left; what was reported until now is what it got something of."""
        self.has_received = has_received
        if has_received and self.reader is not None:
            self.at_left = self.reader.reported()
        self._context.recorder.left(self.metrics, self.record.id, reason, at, detection_seconds)
        self._context.attempts.left(self.key, self.record, at)

    def returned(self, via: str) -> None:
        """The caller thought gone was there after all."""
        self._context.recorder.returned(self.metrics, self.record.id, via)

    # === the caller's retry ===

    @property
    def identity(self) -> bytes:
        """What a retry has to be equal in, as a digest; empty when nothing can be the same request."""
        if self._identity is None:
            where = self.record.upstream.encode(), self._host.encode()
            self._identity = identity_of(self.request_fields, self.key, *where, *for_us_alone(self._noted))
        return self._identity

    def grace_seconds(self) -> float:
        """How long the caller's SDK may take to come again, where its retry could be given the answer; else 0."""
        if self.shelf is None or self.shelf.is_closed or self.outgrew or not self.identity:
            return 0.0
        return grace_seconds(sender_of(self.request_fields))

    def decided(self, command: Command) -> None:
        """What is done with the provider's connection since the caller left."""
        self.record.decision, self.record.decision_reason = DECISIONS[type(command)], command.because

    def let_go(self, at: Moment, *, has_received: bool) -> None:
        """That retry left as well; what was reported until now is what it got something of."""
        if has_received:
            self.has_received = True
            self.at_left = self.reader.reported() if self.reader is not None else None
        self._context.recorder.let_go(self.metrics, self.record.id, at)

    # === the end ===

    @property
    def why_nothing(self) -> str:
        """Why nothing was reported, one word; empty when nobody knows."""
        if self.facts.is_background:
            return UnpricedReason.OPERATION
        return self.reader.gave_up if self.reader is not None else ""

    def reported(self, call: Call) -> Reported | None:
        """What the provider reported as used, or what can be told without it; None when that is nothing."""
        reader = self.reader
        if reader is not None and call.upstream is Upstream.FINISHED:
            reader.finish()
        reported = reader.reported() if reader is not None else None
        if reported is None:
            return estimate.of_request(self._text_bytes()) if was_cut_off(call) else None
        if reported.basis is Basis.ESTIMATED:
            reported = estimate.with_input(reported, self._text_bytes())
        return reported

    def _text_bytes(self) -> int:
        return 0 if self._request_reader is None else self._request_reader.text_bytes()

    def settle(self, call: Call, told: Reported | None = None) -> None:
        """Fix outcome, usage and spend. Called once, by the exchange's end; `told` is the provider's word on a cut call."""
        outcome = call.outcome
        assert outcome is not None
        metrics, record = self._metrics or self.metrics, self.record
        record.committed_at, record.answered_at = call.committed_at, call.answered_at
        record.left_at, record.left_reason = call.left_at, call.left_reason
        record.finished_at, record.http_status = call.finished_at, call.status
        record.caller_timeout_seconds = caller_timeout_seconds(self.request_fields)
        reported = told or self.reported(call)
        record.settled_at = now = self._context.clock.now()
        fates = settle_money(self._prices, self, call, outcome, reported, now)
        record.outcome = outcome  # last: a row with an outcome is complete
        if outcome is not Outcome.DELIVERED or (reported is not None and reported.continuation):
            self._context.attempts.settled(self.key, record, "" if reported is None else reported.continuation)
        self._context.ledger.put(record)
        recorder = self._context.recorder
        has_use = record.left_at is not None or recorder.otel is not None  # an exemplar, or a span
        recorder.settled(metrics, record, fates, trace_of(self.request_fields) if has_use else "")
