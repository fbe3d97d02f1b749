"""An operation is work at a provider that outlives the request that opened it, and one durable row here.

Which event may follow which state is `MOVES`, the table of DESIGN 4.4. The row in the ledger is the state machine: every move is
a guarded UPDATE made from this table, so that of several who try the first one wins and the others are told so.
"""

from enum import StrEnum
from typing import Final

import msgspec


class OperationKind(StrEnum):
    """What sort of work it is; settings say per kind what is done when its caller is gone."""

    BACKGROUND = "background"
    """One answer that the caller polls for: a background response or interaction, a prediction."""
    LRO = "lro"
    """A long-running operation, such as a video."""
    BATCH = "batch"
    """Many requests at a lower price, done within a day."""
    TUNING = "tuning"
    """A model is trained."""


class OperationState(StrEnum):
    """Where an operation stands, as far as we know."""

    OPENING = "opening"
    """The create request may have left; the provider's id for it is not known."""
    RUNNING = "running"
    """The provider works on it, and its caller is thought to be there."""
    ORPHANED = "orphaned"
    """The provider works on it, and its caller is gone."""
    CANCELLING = "cancelling"
    """A cancel was decided and is being asked for; nobody has seen the end."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """The provider itself says that it was stopped."""
    EXPIRED = "expired"
    """The provider does not know it any more."""
    UNTRACEABLE = "untraceable"
    """Its id was never learned, and could not be looked up: it may run, and nobody can stop it."""
    ABANDONED = "abandoned"
    """Every attempt to cancel it was in vain, or nobody could tell: it may still run."""


class OperationEvent(StrEnum):
    """What happens to an operation; `opened` makes the row."""

    OPENED = "opened"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ID_NEVER_LEARNED = "id_never_learned"
    LEASE_LAPSED = "lease_lapsed"
    """Its caller is gone: the lease lapsed, or better evidence came (`gone_reason` in the row says which)."""
    LEASE_RENEWED = "lease_renewed"
    CANCEL_CLAIMED = "cancel_claimed"
    """Somebody wants it cancelled: its caller, or a person. Whether its caller is there plays no part."""
    ORPHAN_CLAIMED = "orphan_claimed"
    """The settings want it cancelled, because its caller is gone. Not from RUNNING: a caller that came back between the decision
    and this move has made it RUNNING, and then nobody may cancel it."""
    CANCEL_REFUSED = "cancel_refused"
    GAVE_UP = "gave_up"
    """Nothing that was done to cancel it helped; or for a week neither its caller nor its provider was heard of it."""
    OBSERVED_SUCCEEDED = "observed_succeeded"
    OBSERVED_FAILED = "observed_failed"
    OBSERVED_CANCELLED = "observed_cancelled"
    OBSERVED_MISSING = "observed_missing"


S, E = OperationState, OperationEvent
OPEN: Final = frozenset({S.OPENING, S.RUNNING, S.ORPHANED, S.CANCELLING})
"""States from which something more is expected."""
KNOWN: Final = frozenset({S.RUNNING, S.ORPHANED, S.CANCELLING})
"""Open states in which the provider can be asked about it."""
REVISABLE: Final = frozenset({S.CANCELLED, S.ABANDONED})
"""Ends that were seen not to be the last word: an Azure response went from cancelled to completed (reliability.md 0.5). Until
the row is settled, an end observed later stands."""


class Passage(msgspec.Struct, frozen=True):
    """One row of the table."""

    allowed_from: frozenset[OperationState]
    becomes: OperationState


MOVES: Final[dict[OperationEvent, Passage]] = {
    E.OPENED: Passage(frozenset(), S.OPENING),
    E.ACCEPTED: Passage(frozenset({S.OPENING}), S.RUNNING),
    E.REJECTED: Passage(frozenset({S.OPENING}), S.FAILED),
    E.ID_NEVER_LEARNED: Passage(frozenset({S.OPENING}), S.UNTRACEABLE),
    E.LEASE_LAPSED: Passage(frozenset({S.RUNNING}), S.ORPHANED),
    E.LEASE_RENEWED: Passage(frozenset({S.ORPHANED}), S.RUNNING),
    E.CANCEL_CLAIMED: Passage(frozenset({S.RUNNING, S.ORPHANED}), S.CANCELLING),
    E.ORPHAN_CLAIMED: Passage(frozenset({S.ORPHANED}), S.CANCELLING),
    E.CANCEL_REFUSED: Passage(frozenset({S.CANCELLING}), S.ORPHANED),
    E.GAVE_UP: Passage(KNOWN, S.ABANDONED),
    E.OBSERVED_SUCCEEDED: Passage(KNOWN | REVISABLE, S.SUCCEEDED),
    E.OBSERVED_FAILED: Passage(KNOWN | REVISABLE, S.FAILED),
    E.OBSERVED_CANCELLED: Passage(KNOWN | {S.ABANDONED}, S.CANCELLED),
    E.OBSERVED_MISSING: Passage(KNOWN | {S.ABANDONED}, S.EXPIRED),
}


def becomes(event: OperationEvent, state: OperationState) -> OperationState | None:
    """The state after an event; None where it is not allowed, which means that somebody was first."""
    passage = MOVES[event]
    return passage.becomes if state in passage.allowed_from else None


class GoneReason(StrEnum):
    """How we know that an operation's caller is gone; also label values of `departures_total`."""

    LEASE_LAPSED = "lease_lapsed"
    """Nobody asked about it for its lease."""
    PROCESS_EXITED = "process_exited"
    """The process that opened it has ended."""
    POD_ENDING = "pod_ending"
    """The sidecar was told to end, which in a pod happens after the application has."""
    SIDECAR_LOST = "sidecar_lost"
    """The sidecar that watched the caller is dead, and the lease lapsed under the one that took over."""


class CancelTrigger(StrEnum):
    """Who wants an operation cancelled."""

    CALLER = "caller"
    """The caller sent the provider's own cancel through us."""
    ORPHANED = "orphaned"
    """The settings: its caller is gone."""
    ASKED = "asked"
    """A person, by `sidecar operations cancel` or the API."""


class CancelResult(StrEnum):
    """What became of a cancel; also label values of `cancel_requests_total`."""

    CONFIRMED = "confirmed"
    """The provider says that the operation was stopped."""
    TOO_LATE = "too_late"
    """It had ended by itself."""
    UNSUPPORTED = "unsupported"
    """The provider has no cancel for it."""
    REFUSED = "refused"
    """The provider declined, for a reason that trying again does not cure."""
    UNCONFIRMED = "unconfirmed"
    """Every attempt was in vain, or was answered well and did nothing."""
    NO_CREDENTIAL = "no_credential"
    """Nobody's credential is known, or none is accepted."""
    WOULD_CANCEL = "would_cancel"
    """`enforce` would have cancelled; `observe` does not."""
