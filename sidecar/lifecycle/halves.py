"""The two halves of a call, and which event may follow which: tables (the manner of h11's `_state.py`).

The downstream half is the caller's connection, the upstream half the provider's. They end separately:

    downstream   SENDING -> WAITING -> RECEIVING -> SERVED, or HUNG_UP: we broke it
                 GONE from each of the first three; then TAKEN where its retry got the answer,
                 or SERVED where it had closed only its sending half
    upstream     UNSENT -> COMMITTED -> ANSWERING -> FINISHED
                 UNSENT -> JOINED -> GIVEN: a retry, which has no work of its own at the provider
                 FAILED or CUT from each that has not ended

Rule 1: everything that says which event may follow which lives in this file. Rule 2: nothing here reads a clock or a socket.
"""

from enum import Enum, auto

from sidecar.lifecycle.events import (
    AnswerTaken,
    DownstreamLeft,
    DownstreamTookReply,
    Event,
    ReplyAborted,
    ReplyFinished,
    ReplyStarted,
    RequestReceived,
    UpstreamAnswered,
    UpstreamCommitted,
    UpstreamCut,
    UpstreamFailed,
    UpstreamFinished,
    UpstreamJoined,
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
    TAKEN = auto()
    """The caller left, and its retry has got the whole answer."""


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
    JOINED = auto()
    """None of its own: it waits for the answer to the call that it repeats, which was abandoned."""
    GIVEN = auto()
    """It is given that answer: the head is there."""


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
    (D.GONE, AnswerTaken): D.TAKEN,
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
    (U.UNSENT, UpstreamJoined): U.JOINED,
    (U.JOINED, UpstreamAnswered): U.GIVEN,
    (U.JOINED, UpstreamFailed): U.FAILED,  # what happens to the other call's answer happens to its own
    (U.GIVEN, UpstreamFailed): U.FAILED,
    (U.JOINED, UpstreamCut): U.CUT,
    (U.GIVEN, UpstreamCut): U.CUT,
}

STILL_THERE = frozenset({D.WAITING, D.RECEIVING})
"""The caller of a retry that joined. Once it has left or was served, it waits for nobody, and nothing happens to it."""

REQUIRES: dict[type[Event] | tuple[Upstream, type[Event]], frozenset[Upstream] | frozenset[Downstream]] = {
    # A reply is the provider's, or ours once we know that the provider's will not come.
    ReplyStarted: frozenset(U) - {U.COMMITTED, U.JOINED},
    # ANSWERING: the terminal event was handed over and the caller closed without waiting for the last byte.
    ReplyFinished: frozenset(U) - {U.COMMITTED, U.JOINED},
    ReplyAborted: frozenset({U.FAILED, U.CUT}),
    DownstreamTookReply: frozenset({U.FINISHED}),  # only a reply that came whole can have been taken whole
    AnswerTaken: frozenset({U.ANSWERING, U.FINISHED}),  # by a retry, which may close behind the terminal event as well
    # The end of a request is sent once it was received, and not when its caller has left or is being answered by us.
    UpstreamCommitted: frozenset({D.WAITING}),
    (U.UNSENT, UpstreamAnswered): frozenset({D.SENDING, D.WAITING}),
    (U.UNSENT, UpstreamFailed): frozenset(D) - {D.SERVED},  # a call that we refused is settled
    (U.UNSENT, UpstreamCut): frozenset(D) - {D.SERVED},
    UpstreamJoined: frozenset({D.WAITING}),  # only a request that was read whole is known to repeat another
    (U.JOINED, UpstreamAnswered): frozenset({D.WAITING}),
    (U.JOINED, UpstreamFailed): STILL_THERE,
    (U.JOINED, UpstreamCut): STILL_THERE,
    (U.GIVEN, UpstreamFailed): STILL_THERE,
    (U.GIVEN, UpstreamCut): STILL_THERE,
}
"""What the *other* half must be in for an event to be legal: by event, or by state and event where the state matters."""


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
