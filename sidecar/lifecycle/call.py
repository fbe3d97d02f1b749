"""A call is two halves that end separately.

Rule 1: everything that says which event may follow which, and how a call is judged in the end, lives in this file, as
tables (the manner of h11's `_state.py`). Rule 2: nothing here reads a clock or a socket; events carry their moment.

The downstream half is the caller's connection, the upstream half the provider's. A call is *orphaned* when the caller
leaves while the provider has the request and the answer's end has not been handed over.
"""

from enum import Enum, StrEnum, auto
from typing import Any

from sidecar.clock import Moment
from sidecar.errors import IllegalEvent
from sidecar.lifecycle.events import (
    DownstreamLeft,
    DownstreamTookReply,
    Event,
    LeftReason,
    ReplyAborted,
    ReplyFinished,
    ReplyStarted,
    RequestReceived,
    UpstreamAnswered,
    UpstreamCommitted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
)


class Downstream(Enum):
    """The caller's half."""

    __hash__ = object.__hash__  # members are single objects; Enum's own hash is a Python function before 3.12

    SENDING = auto()
    """The request is being read."""
    WAITING = auto()
    """The whole request was read; no byte of a reply was written."""
    RECEIVING = auto()
    """The reply is being written."""
    SERVED = auto()
    """The reply was handed over."""
    HUNG_UP = auto()
    """We broke the connection."""
    GONE = auto()
    """The caller left."""


class Upstream(Enum):
    """The provider's half."""

    __hash__ = object.__hash__

    UNSENT = auto()
    """The provider has not had the whole request: nothing can have been spent."""
    COMMITTED = auto()
    """The provider has the request; no reply yet."""
    ANSWERING = auto()
    """The head of the reply was read."""
    FINISHED = auto()
    """The reply was read to its end."""
    FAILED = auto()
    """The provider or the network broke it."""
    CUT = auto()
    """We closed the connection."""


D, U = Downstream, Upstream

DOWNSTREAM_MOVES: dict[tuple[Downstream, type[Event]], Downstream] = {
    (D.SENDING, RequestReceived): D.WAITING,
    (D.RECEIVING, RequestReceived): D.RECEIVING,  # the provider answered before the request had ended
    (D.GONE, RequestReceived): D.GONE,  # thought gone at a FIN that was seen before the bytes in front of it
    (D.SENDING, ReplyStarted): D.RECEIVING,
    (D.WAITING, ReplyStarted): D.RECEIVING,
    (D.RECEIVING, ReplyFinished): D.SERVED,
    (D.WAITING, ReplyAborted): D.HUNG_UP,  # the provider's connection broke unanswered, and so does ours
    (D.RECEIVING, ReplyAborted): D.HUNG_UP,
    (D.SENDING, DownstreamLeft): D.GONE,
    (D.WAITING, DownstreamLeft): D.GONE,
    (D.RECEIVING, DownstreamLeft): D.GONE,
    (D.GONE, DownstreamTookReply): D.SERVED,
}

UPSTREAM_MOVES: dict[tuple[Upstream, type[Event]], Upstream] = {
    (U.UNSENT, UpstreamCommitted): U.COMMITTED,
    (U.UNSENT, UpstreamAnswered): U.ANSWERING,  # an early answer counts as committed
    (U.COMMITTED, UpstreamAnswered): U.ANSWERING,
    (U.ANSWERING, UpstreamFinished): U.FINISHED,
    (U.UNSENT, UpstreamFailed): U.FAILED,
    (U.COMMITTED, UpstreamFailed): U.FAILED,
    (U.ANSWERING, UpstreamFailed): U.FAILED,
    (U.UNSENT, UpstreamCut): U.CUT,
    (U.COMMITTED, UpstreamCut): U.CUT,
    (U.ANSWERING, UpstreamCut): U.CUT,
}

REQUIRES: dict[type[Event] | tuple[Upstream, type[Event]], frozenset[Upstream] | frozenset[Downstream]] = {
    # A reply is the provider's, or ours once we know that the provider's will not come.
    ReplyStarted: frozenset(U) - {U.COMMITTED},
    # ANSWERING: the terminal event was handed over and the caller closed without waiting for the last byte.
    ReplyFinished: frozenset(U) - {U.COMMITTED},
    ReplyAborted: frozenset({U.FAILED, U.CUT}),
    DownstreamTookReply: frozenset({U.FINISHED}),  # only a reply that came whole can have been taken whole
    # The end of a request is sent once it was received, and not when its caller has left or is being answered by us.
    UpstreamCommitted: frozenset({D.WAITING}),
    (U.UNSENT, UpstreamAnswered): frozenset({D.SENDING, D.WAITING}),
    (U.UNSENT, UpstreamFailed): frozenset(D) - {D.SERVED},  # a call that we refused is settled
    (U.UNSENT, UpstreamCut): frozenset(D) - {D.SERVED},
}
"""What the *other* half must be in for an event to be legal: by event, or by state and event where the state matters."""


class Outcome(StrEnum):
    """How a call ended. Each value's docstring is its row of README's outcomes table."""

    DELIVERED = "delivered"
    """The answer was handed over. Also when the caller closed right after the last frame."""
    REJECTED = "rejected"
    """The provider declined (HTTP status 400 or above) and its error was delivered; no spend unless it reports usage."""
    REFUSED = "refused"
    """We answered; the provider never had the request and nothing was spent."""
    LEFT_EARLY = "left_early"
    """The caller left before the provider had the whole request; nothing was spent."""
    UPSTREAM_FAILED = "upstream_failed"
    """The provider, or the network to it, broke the exchange."""
    CUT_SHORT = "cut_short"
    """A limit of ours or a drain ended a call whose caller was there."""
    UNDELIVERED = "undelivered"
    """The provider had finished, and the caller left before the answer was handed over."""
    ORPHAN_FINISHED = "orphan_finished"
    """The caller left and the provider worked to the end, for nobody."""
    ORPHAN_CUT = "orphan_cut"
    """The caller left and we closed the connection; what that saved depends on the provider."""
    ORPHAN_FAILED = "orphan_failed"
    """The caller left and the provider failed or declined afterwards."""
    LOST = "lost"
    """The sidecar died while the call ran; found at the next start, and nothing is made up."""


O = Outcome  # noqa: E741  the table below is read by its columns
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
}
"""Settled states. HTTP errors and `left_early` refine them in `Call.outcome`; `lost` is written by the ledger."""

LIVE_UPSTREAM = frozenset({U.COMMITTED, U.ANSWERING})
ERROR_STATUS = 400
AFTER_AN_ERROR = {Outcome.DELIVERED: Outcome.REJECTED, Outcome.ORPHAN_FINISHED: Outcome.ORPHAN_FAILED}
"""What an outcome becomes when the provider's reply was an HTTP error."""


def _legal_moves(downstream: Downstream, upstream: Upstream) -> dict[type[Event], tuple[Downstream, Upstream]]:
    """Every event that may come in a joint state, and what the halves become."""
    moves = {}
    for (own, kind), becomes in DOWNSTREAM_MOVES.items():
        if own is downstream and upstream in REQUIRES.get(kind, U):
            moves[kind] = (becomes, upstream)
    for (source, kind), end in UPSTREAM_MOVES.items():
        if source is upstream and downstream in REQUIRES.get((source, kind), REQUIRES.get(kind, D)):
            moves[kind] = (downstream, end)
    return moves


LEGAL_MOVES = {own: {other: _legal_moves(own, other) for other in U} for own in D}
"""The tables above, joined once: every call asks half a dozen times."""
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
            self.committed_at = event.at if self.committed_at is None else self.committed_at
        elif kind is UpstreamFinished:
            self.finished_at = event.at
        elif kind is DownstreamLeft:
            self.left_at, self.left_reason = event.at, event.reason
            self.is_orphaned = self.upstream in LIVE_UPSTREAM
            self.left_before_sent = self.upstream is Upstream.UNSENT
        elif kind is DownstreamTookReply:
            self.left_at = self.left_reason = None
            self.is_orphaned = False

    @property
    def outcome(self) -> Outcome | None:
        """How the call ended, or None while it is open."""
        ended = OUTCOMES.get((self.downstream, self.upstream, self.is_orphaned))
        if ended is not None and self.left_before_sent:
            return Outcome.LEFT_EARLY
        is_error = self.status is not None and self.status >= ERROR_STATUS
        return AFTER_AN_ERROR.get(ended, ended) if is_error and ended is not None else ended
