"""What is remembered of an operation: the row of the ledger, the fields of the log line, the input of the metrics."""

from decimal import Decimal
from typing import Final

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.operation import OperationEvent, OperationKind, OperationState


class OperationRecord(msgspec.Struct, kw_only=True):
    """One operation. The columns of DESIGN section 6 by the same names, and those that its reaper works by.

    Moments are microseconds since the epoch by the ledger's clock, money is US dollars. `usage` counts disjoint classes
    (`metering.usage.Usage.counts`). `settled_at` is set once, with outcome, usage and money; of a settled row only
    `reclaimed_at` and `regretted_at` may still be set.
    """

    id: str
    upstream: str
    provider: str
    dialect: str
    method: str
    """The provider's name of the method that opened it, by which its wire is found again."""
    kind: OperationKind
    model: str
    caller: str | None = None
    opened_at: Moment
    path: str
    """Target of the create request behind the upstream's name, with those parts of the query that hold no secret."""
    host: str = ""
    """The host that the create request named, where the upstream has several; else empty."""
    mark: str = ""
    """Digest of what the create request called the operation, by which a listing can be searched; empty for nothing."""
    provider_id: str | None = None
    """The provider's name for it; None until it is learned."""
    state: OperationState = OperationState.OPENING
    lease_seconds: float
    """The caller's promise to be back: so long after `renewed_at` it lapses. Grows with the observed polls."""
    is_lease_asked: bool = False
    """The caller itself gave the lease (`X-Sidecar-Lease`): then even kinds that are only watched are cancelled."""
    is_detached: bool = False
    """`X-Sidecar-Detach`: meant to outlive its caller; never judged by any lease."""
    renewed_at: Moment
    lapsed_at: Moment | None = None
    """When its caller was found to be gone; None while it is there, and again when it came back."""
    gone_reason: str | None = None
    cancel_requested_at: Moment | None = None
    """When the intent to cancel was written, before the cancel was sent."""
    cancel_trigger: str | None = None
    cancel_attempts: int = 0
    cancel_result: str | None = None
    ended_at: Moment | None = None
    """When its end was seen, or happened where the provider says so."""
    claimed_at: Moment | None = None
    """When the caller itself saw the end: its result is delivered."""
    settled_at: Moment | None = None
    outcome: str | None = None
    """The last state, fixed when it settled."""
    usage: dict[str, int] = {}
    spend_usd: Decimal | None = None
    orphaned_usd: Decimal | None = None
    avoidable_usd: Decimal | None = None
    avoided_usd: Decimal | None = None
    """Estimated bill to the natural end less the actual one; only where our cancel was confirmed. None: not known."""
    basis: str | None = None
    price_source: str | None = None
    basis_reason: str | None = None
    unpriced_reason: str | None = None
    usage_basis: str | None = None
    usage_reason: str | None = None
    told_usd: Decimal | None = None
    """What the provider itself said it asks for it."""
    tier: str | None = None
    variant: str | None = None
    served_model: str | None = None
    """The model that served, where `model`, which was asked for, is another."""
    labels: dict[str, str] = {}
    asked_seconds: int = 0
    """Seconds of video that were asked for; 0 where the request did not say."""
    asked_pieces: int = 0
    """Pieces (videos, images) that were asked for; 0 where the request did not say."""
    reclaimed_at: Moment | None = None
    """When the result of an operation that had settled as orphaned was fetched after all."""
    regretted_at: Moment | None = None
    """When somebody asked for it after we had cancelled it."""
    due_at: Moment
    """When the reaper looks at it next."""
    looks: int = 0
    """How often in a row the provider was asked without learning an end."""
    holder: str = ""
    """The instance whose reaper it is."""
    fence: int = 0
    """Grows by one with every holder; a write with an older one changes nothing."""
    trace: str | None = None
    """The W3C trace context of the request that opened it: its `traceparent`, and behind a space its `tracestate`. None where it
    had none. Kept, because the operation may settle in another process."""


OF_THE_REAPER: Final = frozenset({"due_at", "looks", "holder", "fence"})
"""Fields that the reaper works by, and that say nothing of the operation itself."""


class OperationMove(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an operation's history, written in the same transaction as the move."""

    number: int
    """From 1."""
    at: Moment
    event: OperationEvent
    state: OperationState
    """After it."""
    instance: str
    evidence: str = ""
    """Why, in a few words for people: `no poll for 61 s`, `process 4711 exited`, `HTTP 200, status cancelled`. No secret."""


def key_of(provider_id: str) -> str:
    """What an operation is found by among those of its upstream: the last segment of the provider's name for it.

    A poll may name it in full (`projects/../batchPredictionJobs/12`) or by its path alone; the last segment is in both.
    """
    return provider_id.rstrip("/").rpartition("/")[2]
