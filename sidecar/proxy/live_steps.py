"""What happens to one answer in a socket, in words, and the lifecycle's events that each makes of it. A function; pure.

A dialect's events come in the order of its messages, which is not always that of a call's life: an answer may end that nobody
has seen begin, be refused when it had begun, or end after its caller has left. What can't happen any more makes no event.
"""

from collections.abc import Iterator
from enum import Enum, auto

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.call import Call, Downstream as Caller, Upstream as Provider
from sidecar.lifecycle.events import (
    DownstreamLeft,
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

SWITCHED = 101
"""The HTTP status under which all answers of a socket come."""

THERE = frozenset({Caller.SENDING, Caller.WAITING, Caller.RECEIVING})
NOT_WRITTEN_TO = frozenset({Caller.SENDING, Caller.WAITING})
STARTED = frozenset({Caller.WAITING, Caller.RECEIVING})
UNANSWERED = frozenset({Provider.UNSENT, Provider.COMMITTED})
AT_WORK = UNANSWERED | {Provider.ANSWERING}


class Word(Enum):
    """What happens to one answer."""

    __hash__ = object.__hash__

    ASKED = auto()
    """The caller's message that asks for it was read."""
    COMMITTED = auto()
    """It was sent to the provider."""
    BEGAN = auto()
    ENDED = auto()
    """Its terminal event has passed."""
    DECLINED = auto()
    FAILED = auto()
    """The provider's end of the socket ended before."""
    CUT = auto()
    """We ended it."""
    LEFT = auto()
    """The caller left."""
    HANDED_OVER = auto()
    """The caller's kernel has all of it; or it was told that no more comes."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """A word, with what belongs to it."""

    word: Word
    at: Moment
    status: int = SWITCHED
    """Of DECLINED."""
    reason: LeftReason = LeftReason.FIN
    """Of LEFT."""


def steps(call: Call, told: Told) -> Iterator[Event]:
    """The events that a word makes of a call, one by one: it is to take each in before the next is asked for."""
    match told.word:
        case Word.ASKED:
            if call.downstream is Caller.SENDING:
                yield RequestReceived(told.at)
        case Word.COMMITTED:
            if call.upstream is Provider.UNSENT and call.downstream is Caller.WAITING:
                yield UpstreamCommitted(told.at)
        case Word.LEFT:
            if call.downstream in THERE:
                yield DownstreamLeft(told.at, told.reason)
        case Word.HANDED_OVER:
            yield from _handed_over(call, told.at)
        case Word.FAILED | Word.CUT:
            yield from _broken(call, told)
        case _:
            yield from _answered(call, told)


def _answered(call: Call, told: Told) -> Iterator[Event]:
    """The provider says something about it."""
    is_declined, at = told.word is Word.DECLINED, told.at
    if is_declined and call.upstream is Provider.ANSWERING:
        yield UpstreamFailed(at)  # it had begun: what was made of it may be billed
        return
    if call.upstream is Provider.COMMITTED or (call.upstream is Provider.UNSENT and call.downstream in NOT_WRITTEN_TO):
        yield UpstreamAnswered(at, told.status if is_declined else SWITCHED)
    if call.upstream is Provider.ANSWERING and call.downstream in NOT_WRITTEN_TO:
        yield ReplyStarted(at)
    if call.upstream is Provider.ANSWERING and told.word is not Word.BEGAN:
        yield UpstreamFinished(at)


def _broken(call: Call, told: Told) -> Iterator[Event]:
    """Nothing more comes of it, and its caller sees the socket end."""
    if call.upstream in AT_WORK:
        yield UpstreamFailed(told.at) if told.word is Word.FAILED else UpstreamCut(told.at)
        if call.downstream in STARTED:
            yield ReplyAborted(told.at)


def _handed_over(call: Call, at: Moment) -> Iterator[Event]:
    if call.upstream not in AT_WORK:
        if call.downstream in NOT_WRITTEN_TO:
            yield ReplyStarted(at)
        if call.downstream is Caller.RECEIVING:
            yield ReplyFinished(at)
