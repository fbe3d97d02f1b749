"""What a decision about an operation is made from beside its row: the settings, and what is known in memory only."""

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.operation import GoneReason, OperationKind


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that decide, in seconds."""

    is_enforcing: bool
    """Cancels may be sent because a caller is gone; otherwise only because somebody asked."""
    is_watching: bool
    """The provider may be asked about operations that nobody wants to cancel."""
    cancelled_kinds: frozenset[OperationKind]
    """Those that are cancelled when their caller is gone; others only where the caller gave the lease itself."""
    lease_seconds: float
    grace_seconds: float
    claim_seconds: float
    confirm_seconds: float
    give_up_seconds: float


class Gone(msgspec.Struct, frozen=True):
    """Better evidence than silence that a caller is gone."""

    reason: GoneReason
    evidence: str


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an operation beside its row. All of it may be forgotten: then more is asked, and nothing is done early."""

    watched_from: Moment
    """Since when its caller could be heard (`lease.lapses_at`)."""
    held_until: Moment = 0
    """Silence alone is not acted upon before."""
    is_inherited: bool = False
    """It was opened before our start, or by a sidecar that is dead; nobody here waits for the reply of its create."""
    is_reply_lost: bool = False
    """The reply of its create will never come."""
    gone: Gone | None = None
    is_ending: bool = False
    """Its end has passed by here, and is not written yet: nothing that the row says is the last word."""
    can_look: bool = True
    """We know how its provider is asked about it."""
    can_cancel: bool = True
    """Its provider has a cancel for it, as far as we have seen."""
    can_find: bool = False
    """Its provider can list, and the create request gave it a name to look for."""
    has_looked: bool = False
    """Since we hold it."""
    heard_at: Moment = 0
    """When the provider last answered about it."""
    look_at: Moment = 0
    """Not asked about before: a pause, or the provider's wish (`Retry-After`)."""
    sent_at: Moment | None = None
    """When the cancel was sent last; None when this process has not sent one."""
    send_at: Moment = 0
    """Not sent before."""
    has_looked_since: bool = False
    """The provider was asked about it after the cancel that was sent last."""
    is_taken: bool = False
    """That cancel was answered well. It is no end."""
    is_stopping: bool = False
    """The provider says that it is stopping."""
