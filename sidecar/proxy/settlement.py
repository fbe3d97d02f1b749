"""The account of one call: what is remembered of it while it runs, and how it is settled, once.

usage -> spend -> ledger, metrics, log line. Nothing else in the program counts a call.
"""

from decimal import Decimal
from typing import TYPE_CHECKING

from sidecar.clock import Moment
from sidecar.http1.head import ReplyHead, field
from sidecar.lifecycle.call import ERROR_STATUS, Call, Outcome, Upstream
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.basis import Basis, worst
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.spend import WHOLE, Delivery, HandedOver, Spend, TokenFates, split, split_tokens
from sidecar.providers.contract import ReplyHead as ReplyFacts, ReplyReader, Reported, RequestReader, Route
from sidecar.proxy.admission import Admission
from sidecar.telemetry.recorder import UNUSED

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

NOTHING_SPENT = frozenset({Outcome.REFUSED, Outcome.LEFT_EARLY})
ZERO = Decimal(0)


def open_account(context: "Context", admission: Admission, at: Moment) -> "Account | None":
    """An account for a request that is a call; None for any other exchange."""
    route = admission.route
    if route is None or not route.is_billable:
        return None
    return Account(context, admission, route, at)


class Account:
    """One call's record, the readers of its bytes, and the counters that it moves."""

    __slots__ = (
        "_at_left",
        "_context",
        "_has_received",
        "_metrics",
        "_reader",
        "_route",
        "_terminal_at",
        "_tier_header",
        "record",
        "request_reader",
    )

    def __init__(self, context: "Context", admission: Admission, route: Route, at: Moment) -> None:
        destination = admission.destination
        provider = destination.dialect.provider
        self._context = context
        self._route = route
        self._tier_header = destination.dialect.tier_header.encode("ascii")
        self._reader: ReplyReader | None = None
        self._terminal_at: Moment | None = None
        self._at_left: Reported | None = None
        self._has_received = False
        self.request_reader: RequestReader | None = route.open_request() if route.open_request else None
        self.record = CallRecord(
            id=context.ids.new(at),
            upstream=destination.name,
            provider=provider,
            dialect=destination.dialect.name,
            model=route.model,
            kind=route.kind,
            caller=admission.caller,
            started_at=at,
        )
        self._metrics = context.recorder.admitted(provider, route.model, route.kind)
        context.ledger.put(self.record)

    @property
    def has_terminal(self) -> bool:
        """The dialect's terminal event has passed."""
        return self._terminal_at is not None

    def answered(self, head: ReplyHead) -> None:
        """The reply begins."""
        facts = self.request_reader.facts() if self.request_reader is not None else {}
        tier = field(head.fields, self._tier_header) if self._tier_header else b""
        self._reader = self._route.open_reply(
            ReplyFacts(
                status=head.status,
                content_type=head.noted.get(b"content-type", b"").decode("latin-1"),
                content_coding=head.noted.get(b"content-encoding", b"").decode("latin-1").lower(),
                tier=tier.decode("latin-1"),
            ),
            facts,
        )

    def tap(self, payload: bytes) -> None:
        """A piece of the reply passes."""
        reader = self._reader
        if reader is None:
            return
        reader.feed(payload)
        if reader.is_terminal and self._terminal_at is None:
            self._terminal_at = self._context.clock.now()

    def ended(self, at: Moment) -> Moment:
        """The reply's last byte was read; returns when the answer was whole. One document is read when the call settles."""
        if self._reader is not None and self._route.kind is CallKind.STREAM:
            self._reader.finish()
        return at if self._terminal_at is None else self._terminal_at

    def left(self, reason: LeftReason, at: Moment, detection_seconds: float | None, *, has_received: bool) -> None:
        """The caller left; what was reported until now is what it got something of."""
        self._has_received = has_received
        if has_received and self._reader is not None:
            self._at_left = self._reader.reported()
        self._context.recorder.left(self._metrics, self.record.id, reason, at, detection_seconds)

    def returned(self, via: str) -> None:
        """The caller thought gone was there after all."""
        self._context.recorder.returned(self._metrics, self.record.id, via)

    def settle(self, call: Call) -> None:
        """Fix outcome, usage and spend. Called once, by the exchange's end."""
        outcome = call.outcome
        assert outcome is not None
        record = self.record
        record.committed_at, record.answered_at = call.committed_at, call.answered_at
        record.left_at, record.left_reason = call.left_at, call.left_reason
        record.finished_at, record.http_status = call.finished_at, call.status
        fates = self._price(call, outcome)
        record.settled_at = self._context.clock.now()
        record.outcome = outcome  # last: a row with an outcome is complete
        self._context.ledger.put(record)
        self._context.recorder.settled(self._metrics, record, fates)

    def _price(self, call: Call, outcome: Outcome) -> TokenFates:
        """Fill in usage and money; returns the tokens by fate."""
        reported = self._reported(call)
        if reported is None:
            self._price_without_usage(call, outcome)
            return UNUSED
        usage, delivery = reported.usage, self._delivery(call)
        self.record.usage = usage.counts()
        bill = self._bill(reported)
        if isinstance(bill, Unpriced):
            self.record.unpriced_reason = bill.reason
            return split_tokens(usage, delivery)
        basis, reason = reported.basis, reported.reason
        if call.upstream is not Upstream.FINISHED:
            basis, reason = worst(basis, Basis.AT_LEAST), reason or "end_not_seen"
        spend = split(bill, usage, delivery, basis)
        self._keep(spend, bill, reason)
        return spend.tokens

    def _reported(self, call: Call) -> Reported | None:
        if self._reader is None:
            return None
        if call.upstream is Upstream.FINISHED:
            self._reader.finish()
        return self._reader.reported()

    def _bill(self, reported: Reported) -> Bill | Unpriced:
        """The bill under the name of the model that served; under the one that was asked for if nobody knows the first."""
        record = self.record
        asked_for, record.model = record.model, reported.model or record.model
        bill = self._bill_of(record.model, reported)
        if isinstance(bill, Unpriced) and record.model != asked_for:
            bill = self._bill_of(asked_for, reported)
        return bill

    def _bill_of(self, model: str, reported: Reported) -> Bill | Unpriced:
        record = self.record
        return self._context.prices.bill(
            usage=reported.usage,
            provider=record.provider,
            upstream=record.upstream,
            model=model,
            tier=reported.tier,
            at=record.committed_at or record.started_at,
        )

    def _keep(self, spend: Spend, bill: Bill, reason: str) -> None:
        record = self.record
        record.spend_usd, record.orphaned_usd, record.avoidable_usd = (
            spend.spend_usd,
            spend.orphaned_usd,
            spend.avoidable_usd,
        )
        record.basis, record.avoidable_basis = spend.basis, spend.avoidable_basis
        record.basis_reason = None if spend.basis is Basis.EXACT else (bill.reason or reason or None)
        record.price_source = bill.source

    def _price_without_usage(self, call: Call, outcome: Outcome) -> None:
        """Nothing was reported: 0 where nothing can have been spent, otherwise not known, which is not 0.

        A reply with an error status is not billed (Gemini API billing FAQ: "If your request fails with a 400 or 500 error,
        you won't be charged for the tokens used").
        """
        is_free = outcome in NOTHING_SPENT or call.committed_at is None
        if is_free or (call.status is not None and call.status >= ERROR_STATUS):
            self.record.spend_usd = self.record.orphaned_usd = self.record.avoidable_usd = ZERO
            self.record.basis = Basis.EXACT
        else:
            gave_up = self._reader.gave_up if self._reader is not None else ""
            self.record.unpriced_reason = gave_up or UnpricedReason.NO_USAGE

    def _delivery(self, call: Call) -> Delivery:
        if call.left_at is None:
            return WHOLE
        has_part = self._route.kind is CallKind.STREAM and self._has_received
        return Delivery(
            handed_over=HandedOver.PART if has_part else HandedOver.NOTHING,
            at_left=self._at_left.usage if self._at_left is not None else None,
            committed_at=call.committed_at,
            left_at=call.left_at,
            finished_at=call.finished_at,
        )
