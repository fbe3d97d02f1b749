"""What is remembered of a call: the row of the ledger, the fields of the log line, the input of the metrics."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from sidecar.clock import Moment


class CallKind(StrEnum):
    """How a call's answer comes."""

    UNARY = "unary"
    """One reply, whole."""
    STREAM = "stream"
    """A reply that comes piece by piece and is worth something before its end."""
    LIVE = "live"
    """One answer of many in a socket: a turn of a conversation, worth something before its end."""


class CallRecord(msgspec.Struct, kw_only=True):
    """One call. The columns of DESIGN section 6 by the same names, in the same order, and those that say how a figure came about.

    With the twelve from `method` to `told_usd`, the money can be worked out anew from the row alone (`metering.billable.Billable`
    explains each).

    Moments are microseconds since the epoch, money is US dollars. `outcome` is None while the call is open and is
    the last field to be set. `usage` counts disjoint classes (`metering.usage.Usage.counts`), and holds only those above 0.
    """

    id: str
    upstream: str
    provider: str
    dialect: str
    model: str
    kind: CallKind
    caller: str | None = None
    started_at: Moment
    committed_at: Moment | None = None
    answered_at: Moment | None = None
    left_at: Moment | None = None
    left_reason: str | None = None
    finished_at: Moment | None = None
    settled_at: Moment | None = None
    outcome: str | None = None
    http_status: int | None = None
    usage: dict[str, int] = {}
    spend_usd: Decimal | None = None
    orphaned_usd: Decimal | None = None
    avoidable_usd: Decimal | None = None
    basis: str | None = None
    """How far the money can be trusted: `exact`, `at_least` or `estimated` (`metering.basis`)."""
    price_source: str | None = None
    rescued_by: str | None = None
    attempt_of: str | None = None
    basis_reason: str | None = None
    """Why `basis` is not exact, one word."""
    avoidable_basis: str | None = None
    """How far `avoidable_usd` can be trusted: `estimated` where it was told by time and not by counted progress."""
    unpriced_reason: str | None = None
    """Why there is no money in this row although the call may have cost some: `no_usage`, `no_price`, `lost` ..."""
    method: str | None = None
    """The provider's name of the method: `generateContent`, `chat.completions`."""
    tier: str | None = None
    """The service tier that served; None for standard."""
    variant: str | None = None
    """What the price of a piece hung on: `1024x1024 high`, `1080p audio`; None when unknown or standard."""
    labels: dict[str, str] = {}
    """The caller's own words for the call (`X-Sidecar-Label-*`). Replaced, not edited."""
    asked_model: str | None = None
    """The model that was asked for, where `model`, which served, is another."""
    usage_basis: str | None = None
    """How far `usage` can be trusted; None when nothing was reported."""
    usage_reason: str | None = None
    """Why `usage_basis` is not exact, or why there is no usage, one word."""
    handed_over: str | None = None
    """How much of the answer the caller got: `whole`, `part`, `nothing`. None where no bill was asked for, because
    nothing can have been spent, and in rows of older versions."""
    usage_at_left: dict[str, int] | None = None
    """The usage that was known when the caller left; None when none was."""
    at_left_basis: str | None = None
    """How far `usage_at_left` can be trusted."""
    held_milliseconds: int | None = None
    """Wall time that the call held its place at the provider."""
    told_usd: Decimal | None = None
    """What the provider itself said it asks for the call."""
    decision: str | None = None
    """What was done with the provider's connection when the caller left: `follow`, `cut`, or `hold` (for its retry). None where
    nothing was to be decided. Where a bound or the time ran out, the last decision."""
    decision_reason: str | None = None
    """Why, one word: a setting (`request`, `route`, `upstream`, `setting`), a fact about the provider, or a bound."""
    caller_timeout_seconds: float | None = None
    """How long the caller's request says that it waits, as far as it says so (`x-stainless-read-timeout`, `X-Server-Timeout`)."""
    socket: str | None = None
    """The socket that it is one answer in, by the id of the first of its calls: all of them have it. None for any other call."""
