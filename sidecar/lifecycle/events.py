"""What happens to a call, past tense. `at` is the moment it was seen."""

from enum import StrEnum

import msgspec

from sidecar.clock import Moment


class LeftReason(StrEnum):
    """How we know that the caller's end of the connection ended."""

    FIN = "fin"
    """The caller's kernel closed the connection in order: the program closed it, or ended."""
    RST = "rst"
    """The connection was reset: the program died with unread bytes, or asked for it."""
    CLOSED = "closed"
    """The caller closed its socket in order (a close frame) amid an answer."""
    WRITE_STALLED = "write_stalled"
    """The caller's end has taken no byte for `calls.write_stall_seconds`: stopped, or cut off."""
    POD_ENDING = "pod_ending"
    """The connection was closed or reset, after the end of the pod was announced: nobody changed their mind."""
    SIDECAR_LOST = "sidecar_lost"
    """The sidecar itself died while the call ran; nobody saw what the caller did."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to one half of a call."""

    at: Moment


class RequestReceived(Event, frozen=True, gc=False):
    """The last byte of the caller's request was read."""


class ReplyStarted(Event, frozen=True, gc=False):
    """The first byte of a reply, the provider's or ours, was written to the caller."""


class ReplyFinished(Event, frozen=True, gc=False):
    """The reply was handed over: the caller's kernel has acknowledged its last byte."""


class ReplyAborted(Event, frozen=True, gc=False):
    """We broke the caller's connection: half an answer is not a whole one, and no answer is not an error of ours."""


class DownstreamLeft(Event, frozen=True, gc=False):
    """The caller's end of the connection ended before its reply did."""

    reason: LeftReason


class DownstreamTookReply(Event, frozen=True, gc=False):
    """The caller thought gone took the whole reply: it had only closed its sending half."""


class AnswerTaken(Event, frozen=True, gc=False):
    """A retry of the caller's that left has got the whole answer: nothing of it is orphaned any more."""


class UpstreamJoined(Event, frozen=True, gc=False):
    """The call waits for the answer to the one that it repeats, which was abandoned: it has no work of its own."""


class UpstreamCommitted(Event, frozen=True, gc=False):
    """The last byte of the request was sent to the provider: from here it may cost money."""


class UpstreamAnswered(Event, frozen=True, gc=False):
    """The head of the provider's reply was read."""

    status: int


class UpstreamFinished(Event, frozen=True, gc=False):
    """The provider's reply was read to its end."""


class UpstreamFailed(Event, frozen=True, gc=False):
    """The provider or the network to it broke the exchange."""


class UpstreamCut(Event, frozen=True, gc=False):
    """We closed the connection to the provider."""
