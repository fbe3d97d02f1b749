"""What a ledger says of money when it is asked for a bill: calls and operations of one time in one account.

Calls and operations have rows of their own, so nothing is counted twice: a request that opens an operation is no call. All of a
bill is of one moment: whatever is committed while it is added up is in all of it or in nothing of it.

`tests/ledger/bill_conformance.py` holds every ledger to this.
"""

from decimal import Decimal
from typing import Final, Protocol

import msgspec

from sidecar.clock import Moment
from sidecar.ledger.contract import By, CallQuery, TimeoutReport
from sidecar.metering.money import less, plus

ZERO: Final = Decimal(0)


class BillLine(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over calls and operations that have something in common. Money is exact, in US dollars."""

    key: str | None
    """What they have in common: a model, a day as `2026-11-20`; None where there is none, as for calls of no known caller."""
    calls: int = 0
    """All of them, settled or not."""
    operations: int = 0
    """The same of operations. What follows is of both."""
    delivered: int = 0
    """Calls of the outcome `delivered`; operations that succeeded and were not lost."""
    orphaned: int = 0
    """Their caller left while the provider worked on them, settled or not; of operations, also those nobody fetched."""
    open: int = 0
    """Not settled."""
    unpriced: int = 0
    """No money in the row although there may have been some to pay."""
    spend_usd: Decimal = ZERO
    orphaned_usd: Decimal = ZERO
    """Part of `spend_usd` for results that nobody received."""
    avoidable_usd: Decimal = ZERO
    """Part of `orphaned_usd` that accrued after the caller left."""
    estimated_usd: Decimal = ZERO
    """Part of `spend_usd` whose basis is not `exact`."""
    orphaned_seconds: float = 0.0
    """From caller left to server finished, summed over those that were seen to finish."""
    rescued: int = 0
    """Calls whose caller left, and whose retry was given the answer."""
    rescued_usd: Decimal = ZERO
    """Part of `spend_usd`, delivered by rescue: what the retries would have cost once more."""
    cancelled: int = 0
    """Operations that we cancelled, confirmed by their provider."""
    avoided_usd: Decimal = ZERO
    """What these would have cost besides, had they gone on to their end: an estimate, and no part of `spend_usd`."""
    regretted_usd: Decimal = ZERO
    """The bill of those that we cancelled and that were asked for again."""
    reclaimed_usd: Decimal = ZERO
    """Part of `orphaned_usd` whose results were fetched after all, after they had settled."""
    orphaned_estimated_usd: Decimal = ZERO
    """Part of `orphaned_usd` whose basis is not `exact`."""
    avoidable_estimated_usd: Decimal = ZERO
    """Part of `avoidable_usd` that is an estimate; of operations it always is."""

    @property
    def saved_usd(self) -> Decimal:
        """Net: what cancelling avoided less what it came to be regretted. An estimate; below 0 where it did harm."""
        return less(self.avoided_usd, self.regretted_usd)


class Orphan(msgspec.Struct, frozen=True, kw_only=True):
    """A call or an operation of whose bill nobody got anything, or not all."""

    sort: str
    """`call` or `operation`."""
    id: str
    begun_at: Moment
    gone_at: Moment | None
    """When its caller left."""
    ended_at: Moment | None
    """When the provider's work ended; None where nobody saw it, or it was cut."""
    upstream: str
    model: str
    caller: str | None
    reason: str | None
    """How it is known that the caller was gone."""
    orphaned_usd: Decimal
    basis: str | None


class Enforcing(msgspec.Struct, frozen=True, kw_only=True):
    """What `mode: enforce` would go by, as the settings have it."""

    grace_seconds: float = 10.0
    """`operations.grace_seconds`: from the caller's going to the cancel."""
    window_seconds: float = 30.0
    """`rescue.window_seconds`: for so long a finished answer waits for a retry."""


AS_USUAL: Final = Enforcing()
"""By the defaults of the settings."""


class Foregone(msgspec.Struct, frozen=True, kw_only=True):
    """What `mode: enforce` would have saved, as far as the ledger can tell (`foregone.py` says how). Estimates all of them."""

    operations: int = 0
    """Settled operations that `observe` let run on, that `enforce` would have cancelled, and that nobody came back for."""
    operations_usd: Decimal = ZERO
    """What they cost after that."""
    operations_unpriced: int = 0
    """Of these: it is not known what they cost."""
    operations_open: int = 0
    """The like of them that have not settled: not in these sums."""
    repeats: int = 0
    """Calls that were paid for although the answer to the same request was there, left by its caller."""
    repeats_usd: Decimal = ZERO
    """What they cost."""
    returned: int = 0
    """Operations that `enforce` would have cancelled, and whose caller came back and fetched the result."""
    returned_usd: Decimal = ZERO
    """Their bill: at most so much would have been regretted."""

    @property
    def saved_usd(self) -> Decimal:
        """Net; below 0 where enforcing would have done harm."""
        return less(plus(self.operations_usd, self.repeats_usd), self.returned_usd)


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """The account."""

    lines: list[BillLine]
    """Days in their order; the rest by most orphaned money, then most spend."""
    others: BillLine
    """What is in no line, because only the first ones (of days: the latest) were asked for."""
    others_count: int
    """How many lines that is."""
    total: BillLine
    """Over all, always."""
    dearest: list[Orphan]
    """Of whom nobody got anything, or not all, by what that cost."""
    foregone: Foregone
    timeouts: TimeoutReport
    """Of the limits that were told, those that ran out."""
    first_at: Moment | None
    """When the first of them began; None where there are none."""
    last_at: Moment | None


class BillReader(Protocol):
    """Who can be asked for a bill."""

    def bill(
        self, query: CallQuery, by: By, *, top: int | None = None, dearest: int = 10, enforcing: Enforcing = AS_USUAL
    ) -> Bill:
        """The bill over the calls and operations asked for; `outcome`, `orphaned_only` and `limit` are not taken notice of.

        `top` is how many lines are wanted; None for all of them.

        Raises:
            LedgerError: the ledger can't be read.
        """
        ...
