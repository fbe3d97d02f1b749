"""What the caller gets instead, when the provider's reply will not come, or not whole."""

from typing import TYPE_CHECKING

from sidecar.lifecycle.call import Downstream as Caller
from sidecar.lifecycle.events import ReplyAborted, ReplyStarted
from sidecar.providers.repeat_refusal import REFUSED_REPEAT, repeat_refused
from sidecar.proxy.failures import UpstreamError
from sidecar.proxy.replies import own_reply

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange


MAY_HAVE_WORKED = frozenset({UpstreamError.CLOSED, UpstreamError.RESET, UpstreamError.PROTOCOL})
"""Ends of a connection that say nothing of what the provider did before."""


def tell_broken(exchange: "Exchange", error: str, sentence: str) -> None:
    """The provider's connection broke. Once it may be working, that is what the caller gets, as it would without us.

    google-genai, asked to retry, sends again after a 502 and not after a connection that broke: an error of ours would have
    it pay twice where the broken connection does not.
    """
    if _may_have_worked(exchange) and error in MAY_HAVE_WORKED:
        _break_off(exchange)
    else:
        answer_instead(exchange, 502, sentence)


def answer_instead(exchange: "Exchange", status: int, sentence: str) -> None:
    """A caller that waits gets our error; one that has a part of the answer gets a broken connection, never an end.

    The SDKs take a clean end for a whole answer (google-wire.md section 6), which half of one must not be taken for.
    """
    if exchange.downstream is None:
        return
    if exchange.call.downstream in (Caller.SENDING, Caller.WAITING) and not exchange.reply.body_bytes:
        _write_error(exchange, status, sentence)
    else:
        _break_off(exchange)


def refuse_repeat(exchange: "Exchange", first: str, bound: str) -> None:
    """A retry that would be paid twice, as the first attempt's answer is too large to be handed on, goes no further."""
    exchange.request.join()
    answer_instead(exchange, REFUSED_REPEAT, repeat_refused(first, bound))
    exchange.conclude()


def _write_error(exchange: "Exchange", status: int, sentence: str) -> None:
    assert exchange.downstream is not None
    body = exchange.admission.destination.dialect.error_body(status, f"inference-sidecar: {sentence}")
    may_have_worked = _may_have_worked(exchange)
    _part(exchange)
    exchange.own_status = status
    exchange.call.receive(ReplyStarted(exchange.context.clock.now()))
    exchange.downstream.write(
        own_reply(
            status,
            body,
            keeps_alive=exchange.reply.keeps_alive(),
            has_body=exchange.request.method != b"HEAD",
            may_have_worked=may_have_worked,
            to_http10=exchange.is_http10,
        )
    )
    exchange.reply.hand_over()


def _may_have_worked(exchange: "Exchange") -> bool:
    """The provider had the request, or that of the call whose answer this one was to be given."""
    return exchange.call.committed_at is not None or exchange.joining is not None


def _part(exchange: "Exchange") -> None:
    """It is given nothing more of another call's answer."""
    if exchange.joining is not None:
        exchange.joining.left(exchange.context.clock.now())


def _break_off(exchange: "Exchange") -> None:
    _part(exchange)
    downstream, exchange.downstream = exchange.downstream, None
    if exchange.call.downstream in (Caller.WAITING, Caller.RECEIVING):
        exchange.call.receive(ReplyAborted(exchange.context.clock.now()))
    if downstream is not None:
        downstream.break_off()
