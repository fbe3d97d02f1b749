"""What the money of a call hangs on, kept in its row and found there again: what is priced anew is what was priced first."""

from collections.abc import Iterable

import msgspec

from sidecar.lifecycle.record import CallRecord
from sidecar.metering.basis import basis_in
from sidecar.metering.billable import Billable, Money
from sidecar.metering.spend import WHOLE, Delivery, HandedOver
from sidecar.metering.usage import Usage

MONEY: tuple[str, ...] = tuple(name for name in Money.__struct_fields__ if name != "tokens")
"""The fields of a row that `money_of` fills in."""
HANDED_OVER = frozenset(HandedOver)


def keep(record: CallRecord, call: Billable, money: Money) -> None:
    """Write a call's money into its record, and everything that it was worked out from. Its moments are there already."""
    record.model, record.asked_model = call.model, call.asked_model or None
    record.method, record.tier = call.method or None, call.tier or None
    record.labels = dict(call.labels)
    if not call.is_free:
        _keep_usage(record, call)
    keep_money(record, money)


def keep_money(record: CallRecord, money: Money) -> None:
    """Write a call's money alone."""
    record.spend_usd, record.orphaned_usd, record.avoidable_usd = (
        money.spend_usd,
        money.orphaned_usd,
        money.avoidable_usd,
    )
    record.basis, record.basis_reason, record.avoidable_basis = money.basis, money.basis_reason, money.avoidable_basis
    record.price_source, record.unpriced_reason = money.price_source, money.unpriced_reason


def _keep_usage(record: CallRecord, call: Billable) -> None:
    usage, delivery = call.usage, call.delivery
    if usage is not None:
        record.usage, record.variant, record.usage_basis = usage.counts(), usage.variant or None, call.basis
    record.usage_reason = call.reason or None
    record.told_usd, record.held_milliseconds = call.told_usd, call.held_milliseconds
    record.handed_over = delivery.handed_over
    if delivery.at_left is not None:
        record.usage_at_left, record.at_left_basis = delivery.at_left.counts(), delivery.at_left_basis


def billable_of(record: CallRecord) -> Billable | None:
    """What a settled row was priced by. None where no bill was asked for, or an older version kept too little to ask again."""
    if record.handed_over not in HANDED_OVER:
        return None
    return Billable(
        provider=record.provider,
        upstream=record.upstream,
        model=record.model,
        asked_model=record.asked_model or "",
        tier=record.tier or "",
        method=record.method or "",
        labels=tuple(sorted(record.labels.items())),
        at=record.started_at if record.committed_at is None else record.committed_at,
        usage=None if record.usage_basis is None else _usage(record.usage, record.variant),
        basis=basis_in(record.usage_basis),
        reason=record.usage_reason or "",
        is_end_seen=record.finished_at is not None,
        told_usd=record.told_usd,
        held_milliseconds=record.held_milliseconds or 0,
        delivery=_delivery(record, HandedOver(record.handed_over)),
    )


def _delivery(record: CallRecord, handed_over: HandedOver) -> Delivery:
    if handed_over is HandedOver.WHOLE:
        return WHOLE
    return Delivery(
        handed_over=handed_over,
        at_left=None if record.usage_at_left is None else _usage(record.usage_at_left),
        at_left_basis=basis_in(record.at_left_basis),
        committed_at=record.committed_at,
        left_at=record.left_at,
        finished_at=record.finished_at,
    )


def _usage(counts: dict[str, int], variant: str | None = None) -> Usage:
    return msgspec.convert(counts | {"variant": variant or ""}, Usage)


def changed(record: CallRecord, money: Money) -> Iterable[str]:
    """The money fields in which a row differs from this."""
    return [name for name in MONEY if getattr(record, name) != getattr(money, name)]
