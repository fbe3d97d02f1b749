"""What `mode: enforce` would have saved, told from what `observe` has written. Estimates, and rather too low than too high.

**Operations.** Where `enforce` would have cancelled, `observe` writes `cancel_result: would_cancel`. What accrued after the
caller was gone is in the row (`avoidable_usd`, told by time); the grace before a cancel is taken off it in proportion. It is
counted as if the provider had stopped at once and billed until then. An operation whose caller came back and fetched the
result would have been cancelled for nothing: at most its bill is what would have been regretted.

**Repeats.** A call that repeats another (`attempt_of`) would have been given that one's answer if that one was read to its end
although its caller had left, and the repeat came while it still ran or within the rescue window. What the repeat cost is what
would not have been paid.

**Not told, and so not counted.** Calls that were cut: whether `enforce` would have held them open for a retry hangs on the SDK
that sent them, which no row names. Operations that have not settled. Repeats in a process that gave answers to retries itself:
there, what was not given had a reason.

**Not seen.** Whether an answer was small enough to be kept, and whether a repeat had the first one's credential.
"""

from collections.abc import Iterable
from decimal import Decimal, localcontext
from typing import Final, NamedTuple

from sidecar.clock import SECOND, Moment
from sidecar.ledger.bill import ZERO, Enforcing, Foregone
from sidecar.ledger.totals import EXACT
from sidecar.lifecycle.call import ERROR_STATUS, Outcome
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.money import less, share

READ_TO_THE_END: Final = frozenset({Outcome.ORPHAN_FINISHED.value, Outcome.UNDELIVERED.value})
"""Outcomes of a call whose whole answer was there, and nobody had it."""
RESCUES: Final = frozenset({Outcome.RESCUED.value, Outcome.JOINED.value})
"""Outcomes that only a process has that gives answers to retries; so has the decision `HOLD`."""
HOLD: Final = "hold"


class Spared(NamedTuple):
    """An operation that `enforce` would have cancelled. Columns of its row, by their names."""

    lapsed_at: Moment | None
    ended_at: Moment | None
    claimed_at: Moment | None
    settled_at: Moment | None
    spend_usd: str | None
    avoidable_usd: str | None


def is_enforcing(record: CallRecord) -> bool:
    """Only a process that gives answers to retries writes such a row."""
    return record.outcome in RESCUES or record.decision == HOLD


def would_be_given(repeat: CallRecord, first: CallRecord, enforcing: Enforcing) -> bool:
    """Whether the answer to the first call was there for the one that repeats it."""
    left, finished = first.left_at, first.finished_at
    if first.outcome not in READ_TO_THE_END or left is None or finished is None:
        return False
    if first.http_status is not None and first.http_status >= ERROR_STATUS:
        return False
    return left <= repeat.started_at <= finished + window(enforcing)


def window(enforcing: Enforcing) -> Moment:
    """How long a finished answer waits, in microseconds."""
    return round(enforcing.window_seconds * SECOND)


def foregone(spared: Iterable[Spared], repeats: int, repeats_usd: Decimal, enforcing: Enforcing) -> Foregone:
    """The account of it."""
    operations = unpriced = running = returned = 0
    operations_usd = returned_usd = ZERO
    with localcontext(EXACT):
        for each in spared:
            if each.settled_at is None:
                running += 1
            elif each.claimed_at is not None:
                returned += 1
                returned_usd += Decimal(each.spend_usd or 0)
            else:
                operations += 1
                unpriced += each.avoidable_usd is None
                operations_usd += _after_the_cancel(each, enforcing)
    return Foregone(
        operations=operations, operations_usd=operations_usd, operations_unpriced=unpriced, operations_open=running,
        repeats=repeats, repeats_usd=repeats_usd, returned=returned, returned_usd=returned_usd,
    )  # fmt: skip


def _after_the_cancel(each: Spared, enforcing: Enforcing) -> Decimal:
    if each.lapsed_at is None or each.ended_at is None or each.avoidable_usd is None:
        return ZERO
    avoidable, ran_on = Decimal(each.avoidable_usd), max(0, each.ended_at - each.lapsed_at)
    return less(avoidable, share(avoidable, round(enforcing.grace_seconds * SECOND), ran_on))
