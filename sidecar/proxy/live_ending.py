"""What follows when something happens to an end of a socket, or to the socket as a whole. A table; `live_socket.py` performs.

Rule 1: everything that says how a socket ends lives in this file, and nothing else ends one. Rule 2: nothing here reads a clock
or a connection.

A socket whose caller leaves amid an answer has its provider's end closed at once: no provider has another lever. One whose work
is to be read on keeps that end, and loses only its caller's. A caller whose provider is gone is never reset: what it has not read
yet would be lost, and that no close frame came says enough (RFC 6455 section 7.1.5: 1006).
"""

from enum import Enum, StrEnum, auto

import msgspec

from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import DRAIN, CutUpstream
from sidecar.telemetry.sockets import SocketEnd
from sidecar.websocket.closing import CloseCode


class Phase(Enum):
    """Where a socket stands."""

    __hash__ = object.__hash__

    OPEN = auto()
    CLOSING = auto()
    """One of the two has sent a close frame, and the other is to answer it (RFC 6455 section 7)."""
    FOLLOWING = auto()
    """The caller has left, and the provider is read on."""
    ENDING = auto()
    """Both connections are being closed: nothing passes any more."""


class Sign(Enum):
    """What was seen."""

    __hash__ = object.__hash__

    CALLER_CLOSED = auto()
    """A close frame came from the caller."""
    CALLER_ENDED = auto()
    """The caller's connection ended in order, with a close frame before or without."""
    CALLER_RESET = auto()
    CALLER_STALLED = auto()
    """The caller has taken nothing for too long."""
    PROVIDER_CLOSED = auto()
    PROVIDER_ENDED = auto()
    PROVIDER_RESET = auto()
    PROVIDER_STALLED = auto()
    TOO_LARGE = auto()
    """One of them sends a message that is larger than is allowed."""
    IDLE = auto()
    """Nothing has passed for too long."""
    FOLLOWED_ENOUGH = auto()
    """A bound of reading on was reached."""
    CALLS_ENDED = auto()
    """The last of the answers that were read on has ended."""
    DRAIN = auto()
    """The sidecar is ending; answers under way may end before."""
    DRAIN_OVER = auto()
    """They may no longer."""
    STOPPED = auto()
    """The sidecar goes now."""
    CLOSED_LATE = auto()
    """The close frame was not answered in time."""


class Fate(Enum):
    """What becomes of the answers under way."""

    GO_ON = auto()
    LEFT = auto()
    """Their caller has left; what else becomes of them depends on whether the provider is read on."""
    FAILED = auto()
    """The provider, or the network to it, broke them off."""
    CUT = auto()
    """We did."""


class Manner(StrEnum):
    """How one of the two connections is ended."""

    STAYS = "stays"
    ENDED = "ended"
    """In order: what was written gets there."""
    TOLD = "told"
    """In order, behind a close frame of ours where one fits."""
    CUT = "cut"
    """The same, and at once: what it still sends is answered by a reset."""
    BROKEN = "broken"
    """With a reset."""


class Verdict(msgspec.Struct, frozen=True):
    """What is to be done."""

    phase: Phase
    """What the socket's phase becomes."""
    calls: Fate = Fate.GO_ON
    caller: Manner = Manner.STAYS
    provider: Manner = Manner.STAYS
    code: CloseCode = CloseCode.GOING_AWAY
    """What a close frame of ours says."""
    end: SocketEnd | None = None
    """How the socket will be counted, where nothing said so before."""
    because: CutUpstream = DRAIN
    """Why the answers under way are cut, where they are."""


P, S, F, M, E = Phase, Sign, Fate, Manner, SocketEnd

TOO_LARGE = CutUpstream("message_too_large")
IDLE = CutUpstream("idle")
STALLED = CutUpstream("upstream_stalled")
UNANSWERED = CutUpstream("close_unanswered")

OURS: dict[Sign, Verdict] = {
    S.TOO_LARGE: Verdict(P.ENDING, F.CUT, M.TOLD, M.CUT, CloseCode.MESSAGE_TOO_BIG, E.CUT, TOO_LARGE),
    S.IDLE: Verdict(P.ENDING, F.CUT, M.TOLD, M.CUT, CloseCode.GOING_AWAY, E.CUT, IDLE),
    S.PROVIDER_STALLED: Verdict(P.ENDING, F.CUT, M.TOLD, M.BROKEN, CloseCode.INTERNAL_ERROR, E.CUT, STALLED),
    S.DRAIN_OVER: Verdict(P.ENDING, F.CUT, M.TOLD, M.CUT, CloseCode.GOING_AWAY, E.CUT, DRAIN),
}
"""What we end, whether or not an answer is under way. Of a stall 1014 (bad gateway) would say more; wsproto 1.3 rejects it."""

QUIET: dict[Sign, Verdict] = OURS | {
    S.CALLER_CLOSED: Verdict(P.CLOSING, end=E.CALLER),
    S.CALLER_ENDED: Verdict(P.ENDING, caller=M.ENDED, provider=M.TOLD, end=E.CALLER),
    S.CALLER_RESET: Verdict(P.ENDING, caller=M.BROKEN, provider=M.CUT, end=E.CALLER),
    S.CALLER_STALLED: Verdict(P.ENDING, caller=M.BROKEN, provider=M.CUT, end=E.CALLER),
    S.PROVIDER_CLOSED: Verdict(P.CLOSING, end=E.PROVIDER),
    S.PROVIDER_ENDED: Verdict(P.ENDING, caller=M.ENDED, provider=M.ENDED, end=E.PROVIDER),
    S.PROVIDER_RESET: Verdict(P.ENDING, caller=M.ENDED, provider=M.BROKEN, end=E.BROKEN),
    S.DRAIN: Verdict(P.ENDING, caller=M.TOLD, provider=M.TOLD, end=E.CUT),
}
"""No answer is under way: nobody leaves anything."""

LEAVING: dict[Sign, LeftReason] = {
    S.CALLER_CLOSED: LeftReason.CLOSED,
    S.CALLER_ENDED: LeftReason.FIN,
    S.CALLER_RESET: LeftReason.RST,
    S.CALLER_STALLED: LeftReason.WRITE_STALLED,
}
"""By what a caller leaves."""

AMID_CALLS: dict[Sign, Verdict] = OURS | {
    S.CALLER_CLOSED: Verdict(P.ENDING, F.LEFT, M.TOLD, M.CUT, CloseCode.NORMAL, E.LEFT),
    S.CALLER_ENDED: Verdict(P.ENDING, F.LEFT, M.ENDED, M.CUT, end=E.LEFT),
    S.CALLER_RESET: Verdict(P.ENDING, F.LEFT, M.BROKEN, M.CUT, end=E.LEFT),
    S.CALLER_STALLED: Verdict(P.ENDING, F.LEFT, M.BROKEN, M.CUT, end=E.LEFT),
    S.PROVIDER_CLOSED: Verdict(P.CLOSING, F.FAILED, end=E.BROKEN),
    S.PROVIDER_ENDED: Verdict(P.ENDING, F.FAILED, M.ENDED, M.ENDED, end=E.BROKEN),
    S.PROVIDER_RESET: Verdict(P.ENDING, F.FAILED, M.ENDED, M.BROKEN, end=E.BROKEN),
}
"""Answers are under way."""

CLOSING: dict[Sign, Verdict] = {
    S.CALLER_CLOSED: Verdict(P.CLOSING),
    S.CALLER_ENDED: Verdict(P.ENDING, caller=M.ENDED, provider=M.ENDED),
    S.CALLER_RESET: Verdict(P.ENDING, caller=M.BROKEN, provider=M.CUT),
    S.CALLER_STALLED: Verdict(P.ENDING, caller=M.BROKEN, provider=M.CUT),
    S.PROVIDER_CLOSED: Verdict(P.CLOSING, F.FAILED),
    S.PROVIDER_ENDED: Verdict(P.ENDING, F.FAILED, M.ENDED, M.ENDED),
    S.PROVIDER_RESET: Verdict(P.ENDING, F.FAILED, M.ENDED, M.BROKEN),
    S.PROVIDER_STALLED: Verdict(P.ENDING, F.CUT, M.ENDED, M.BROKEN, because=STALLED),
    S.TOO_LARGE: Verdict(P.ENDING, F.CUT, M.TOLD, M.CUT, CloseCode.MESSAGE_TOO_BIG, because=TOO_LARGE),
    S.CLOSED_LATE: Verdict(P.ENDING, F.CUT, M.ENDED, M.CUT, because=UNANSWERED),
    S.DRAIN_OVER: Verdict(P.ENDING, F.CUT, M.ENDED, M.CUT),
}
"""A close frame has passed. What may still be under way began behind it."""

FOLLOWING: dict[Sign, Verdict] = {
    S.PROVIDER_CLOSED: Verdict(P.ENDING, F.FAILED, provider=M.ENDED),
    S.PROVIDER_ENDED: Verdict(P.ENDING, F.FAILED, provider=M.ENDED),
    S.PROVIDER_RESET: Verdict(P.ENDING, F.FAILED, provider=M.BROKEN),
    S.PROVIDER_STALLED: Verdict(P.ENDING, F.CUT, provider=M.BROKEN, because=STALLED),
    S.TOO_LARGE: Verdict(P.ENDING, F.CUT, provider=M.CUT, code=CloseCode.MESSAGE_TOO_BIG, because=TOO_LARGE),
    S.IDLE: Verdict(P.ENDING, F.CUT, provider=M.CUT, because=IDLE),
    S.FOLLOWED_ENOUGH: Verdict(P.ENDING, F.CUT, provider=M.CUT),
    S.CALLS_ENDED: Verdict(P.ENDING, provider=M.TOLD),
    S.DRAIN_OVER: Verdict(P.ENDING, F.CUT, provider=M.CUT),
}
"""The caller's end is gone already."""

ENDING: dict[Sign, Verdict] = {
    S.CALLER_RESET: Verdict(P.ENDING, caller=M.BROKEN),
    S.CALLER_STALLED: Verdict(P.ENDING, caller=M.BROKEN),
    S.PROVIDER_RESET: Verdict(P.ENDING, provider=M.BROKEN),
    S.PROVIDER_STALLED: Verdict(P.ENDING, provider=M.BROKEN),
}
"""All was decided; who can't end in order is broken."""


GONE = Verdict(P.ENDING, F.CUT, M.BROKEN, M.BROKEN, end=E.CUT)
"""When the sidecar goes, whatever there is."""


def is_departure(phase: Phase, sign: Sign, *, has_calls: bool) -> bool:
    """Whether the caller leaves by this: it is to be decided whether the provider is read on."""
    return has_calls and sign in LEAVING and phase in (P.OPEN, P.CLOSING)


def what_follows(phase: Phase, sign: Sign, *, has_calls: bool, reads_on: bool = False) -> Verdict:
    """What is to be done. `has_calls` are answers under way; `reads_on` says what was decided where the caller leaves."""
    if is_departure(phase, sign, has_calls=has_calls):
        verdict = AMID_CALLS[sign]
        kept = msgspec.structs.replace(verdict, phase=P.FOLLOWING, provider=M.STAYS)
        return kept if reads_on else verdict
    if sign is S.STOPPED:
        return GONE
    table = {
        P.OPEN: AMID_CALLS if has_calls else QUIET,
        P.CLOSING: CLOSING,
        P.FOLLOWING: FOLLOWING,
        P.ENDING: ENDING,
    }[phase]
    return table.get(sign, Verdict(phase))
