"""What the money of one call hangs on, and the money: the same when the call settles and when its row is priced anew."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.metering.basis import Basis, worst
from sidecar.metering.bill import Bill, Doubt, Unpriced, UnpricedReason
from sidecar.metering.money import ZERO
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import NO_TOKENS, WHOLE, Delivery, TokenFates, split, split_tokens
from sidecar.metering.usage import Usage

NO_FATES: Final = TokenFates(NO_TOKENS, NO_TOKENS)
_NOTHING_USED: Final = Usage()
_EXACT: Final = (Basis.EXACT, "")


class Billable(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that the money of a call hangs on, and nothing else does."""

    provider: str
    upstream: str
    model: str
    """The model that served, as the provider named it; the one that was asked for where the reply does not say."""
    asked_model: str = ""
    """The model that was asked for, where it was another: overrides may speak of either."""
    tier: str = ""
    """The service tier that was served; empty for standard. Several words are joined by hyphens: `batch-us`."""
    method: str = ""
    """The provider's name of the method: `chat.completions`."""
    labels: tuple[tuple[str, str], ...] = ()
    """Name and value, sorted."""
    at: Moment
    """When the request was committed: the prices in force then are used."""
    usage: Usage | None
    """None when nothing was reported, which is not the same as nothing used."""
    basis: Basis = Basis.EXACT
    """How far the usage can be trusted, as its reader says."""
    reason: str = ""
    """Why `basis` is not exact, one word; or, without usage, why there is none (`unknown_coding`, `operation`)."""
    is_end_seen: bool = True
    """The reply was read to its end; otherwise the provider may have made more, and every figure is a lower bound at best."""
    told_usd: Decimal | None = None
    """What the provider itself says it asks for the call."""
    held_milliseconds: int = 0
    """Wall time that the call held its place at the provider: from the commit to the end of the reply, or to the cut."""
    delivery: Delivery = WHOLE
    is_free: bool = False
    """Nothing can have been spent: the provider never had the request, or declined it and reported no usage."""


class Money(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The money fields of a call's row, by their names there, and the tokens by fate. Amounts are US dollars."""

    spend_usd: Decimal | None = None
    """None when there is no bill, which is not a bill of 0."""
    orphaned_usd: Decimal | None = None
    avoidable_usd: Decimal | None = None
    basis: Basis | None = None
    price_source: str | None = None
    basis_reason: str | None = None
    avoidable_basis: Basis | None = None
    unpriced_reason: str | None = None
    tokens: TokenFates = NO_FATES


FREE: Final = Money(spend_usd=ZERO, orphaned_usd=ZERO, avoidable_usd=ZERO, basis=Basis.EXACT)


def money_of(book: PriceBook, call: Billable) -> Money:
    """The money of a call. Pure but for what the book remembers, and never raises.

    A call without usage has a bill only where its rule prices the call itself or its time, or the provider told its price.
    """
    if call.is_free:
        return FREE
    bill = book.bill(
        usage=call.usage,
        provider=call.provider,
        upstream=call.upstream,
        model=call.model,
        asked_model=call.asked_model,
        tier=call.tier,
        at=call.at,
        method=call.method,
        labels=call.labels,
        held_milliseconds=call.held_milliseconds,
        told_usd=call.told_usd,
    )
    if isinstance(bill, Unpriced):
        return _unpriced(call, bill)
    return _priced(call, bill)


def _unpriced(call: Billable, unpriced: Unpriced) -> Money:
    if call.usage is None:
        return Money(unpriced_reason=call.reason or UnpricedReason.NO_USAGE)
    return Money(unpriced_reason=unpriced.reason, tokens=split_tokens(call.usage, call.delivery))


def _priced(call: Billable, bill: Bill) -> Money:
    usage, (basis, reason) = call.usage or _NOTHING_USED, _EXACT if bill.is_told else _trust(call)
    spend = split(bill, usage, call.delivery, basis, call.held_milliseconds)
    return Money(
        spend_usd=spend.spend_usd,
        orphaned_usd=spend.orphaned_usd,
        avoidable_usd=spend.avoidable_usd,
        basis=spend.basis,
        price_source=bill.source,
        basis_reason=None if spend.basis is Basis.EXACT else bill.reason or reason or Doubt.SPLIT_ESTIMATED,
        avoidable_basis=spend.avoidable_basis,
        tokens=spend.tokens,
    )


def _trust(call: Billable) -> tuple[Basis, str]:
    """How far it can be trusted that what was billed is all there was."""
    basis, reason = (Basis.EXACT, "") if call.usage is None else (call.basis, call.reason)
    if call.is_end_seen or call.told_usd is not None:  # who tells a price has seen the end
        return basis, reason
    return worst(basis, Basis.AT_LEAST), reason or Doubt.END_NOT_SEEN
