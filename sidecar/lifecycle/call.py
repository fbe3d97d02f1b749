"""A call: two halves that end separately, and how it is judged when both have ended.

Rule 1: everything that says how a call is judged lives in this file, as a table; which event may follow which says
`halves.py`. Rule 2: nothing here reads a clock or a socket; events carry their moment.

The downstream half is the caller's connection, the upstream half the provider's. A call is *orphaned* when the caller
leaves while the provider has the request and the answer's end has not been handed over.
"""

from enum import StrEnum
from typing import Any

from sidecar.clock import Moment
from sidecar.errors import IllegalEvent
from sidecar.lifecycle.events import (
    DownstreamLeft,
    DownstreamTookReply,
    Event,
    LeftReason,
    UpstreamAnswered,
    UpstreamCommitted,
    UpstreamFinished,
)
from sidecar.lifecycle.halves import LEGAL_MOVES, Downstream, Upstream

__all__ = ["AFTER_AN_ERROR", "ERROR_STATUS", "LIVE_UPSTREAM", "OUTCOMES", "Call", "Downstream", "Outcome", "Upstream"]


class Outcome(StrEnum):
    """How a call ended. Each value's docstring is its row of README's outcomes table."""

    DELIVERED = "delivered"
    """The answer was handed over. Also when the caller closed right after the last frame."""
    REJECTED = "rejected"
    """The provider declined (HTTP status 400 or above) and its error was delivered; no spend unless it reports usage."""
    REFUSED = "refused"
    """We answered; the provider never had the request and nothing was spent."""
    LEFT_EARLY = "left_early"
    """The caller left before the provider had the whole request; nothing was spent. Also a retry that left without having got the
    answer that it joined."""
    UPSTREAM_FAILED = "upstream_failed"
    """The provider, or the network to it, broke the exchange."""
    CUT_SHORT = "cut_short"
    """A limit of ours or a drain ended a call whose caller was there. Also an answer in a socket whose caller went on with its
    session in another, in time: what it had got of it is delivered."""
    UNDELIVERED = "undelivered"
    """The provider had finished, and the caller left before the answer was handed over."""
    ORPHAN_FINISHED = "orphan_finished"
    """The caller left and the provider worked to the end, for nobody."""
    ORPHAN_CUT = "orphan_cut"
    """The caller left and we closed the connection; what that saved depends on the provider."""
    ORPHAN_FAILED = "orphan_failed"
    """The caller left and the provider failed or declined afterwards."""
    RESCUED = "rescued"
    """The caller left, and its retry was given this call's answer: the spend is delivered, and was paid once."""
    JOINED = "joined"
    """A retry that was given the answer to the call that it repeats (`attempt_of`); no spend of its own."""
    LOST = "lost"
    """The sidecar died while the call ran; found at the next start, and nothing is made up."""


D, U, O = Downstream, Upstream, Outcome  # noqa: E741  the table below is read by its columns
OUTCOMES: dict[tuple[Downstream, Upstream, bool], Outcome] = {
    # downstream, upstream, orphaned
    (D.SERVED, U.FINISHED, False): O.DELIVERED,
    (D.SERVED, U.UNSENT, False): O.REFUSED,
    (D.SERVED, U.FAILED, False): O.UPSTREAM_FAILED,
    (D.HUNG_UP, U.FAILED, False): O.UPSTREAM_FAILED,
    (D.GONE, U.FAILED, False): O.UPSTREAM_FAILED,
    (D.SERVED, U.CUT, False): O.CUT_SHORT,
    (D.HUNG_UP, U.CUT, False): O.CUT_SHORT,
    (D.GONE, U.CUT, False): O.CUT_SHORT,
    (D.GONE, U.UNSENT, False): O.LEFT_EARLY,
    (D.GONE, U.FINISHED, False): O.UNDELIVERED,
    (D.GONE, U.FINISHED, True): O.ORPHAN_FINISHED,
    (D.GONE, U.CUT, True): O.ORPHAN_CUT,
    (D.GONE, U.FAILED, True): O.ORPHAN_FAILED,
    (D.TAKEN, U.FINISHED, False): O.RESCUED,  # it had ended when its caller left
    (D.TAKEN, U.FINISHED, True): O.RESCUED,
    (D.TAKEN, U.CUT, True): O.RESCUED,  # behind the terminal event, which the retry has
    (D.TAKEN, U.FAILED, True): O.RESCUED,
    (D.SERVED, U.GIVEN, False): O.JOINED,
    (D.GONE, U.JOINED, False): O.LEFT_EARLY,  # the call that it repeats is orphaned as before, and counted there
    (D.GONE, U.GIVEN, False): O.LEFT_EARLY,
}
"""Settled states. HTTP errors and `left_early` refine them in `Call.outcome`; `lost` is written by the ledger."""

LIVE_UPSTREAM = frozenset({U.COMMITTED, U.ANSWERING})
ERROR_STATUS = 400
AFTER_AN_ERROR = {O.DELIVERED: O.REJECTED, O.JOINED: O.REJECTED, O.ORPHAN_FINISHED: O.ORPHAN_FAILED}
"""What an outcome becomes when the provider's reply was an HTTP error. An error saves nobody: taken by a retry, it is judged as
if it had not been."""
KEPT = frozenset({UpstreamCommitted, UpstreamAnswered, UpstreamFinished, DownstreamLeft, DownstreamTookReply})


class Call:
    """The two halves of one call, their moments, and how it ended.

    `receive` takes every event in; an event that the state does not allow raises `IllegalEvent` and changes nothing.
    """

    __slots__ = (
        "answered_at", "committed_at", "downstream", "finished_at", "is_orphaned", "left_at", "left_before_sent",
        "left_reason", "status", "upstream",
    )  # fmt: skip

    def __init__(self) -> None:
        self.downstream = Downstream.SENDING
        self.upstream = Upstream.UNSENT
        self.is_orphaned = False
        self.left_before_sent = False
        self.left_reason: LeftReason | None = None
        self.status: int | None = None
        self.committed_at: Moment | None = None
        self.answered_at: Moment | None = None
        self.left_at: Moment | None = None
        self.finished_at: Moment | None = None

    def __repr__(self) -> str:
        orphaned = " orphaned" if self.is_orphaned else ""
        return f"<Call {self.downstream.name}/{self.upstream.name}{orphaned}>"

    def receive(self, event: Event) -> None:
        """Take one event in: move its half and keep its moment.

        Raises:
            IllegalEvent: the event may not come in this state; nothing has changed.
        """
        kind = type(event)
        halves = LEGAL_MOVES[self.downstream][self.upstream].get(kind)
        if halves is None:
            raise IllegalEvent(kind.__name__, repr(self))
        if kind in KEPT:
            self._keep(kind, event)
        self.downstream, self.upstream = halves

    def _keep(self, kind: type[Event], event: Any) -> None:  # noqa: ANN401  of that kind; `match` would take three times as long
        """Remember the moment, and what is only known before the halves move."""
        if kind is UpstreamCommitted:
            self.committed_at = event.at
        elif kind is UpstreamAnswered:
            self.answered_at, self.status = event.at, event.status
            if self.upstream is Upstream.UNSENT:
                self.committed_at = event.at
        elif kind is UpstreamFinished:
            self.finished_at = event.at
        elif kind is DownstreamLeft:
            self.left_at, self.left_reason = event.at, event.reason
            self.is_orphaned = self.is_live_upstream
            self.left_before_sent = self.upstream is Upstream.UNSENT
        elif kind is DownstreamTookReply:
            self.left_at = self.left_reason = None
            self.is_orphaned = False

    @property
    def is_declined(self) -> bool:
        """The provider's reply is an HTTP error."""
        return self.status is not None and self.status >= ERROR_STATUS

    @property
    def is_live_upstream(self) -> bool:
        """The provider has the whole request and has not ended: what it does now costs money."""
        return self.upstream in LIVE_UPSTREAM

    @property
    def outcome(self) -> Outcome | None:
        """How the call ended, or None while it is open."""
        is_error = self.status is not None and self.status >= ERROR_STATUS
        downstream = Downstream.GONE if is_error and self.downstream is Downstream.TAKEN else self.downstream
        ended = OUTCOMES.get((downstream, self.upstream, self.is_orphaned))
        if ended is not None and self.left_before_sent:
            return Outcome.LEFT_EARLY
        return AFTER_AN_ERROR.get(ended, ended) if is_error and ended is not None else ended
