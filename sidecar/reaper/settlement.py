"""The money of one operation, once: what was reported becomes usage, a bill, and who got something for it.

**Fate.** An operation's result is fetched whole or not at all, so all of its bill is delivered or all of it is orphaned.
Delivered: the caller saw the end, stopped it itself, or was there when it failed. Orphaned: we stopped it, nobody fetched what
was finished, or it failed or got lost to us after its caller had gone. One that its caller detached is never called orphaned:
that it would not be back was said beforehand, and where the result is fetched is not for us to see.

**Avoidable** is what accrued after the caller was gone, told by time, because no provider tells an operation's progress in
money: always an estimate, whatever the basis of the bill. Of one answer only the output accrues; a batch or a training takes
in its input as it goes ("only completed requests are charged", google-wire 4; providers-wire 5).

**Avoided** is claimed only where a cancel of ours was confirmed and the bill is known: what such operations cost at least, as a
rule, less what this one did cost.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from sidecar.clock import MILLISECOND, Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationKind, OperationState as State
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.basis import Basis
from sidecar.metering.bill import UnpricedReason
from sidecar.metering.billable import FREE, NO_FATES, Billable, Money, money_of
from sidecar.metering.money import ZERO, less, share
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import WHOLE, Delivery, HandedOver, TokenFates, split_tokens
from sidecar.metering.typical import low_estimate
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.reported import NOTHING_SAID

FREE_WHEN_FAILED: Final = frozenset({("gemini", OperationKind.LRO), ("vertex", OperationKind.LRO)})
"""Dialects and kinds of which the provider says that a failure costs nothing: "You are only charged if a video is successfully
generated" (google-wire 7.3). Of others nothing is known: Replicate and RunPod bill the time up to it (providers-wire 5)."""

GROWING: Final = frozenset({OperationKind.BATCH, OperationKind.TUNING})
"""Kinds whose input is taken in as they go on, so that all of their bill grows with time."""

LOST: Final = {
    State.UNTRACEABLE: UnpricedReason.UNTRACEABLE,
    State.ABANDONED: UnpricedReason.ABANDONED,
    State.EXPIRED: UnpricedReason.EXPIRED,
}
"""Ends that nobody saw, and the word for why there is no bill then."""

SEEN_ENDS: Final = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED})
OUR_TRIGGERS: Final = frozenset({CancelTrigger.ORPHANED, CancelTrigger.ASKED})
NOT_DONE: Final = frozenset(
    {CancelResult.UNSUPPORTED, CancelResult.REFUSED, CancelResult.NO_CREDENTIAL, CancelResult.WOULD_CANCEL}
)
"""Cancels that stopped nothing: if the operation was cancelled all the same, it was by somebody else."""


def settle_operation(
    book: PriceBook,
    record: OperationRecord,
    reported: Reported | None,
    *,
    now: Moment,
    tier: str = "",
    typical: Sequence[Decimal] = (),
    is_watched: bool = True,
    why_nothing: str = "",
) -> dict[str, Any]:
    """The fields that settling sets, by their names in the row; the ledger itself fixes the outcome, which is the state.

    Pure but for what the book remembers, and never raises.

    `record` is at its last state. `reported` is None when the provider told nothing, `tier` that of its `OperationWire`,
    `typical` what `OperationLedger.typical_spend` says, `why_nothing` one word for usage that could not be read.
    """
    why = "" if reported is not None else _why_nothing(record, is_watched, why_nothing)
    billable = _billable(record, reported, tier, why, now)
    money = _money(book, record, billable)
    orphaned = money.orphaned_usd
    return {
        "settled_at": now,
        "spend_usd": money.spend_usd,
        "orphaned_usd": orphaned,
        "avoidable_usd": _avoidable_usd(record, orphaned)
        if orphaned and record.kind in GROWING
        else money.avoidable_usd,
        "avoided_usd": _avoided_usd(record, money, typical),
        "basis": _word(money.basis),
        "price_source": money.price_source,
        "basis_reason": _word(money.basis_reason),
        "unpriced_reason": _word(money.unpriced_reason),
        "tier": billable.tier or None,
        "served_model": billable.model if billable.asked_model else None,
        **_usage_fields(billable, record.variant),
    }


def _usage_fields(billable: Billable, asked_variant: str | None) -> dict[str, Any]:
    usage = billable.usage
    return {
        "usage": {} if usage is None else usage.counts(),
        "variant": asked_variant if usage is None else usage.variant or asked_variant,
        "usage_basis": None if usage is None else billable.basis.value,
        "usage_reason": _word(billable.reason or None),
        "told_usd": billable.told_usd,
    }


def is_orphaned(record: OperationRecord) -> bool:
    """Whether the bill of an operation at its last state went to nobody."""
    if _was_stopped_by_us(record):
        return True  # also when the caller came back and saw what became of it: there is no result
    if record.claimed_at is not None or record.is_detached:
        return False
    if record.state is State.SUCCEEDED:
        return True
    if record.state is State.CANCELLED and record.cancel_trigger == CancelTrigger.CALLER:
        return False
    return record.lapsed_at is not None


def _was_stopped_by_us(record: OperationRecord) -> bool:
    is_ours = record.cancel_trigger in OUR_TRIGGERS and record.cancel_result not in NOT_DONE
    return is_ours and record.state is State.CANCELLED


def tokens_of(record: OperationRecord) -> TokenFates:
    """The tokens of a settled operation by fate, for the metrics."""
    if not record.usage:
        return NO_FATES
    return split_tokens(msgspec.convert(record.usage, Usage), _delivery(record))


def _billable(record: OperationRecord, reported: Reported | None, tier: str, why: str, now: Moment) -> Billable:
    said = reported or NOTHING_SAID
    model = said.model or record.model
    return Billable(
        provider=record.provider,
        upstream=record.upstream,
        model=model,
        asked_model=record.model if model != record.model else "",
        tier=said.tier or tier,
        method=record.method,
        labels=tuple(sorted(record.labels.items())),
        at=record.opened_at,
        usage=None if reported is None else said.usage,
        basis=said.basis,
        reason=why if reported is None else said.reason,
        is_end_seen=record.state in SEEN_ENDS,
        told_usd=said.cost_usd,
        held_milliseconds=max(0, (record.ended_at or now) - record.opened_at) // MILLISECOND,
        delivery=_delivery(record),
        is_free=reported is None and _is_free(record),
    )


def _delivery(record: OperationRecord) -> Delivery:
    if not is_orphaned(record):
        return WHOLE
    return Delivery(
        handed_over=HandedOver.NOTHING,
        committed_at=record.opened_at,
        left_at=record.lapsed_at,
        finished_at=record.ended_at,
    )


def _is_free(record: OperationRecord) -> bool:
    """Nothing can have been spent by an operation that reported no usage: it was declined, or failed where that is free.

    A create request that was declined has no id; as with calls, a reply with an error status is not billed.
    """
    if record.state is not State.FAILED:
        return False
    return record.provider_id is None or (record.dialect, record.kind) in FREE_WHEN_FAILED


def _why_nothing(record: OperationRecord, is_watched: bool, why: str) -> str:
    """One word for why nothing is known of what it used; the word for not having asked hides no other."""
    if record.state is State.UNTRACEABLE:
        return UnpricedReason.UNTRACEABLE
    if not is_watched:
        return UnpricedReason.NOT_WATCHED
    return LOST.get(record.state) or why


def _money(book: PriceBook, record: OperationRecord, billable: Billable) -> Money:
    """The one way to price, but for what only an operation can come to."""
    if billable.usage is None and record.state in LOST:
        # Not even a price of the request itself or of its time is asked for: whether there was any work is not known.
        return Money(unpriced_reason=billable.reason)
    money = money_of(book, billable)
    return FREE if _used_nothing(record, billable, money) else money


def _used_nothing(record: OperationRecord, billable: Billable, money: Money) -> bool:
    """It was stopped, or failed, before anything was done: all of its rows were read, and none of them used anything.

    A success that reports 0 is not believed: it is `no_usage`, as with calls.
    """
    if money.unpriced_reason != UnpricedReason.NO_USAGE or record.state not in {State.CANCELLED, State.FAILED}:
        return False
    return billable.usage is not None and not billable.usage.counts() and billable.basis is Basis.EXACT


def _avoidable_usd(record: OperationRecord, orphaned_usd: Decimal) -> Decimal:
    """What of a bill that grows with time accrued after the caller was gone. Nothing where the end was not seen."""
    lapsed, ended = record.lapsed_at, record.ended_at
    if lapsed is None or ended is None or lapsed >= ended:
        return ZERO
    begun = min(record.opened_at, lapsed)  # a clock that stepped back must not make a share below 0
    return less(orphaned_usd, share(orphaned_usd, lapsed - begun, ended - begun))


def _avoided_usd(record: OperationRecord, money: Money, typical: Sequence[Decimal]) -> Decimal | None:
    """The bill to the natural end, by a low estimate, less the actual one; None where that can't be said.

    A bill that is only a lower bound says nothing: the real one may have left nothing to avoid.
    """
    is_confirmed = _was_stopped_by_us(record) and record.cancel_result == CancelResult.CONFIRMED
    if not is_confirmed or money.spend_usd is None or money.basis is Basis.AT_LEAST:
        return None
    natural = low_estimate(typical)
    return None if natural is None else max(ZERO, less(natural, money.spend_usd))


def _word(word: str | None) -> str | None:
    """The plain text of a word that may be a member of an enum, as a row holds it."""
    return None if word is None else str.__str__(word)
