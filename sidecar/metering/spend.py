"""Who got something for the money: a bill split into delivered and orphaned spend, and what of it could be avoided.

- Nothing of the answer was handed over: the whole bill is orphaned.
- The caller left midway through a stream: the input, and the output made until then, are delivered; the rest is orphaned.
- Avoidable is the orphaned spend that accrued after the caller left, what an instant stop would have saved. Input is
  never avoidable: it is due once the request is committed.

How much output there was when the caller left is counted where the stream reported usage as it went. Otherwise it is
taken to grow evenly from the commit to the end, and the figure is an estimate. What is billed for the time itself does
grow so: there the clock is the count.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from sidecar.clock import MILLISECOND, Moment
from sidecar.metering.basis import Basis, worst
from sidecar.metering.bill import Bill
from sidecar.metering.money import ZERO, less, plus, share
from sidecar.metering.usage import Usage


class HandedOver(StrEnum):
    """How much of the answer the caller got."""

    WHOLE = "whole"
    PART = "part"
    """The caller left a stream after at least one chunk of answer."""
    NOTHING = "nothing"


class Delivery(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the caller got, and what is known of the moment it left."""

    handed_over: HandedOver
    at_left: Usage | None = None
    """The running usage that the stream had reported when the caller left, or that was counted by then."""
    at_left_basis: Basis = Basis.EXACT
    """How far that can be trusted: `exact` where the provider reported it, `estimated` where we counted pieces."""
    committed_at: Moment | None = None
    left_at: Moment | None = None
    """None when the caller did not leave: then nothing accrued after it left."""
    finished_at: Moment | None = None
    """When the provider's work ended; None when that was not seen, because the call was cut."""


WHOLE: Final = Delivery(handed_over=HandedOver.WHOLE)
"""The caller got everything: nothing else matters."""

Tokens = tuple[int, int, int, int, int]
"""Counts in the order of `TOKEN_CLASSES`: input, cached_input, output, reasoning, tool_use."""
NO_TOKENS: Final[Tokens] = (0, 0, 0, 0, 0)


class TokenFates(msgspec.Struct, frozen=True, gc=False):
    """The tokens of a call by fate; class by class, the two make its usage."""

    delivered: Tokens
    orphaned: Tokens


class Spend(msgspec.Struct, frozen=True, gc=False):
    """The money of a call by fate, in US dollars: `delivered_usd + orphaned_usd == spend_usd`, to the last digit."""

    spend_usd: Decimal
    delivered_usd: Decimal
    orphaned_usd: Decimal
    avoidable_usd: Decimal
    """Part of `orphaned_usd`."""
    basis: Basis
    """Of spend, delivered and orphaned."""
    avoidable_basis: Basis
    """Of `avoidable_usd`: at best that of the spend, estimated when told by time."""
    tokens: TokenFates


class _Progress(msgspec.Struct, frozen=True, gc=False):
    """How much of the output had been made when the caller left: `made` of `total`, in tokens or in microseconds."""

    made: int
    total: int
    output: int
    """Of the answer's tokens, those made by then."""
    reasoning: int
    is_known: bool
    """Counted, or certain; not taken from the clock."""


def split(
    bill: Bill, usage: Usage, delivery: Delivery, basis: Basis = Basis.EXACT, held_milliseconds: int = 0
) -> Spend:
    """Split a bill by what was handed over.

    `usage` and `held_milliseconds` are what was billed, `basis` how far the usage can be trusted.
    """
    spend = bill.input_usd + bill.output_usd + bill.time_usd
    basis = worst(bill.basis, basis)
    if delivery.handed_over is HandedOver.WHOLE:
        return Spend(spend, spend, ZERO, ZERO, basis, basis, TokenFates(_tokens(usage), NO_TOKENS))
    progress = _progress(usage, delivery)
    tokens = _fates(usage, delivery.handed_over, progress)
    after = less(bill.output_usd, share(bill.output_usd, progress.made, progress.total))
    told = basis if progress.is_known or not bill.output_usd else Basis.ESTIMATED
    if bill.time_usd:
        time_after, is_known = _time_after(bill.time_usd, delivery, held_milliseconds)
        after, told = plus(after, time_after), told if is_known else Basis.ESTIMATED
    if delivery.handed_over is HandedOver.NOTHING:
        return Spend(spend, ZERO, spend, after, basis, told, tokens)
    return Spend(spend, less(spend, after), after, after, told, told, tokens)


def _time_after(time_usd: Decimal, delivery: Delivery, held_milliseconds: int) -> tuple[Decimal, bool]:
    """What of the time was billed for after the caller left, and whether both of its ends are known."""
    left, committed = delivery.left_at, delivery.committed_at
    if left is None:
        return ZERO, True
    if committed is None:
        return ZERO, False
    return less(time_usd, share(time_usd, max(0, left - committed), held_milliseconds * MILLISECOND)), True


def split_tokens(usage: Usage, delivery: Delivery) -> TokenFates:
    """The tokens by fate of a call that has no bill; those of a call that has one are in its `Spend`."""
    return _fates(usage, delivery.handed_over, _progress(usage, delivery))


def _fates(usage: Usage, handed_over: HandedOver, progress: _Progress) -> TokenFates:
    tokens = _tokens(usage)
    if handed_over is HandedOver.WHOLE:
        return TokenFates(tokens, NO_TOKENS)
    if handed_over is HandedOver.NOTHING:
        return TokenFates(NO_TOKENS, tokens)
    output, reasoning = progress.output, progress.reasoning
    return TokenFates(
        (usage.input, usage.cached_input, output, reasoning, usage.tool_use),
        (0, 0, usage.output - output, usage.reasoning - reasoning, 0),
    )


def _tokens(usage: Usage) -> Tokens:
    return usage.input, usage.cached_input, usage.output, usage.reasoning, usage.tool_use


def _progress(usage: Usage, delivery: Delivery) -> _Progress:
    return _counted(usage, delivery) or _timed(usage, delivery)


def _counted(usage: Usage, delivery: Delivery) -> _Progress | None:
    """Progress as the stream's own running usage told it, or None when it told nothing of its output.

    A count that runs ahead of the final one is cut to it, class by class, so that tokens and money agree.
    """
    at_left = delivery.at_left
    if at_left is None:
        return None
    output, reasoning = min(at_left.output, usage.output), min(at_left.reasoning, usage.reasoning)
    if not output + reasoning:
        return None
    is_known = delivery.at_left_basis is not Basis.ESTIMATED  # a lower bound is what any running count is
    return _Progress(output + reasoning, usage.output + usage.reasoning, output, reasoning, is_known)


def _timed(usage: Usage, delivery: Delivery) -> _Progress:
    made, total, is_known = _elapsed(delivery)
    output, reasoning = usage.output * made // total, usage.reasoning * made // total
    return _Progress(made, total, output, reasoning, is_known)


def _elapsed(delivery: Delivery) -> tuple[Moment, Moment, bool]:
    """The time the work had run when the caller left, of all its time, and whether that is certain.

    Where the end was not seen, nothing is known to have been made after the caller left, and nothing is claimed.
    """
    committed, left, finished = delivery.committed_at, delivery.left_at, delivery.finished_at
    if left is None or (finished is not None and left >= finished):
        return 1, 1, True
    if committed is None or finished is None:
        return 1, 1, False
    start = min(committed, left)  # a clock that stepped back must not make a share below 0
    return left - start, finished - start, False
