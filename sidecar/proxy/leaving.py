"""What follows when the caller's end of the connection has ended. Decides by the rules; the exchange performs."""

from typing import TYPE_CHECKING

from sidecar.callers.peer import seconds_since_heard
from sidecar.clock import Moment
from sidecar.lifecycle import policy
from sidecar.lifecycle.call import Downstream as Caller, Upstream as Provider
from sidecar.lifecycle.events import DownstreamLeft, LeftReason
from sidecar.proxy.following import Following
from sidecar.proxy.replying import LAST_CHUNK

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange


def left(
    exchange: "Exchange", reason: LeftReason, at: Moment, *, may_only_be_half: bool = False, has_arrived: bool = True
) -> None:
    """The caller's end has ended. With `may_only_be_half` it is taken for gone, and written to nevertheless.

    `has_arrived` is False when the sign of it is still on its way, so that how long it lay unseen can't be asked.
    """
    caller = exchange.call.downstream
    if exchange.is_settled or caller in (Caller.SERVED, Caller.HUNG_UP):
        detach(exchange)
    elif caller is Caller.GONE:  # thought gone, written to nevertheless, and now known to be gone
        exchange.awaits_handover = False
        detach(exchange)
    elif (reason is LeftReason.FIN and _has_taken_answer(exchange)) or _lacks_only_framing(exchange):
        _close_after_answer(exchange, at)
    else:
        detection_seconds = _detection_seconds(exchange, reason) if has_arrived else None
        seen = DownstreamLeft(at, _reason_in_pod(exchange, reason))
        _depart(exchange, seen, detection_seconds, may_only_be_half)
    exchange.conclude()


def detach(exchange: "Exchange") -> None:
    """Let go of the caller's connection; one that is there after all must not take a part of a reply for a whole one."""
    downstream, exchange.downstream = exchange.downstream, None
    if downstream is not None and exchange.call.downstream is Caller.SERVED:
        downstream.leave()
    elif downstream is not None:
        downstream.break_off()
    exchange.reply.took_all()  # it may have been a slow reader


def _has_taken_answer(exchange: "Exchange") -> bool:
    """The end of the answer was handed over, even if bytes behind it are still to come."""
    is_whole = exchange.awaits_handover or _has_terminal(exchange)
    is_receiving = exchange.call.downstream is Caller.RECEIVING
    return is_whole and is_receiving and not exchange.reply.head_waits and not exchange.reply.unacknowledged()


def _lacks_only_framing(exchange: "Exchange") -> bool:
    """The terminal event is there, and of what was written last at most the framing's end was not read.

    openai 3.54 and mistralai 3.7 close behind `[DONE]`. Where `0 CRLF CRLF` has come by then, their kernel answers the close
    with a reset, of which it can't be told what was unread: one stream in eight (measured). A program that is killed in just
    this moment is taken to have had the answer, of which it had read all but the framing.
    """
    return _has_terminal(exchange) and exchange.awaits_handover and exchange.reply.unacknowledged() <= len(LAST_CHUNK)


def _has_terminal(exchange: "Exchange") -> bool:
    """The end of the answer has been read, which may be another call's."""
    if exchange.joining is not None:
        return exchange.joining.has_terminal
    return exchange.account is not None and exchange.account.has_terminal


def _close_after_answer(exchange: "Exchange", at: Moment) -> None:
    """Agents and the Interactions API close right after the last frame: no loss. The rest is read for the record."""
    exchange.awaits_handover = False
    exchange.served(at)
    detach(exchange)
    if exchange.call.upstream is Provider.ANSWERING:
        perform(exchange, policy.ANSWER_TAKEN)


def _depart(
    exchange: "Exchange", seen: DownstreamLeft, detection_seconds: float | None, may_only_be_half: bool
) -> None:
    account = exchange.account
    may_only_be_half = may_only_be_half and exchange.joining is None  # it has no reply of its own to go on with
    exchange.awaits_handover = exchange.awaits_handover and may_only_be_half
    if account is not None:
        account.left(seen.reason, seen.at, detection_seconds, has_received=exchange.reply.body_bytes > 0)
    exchange.call.receive(seen)
    command = decide(exchange, account.grace_seconds() if account is not None else 0.0)
    if not may_only_be_half or isinstance(command, policy.CutUpstream):
        detach(exchange)
    if command is not None:
        perform(exchange, command)
    if account is not None and account.may_be_rescued and exchange.joining is None:
        exchange.context.shelf.left(exchange, account, command)


def decide(exchange: "Exchange", grace_seconds: float) -> policy.Command | None:
    """What the rules say about the provider's half; None when it has ended, or there is none.

    `grace_seconds` is how long a retry may take that could be given the answer.
    """
    if exchange.call.upstream is Provider.UNSENT:
        return policy.NOT_SENT
    if not exchange.call.is_orphaned:
        return None
    account, context, operation = exchange.account, exchange.context, exchange.operation
    if account is None:
        opens_one = operation is not None and operation.must_be_followed
        return policy.OPENS_OPERATION if opens_one else policy.NOT_A_CALL
    on_close = exchange.admission.destination.on_close(account.route, account.record.kind, account.record.model)
    followed, bounds = context.followed, context.limits.follow
    command = policy.on_departure(exchange.admission.wish, on_close, followed, bounds, grace_seconds)
    if command is policy.TOO_MANY:
        context.recorder.limit_reached("calls.follow.max_calls")
    return command


def perform(exchange: "Exchange", command: policy.Command) -> None:
    """Do what was decided."""
    if isinstance(command, policy.CutUpstream):
        exchange.cut(command)
        return
    held = command if isinstance(command, policy.HoldUpstream) else None
    exchange.following = Following(exchange.context, exchange.cut, held=held)
    if exchange.account is not None and command is not policy.ANSWER_TAKEN:
        exchange.account.decided(command)


def _reason_in_pod(exchange: "Exchange", reason: LeftReason) -> LeftReason:
    """Why the caller left: when its pod is ending, how the connection ended says nothing more."""
    is_closed = reason in (LeftReason.FIN, LeftReason.RST)
    return LeftReason.POD_ENDING if is_closed and exchange.context.pod_is_ending else reason


def _detection_seconds(exchange: "Exchange", reason: LeftReason) -> float | None:
    """Seconds from the arrival of the caller's FIN to now. A reset leaves no trace of when it came: None."""
    if reason is not LeftReason.FIN or exchange.downstream is None:
        return None
    return seconds_since_heard(exchange.downstream.socket)
