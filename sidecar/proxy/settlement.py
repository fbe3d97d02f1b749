"""The money of one call, when it settles: what was reported becomes usage, a bill, and who got something for it.

What the money hangs on is kept in the row beside it, so that `sidecar reprice` comes to the same by the same rules.
"""

from typing import TYPE_CHECKING

from sidecar.clock import MILLISECOND, Moment
from sidecar.ledger.billables import keep
from sidecar.lifecycle.call import Call, Downstream, Outcome, Upstream
from sidecar.lifecycle.record import CallKind
from sidecar.metering.billable import Billable, money_of
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import WHOLE, Delivery, HandedOver, TokenFates
from sidecar.providers.contract import Reported
from sidecar.providers.reported import NOTHING_SAID

if TYPE_CHECKING:
    from sidecar.proxy.account import Account

NOTHING_SPENT = frozenset({Outcome.REFUSED, Outcome.LEFT_EARLY, Outcome.JOINED})


def settle_money(
    prices: PriceBook, account: "Account", call: Call, outcome: Outcome, reported: Reported | None, at: Moment
) -> TokenFates:
    """Fill in the record's usage and money; returns the tokens by fate. `at` is when the call settles."""
    billable = billable_of(account, call, outcome, reported, at)
    money = money_of(prices, billable)
    keep(account.record, billable, money)
    return money.tokens


def was_cut_off(call: Call) -> bool:
    """The provider worked on the call, and what it made of it was not seen."""
    is_unseen = call.upstream is Upstream.CUT or (call.upstream is Upstream.FAILED and call.answered_at is not None)
    return is_unseen and not call.is_declined and call.committed_at is not None


def billable_of(
    account: "Account", call: Call, outcome: Outcome | None, reported: Reported | None, at: Moment
) -> Billable:
    """What the money of a call hangs on at this moment: when it settles, or, without an outcome, while it runs."""
    record, begun = account.record, call.committed_at
    said = reported or NOTHING_SAID
    model = said.model or record.model
    return Billable(
        provider=record.provider,
        upstream=record.upstream,
        model=model,
        asked_model=record.model if model != record.model else "",
        tier=said.tier,
        method=account.route.method,
        labels=account.labels,
        at=record.started_at if begun is None else begun,
        usage=None if reported is None else said.usage,
        basis=said.basis,
        reason=account.why_nothing if reported is None else said.reason,
        is_end_seen=call.upstream is Upstream.FINISHED,
        told_usd=said.cost_usd,
        held_milliseconds=0 if begun is None else max(0, (call.finished_at or at) - begun) // MILLISECOND,
        delivery=WHOLE if call.left_at is None or call.downstream is Downstream.TAKEN else _delivery(account, call),
        is_free=reported is None and _is_free(call, outcome),
    )


def _is_free(call: Call, outcome: Outcome | None) -> bool:
    """Nothing can have been spent by a call that reported no usage.

    A reply with an error status is not billed (Gemini API billing FAQ: "If your request fails with a 400 or 500 error,
    you won't be charged for the tokens used").
    """
    if outcome in NOTHING_SPENT or call.committed_at is None:
        return True
    return call.is_declined


def _delivery(account: "Account", call: Call) -> Delivery:
    has_part = account.record.kind is not CallKind.UNARY and account.has_received
    at_left = account.at_left or NOTHING_SAID
    return Delivery(
        handed_over=HandedOver.PART if has_part else HandedOver.NOTHING,
        at_left=None if account.at_left is None else at_left.usage,
        at_left_basis=at_left.basis,
        committed_at=call.committed_at,
        left_at=call.left_at,
        finished_at=call.finished_at,
    )
