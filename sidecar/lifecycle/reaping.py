"""What is to be done next about one operation: decided here, done by the reaper. Pure.

`next_step` reads a row, the rules, and what is known beside the row, and returns one step. Nothing is decided from memory that a
row could not tell again after a crash, but for the pauses between questions. Rules for cancelling: reliability.md 0 and A.
"""

from collections.abc import Callable
from typing import Final

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.known import Known, Rules
from sidecar.lifecycle.lease import lapses_at
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, GoneReason, OperationState as S
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.step import (
    Claim,
    Conclude,
    GiveUp,
    Lapse,
    Look,
    LookUp,
    Lose,
    Release,
    Restore,
    Send,
    Settle,
    Step,
    Wait,
)

OPENING_SECONDS: Final = 900.0
"""A create request that is under way here may take so long; one that nobody waits for any more is looked up at once."""
MOST_LOOK_UPS: Final = 8
"""Listings in which an id was looked for in vain, over some ten minutes: a listing may show what is new a little late."""
RESEND_SECONDS: Final = 60.0
"""A cancel that was answered well and did nothing is sent again after so long."""
STOPPING_FACTOR: Final = 4
"""A provider that says that it is stopping gets so many times `give_up_seconds`: OpenAI's batches are `cancelling` for up to ten
minutes, and lines of Anthropic's that can't be interrupted are finished (providers-wire 5)."""
MOST_REFUSALS: Final = 4
FIRST_REFUSAL_SECONDS: Final = 60.0
"""After a refusal, and twice as long after each more."""
NO_CREDENTIAL_SECONDS: Final = 600.0
"""Between two attempts of which none had a credential: somebody may have sent a new one."""
FORGOTTEN_SECONDS: Final = 7 * 86_400.0
"""So long nothing was heard of it, from anybody: it is given up. No provider keeps what has ended for much longer."""

SILENT: Final = frozenset({GoneReason.LEASE_LAPSED, GoneReason.SIDECAR_LOST})
"""Weak reasons: nothing was seen but that nobody asked. Only these need the lease to have lapsed, and may be held back."""


def next_step(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """What is to be done now; `Wait` says until when there is nothing to do."""
    if record.settled_at is not None:
        return Release()
    if known.is_ending:
        return Wait(now + _micros(record.lease_seconds))
    return BY_STATE[record.state](record, now, rules, known)


def _opening(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """The create request is under way, or its reply is lost, and with it the id."""
    if not (known.is_inherited or known.is_reply_lost):
        # Counted anew where the clock was set: an hour forward is no hour in which the reply did not come.
        patient_until = max(record.opened_at, known.watched_from) + _micros(OPENING_SECONDS)
        if now < patient_until:
            return Wait(patient_until)
    if not known.can_find:
        return Lose("the reply of its create was lost, and it can't be looked up")
    if record.looks >= MOST_LOOK_UPS:
        return Lose(f"not found in {record.looks} listings")
    return LookUp() if now >= known.look_at else Wait(known.look_at)


def _running(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """Its caller is thought to be there. It is not looked at, because its caller does that; but once when we inherit it."""
    if known.gone is not None and not outlives_its_process(record):
        return Lapse(known.gone.reason, known.gone.evidence)
    is_checked = known.has_looked or not (known.is_inherited and known.can_look and rules.is_watching)
    if not is_checked:
        return Look() if now >= known.look_at else Wait(known.look_at)
    if record.is_detached:
        return _watched(record, now, rules, known)
    return _silence(record, now, known)


def _silence(record: OperationRecord, now: Moment, known: Known) -> Step:
    believed_at = max(lapses_at(record, known.watched_from), known.held_until)
    if now < believed_at:
        return Wait(believed_at)
    is_heir = known.is_inherited and record.renewed_at < known.watched_from
    silent = (now - max(record.renewed_at, known.watched_from)) // SECOND
    return Lapse(GoneReason.SIDECAR_LOST if is_heir else GoneReason.LEASE_LAPSED, f"no poll for {silent} s")


def _orphaned(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """Its caller is gone. A grace, then the cancel where the settings want one, else the watch."""
    if record.lapsed_at is None:
        return Restore("a cancel that somebody asked for was refused; nothing says that its caller is gone")
    if record.gone_reason in SILENT and record.lapsed_at < lapses_at(record, 0):
        return Restore("it was polled while it was judged")
    at = claimed_from(record, rules, known)
    if at is None or now < at:
        return _watched(record, now, rules, known, at)
    if not known.can_cancel:
        return Conclude(CancelResult.UNSUPPORTED, "its provider has no cancel for it")
    if not rules.is_enforcing:
        return Conclude(CancelResult.WOULD_CANCEL, "mode: observe")
    return Claim(CancelTrigger.ORPHANED)


def _cancelling(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """Send, look, and send again, until the provider itself says that it has ended, or for too long."""
    if record.cancel_trigger == CancelTrigger.ORPHANED and not rules.is_enforcing and not record.cancel_attempts:
        return Conclude(CancelResult.WOULD_CANCEL, "mode: observe, since before it was sent")
    if record.cancel_trigger != CancelTrigger.CALLER and not known.can_cancel:
        return Conclude(CancelResult.UNSUPPORTED, "its provider has no cancel for it")
    patience = rules.give_up_seconds * (STOPPING_FACTOR if known.is_stopping else 1)
    give_up_at = (record.cancel_requested_at or record.opened_at) + _micros(patience)
    if now >= give_up_at:
        return GiveUp(f"not confirmed {patience:.0f} s after the first attempt")
    send_at = _sent_from(record, rules, known)
    if send_at is not None and now >= send_at:
        return Send()
    if known.can_look and now >= known.look_at:
        return Look()
    moments = [give_up_at, known.look_at if known.can_look else give_up_at, give_up_at if send_at is None else send_at]
    return Wait(min(moments))


def _sent_from(record: OperationRecord, rules: Rules, known: Known) -> Moment | None:
    """When the cancel is to be sent (again); None for not at all, or not before the provider was asked how it stands."""
    is_wanted = rules.is_enforcing or record.cancel_trigger == CancelTrigger.ASKED
    if not is_wanted or record.cancel_trigger == CancelTrigger.CALLER or known.is_stopping:
        return None
    if known.sent_at is None:
        return known.send_at
    if known.can_look and not known.has_looked_since:
        return None
    return max(known.send_at, known.sent_at + _micros(RESEND_SECONDS)) if known.is_taken else known.send_at


def _succeeded(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """Its caller may still fetch what it made; when it has, or does not, the row settles."""
    claimed_until = (record.ended_at or record.opened_at) + _micros(rules.claim_seconds)
    return Settle() if record.claimed_at is not None or now >= claimed_until else Wait(claimed_until)


def _doubtful(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    """An end that may not be the last word (reliability.md 0.5): it is looked at on for a while."""
    confirmed_at = (record.ended_at or record.opened_at) + _micros(rules.confirm_seconds)
    if now >= confirmed_at:
        return Settle()
    if known.can_look and now >= known.look_at:
        return Look()
    return Wait(min(confirmed_at, known.look_at) if known.can_look else confirmed_at)


def _ended(record: OperationRecord, now: Moment, rules: Rules, known: Known) -> Step:
    return Settle()


BY_STATE: Final[dict[S, Callable[[OperationRecord, Moment, Rules, Known], Step]]] = {
    S.OPENING: _opening,
    S.RUNNING: _running,
    S.ORPHANED: _orphaned,
    S.CANCELLING: _cancelling,
    S.SUCCEEDED: _succeeded,
    S.FAILED: _ended,
    S.CANCELLED: _doubtful,
    S.EXPIRED: _ended,
    S.UNTRACEABLE: _ended,
    S.ABANDONED: _doubtful,
}


def outlives_its_process(record: OperationRecord) -> bool:
    """The end of the process that opened it says nothing of who wants it.

    Its caller has detached it, or has itself said for how long it may be silent: a script that submits a batch with a lease of
    two hours ends at once, and another one comes to fetch.
    """
    return record.is_detached or record.is_lease_asked


def is_cancelled_when_orphaned(record: OperationRecord, rules: Rules) -> bool:
    """The settings, or the caller's own words, want it cancelled when its caller is gone."""
    return not record.is_detached and (record.is_lease_asked or record.kind in rules.cancelled_kinds)


def claimed_from(record: OperationRecord, rules: Rules, known: Known) -> Moment | None:
    """When an orphan may be claimed for its cancel; None for never."""
    if record.lapsed_at is None or not is_cancelled_when_orphaned(record, rules):
        return None
    after_grace = record.lapsed_at + _micros(rules.grace_seconds)
    if record.gone_reason in SILENT:
        after_grace = max(after_grace, known.held_until)
        if record.lapsed_at < known.watched_from:  # it may have come back while nobody listened
            after_grace = max(after_grace, lapses_at(record, known.watched_from))
    if record.cancel_result is None or (record.cancel_result == CancelResult.WOULD_CANCEL and rules.is_enforcing):
        return after_grace
    again = _again_from(record)
    return None if again is None or not known.can_cancel or not rules.is_enforcing else max(after_grace, again)


def _again_from(record: OperationRecord) -> Moment | None:
    """When a cancel that was refused may be claimed again; None for never."""
    asked_at = record.cancel_requested_at or record.opened_at
    if record.cancel_result == CancelResult.NO_CREDENTIAL:
        return asked_at + _micros(NO_CREDENTIAL_SECONDS)
    if record.cancel_result == CancelResult.REFUSED and record.cancel_attempts < MOST_REFUSALS:
        return asked_at + _micros(FIRST_REFUSAL_SECONDS * 2**record.cancel_attempts)
    return None


def _watched(record: OperationRecord, now: Moment, rules: Rules, known: Known, until: Moment | None = None) -> Step:
    """Ask every now and then how it stands; give up what nobody knows anything of any more."""
    forgotten_at = max(record.renewed_at, known.watched_from, known.heard_at) + _micros(FORGOTTEN_SECONDS)
    if now >= forgotten_at:
        return GiveUp(f"nothing was heard of it for {FORGOTTEN_SECONDS / 86_400:.0f} days")
    end = forgotten_at if until is None else min(until, forgotten_at)
    if not known.can_look or not rules.is_watching:
        return Wait(end)
    return Look() if now >= known.look_at else Wait(min(end, known.look_at))


def _micros(seconds: float) -> Moment:
    return int(seconds * SECOND)
