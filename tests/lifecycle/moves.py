"""What the tests of the call machine share: one event of each kind, and a call brought to a state by a path of events."""

from collections.abc import Iterable

from sidecar.lifecycle.call import Call
from sidecar.lifecycle.events import (
    AnswerTaken,
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
    UpstreamJoined,
)

BY_NAME: dict[str, Event] = {
    "received": RequestReceived(1),
    "started": ReplyStarted(2),
    "handed_over": ReplyFinished(3),
    "aborted": ReplyAborted(4),
    "left": DownstreamLeft(5, LeftReason.FIN),
    "took_reply": DownstreamTookReply(6),
    "committed": UpstreamCommitted(7),
    "answered": UpstreamAnswered(8, 200),
    "declined": UpstreamAnswered(9, 429),
    "finished": UpstreamFinished(10),
    "failed": UpstreamFailed(11),
    "cut": UpstreamCut(12),
    "taken": AnswerTaken(13),
    "joined": UpstreamJoined(14),
}
"""One event of each kind, and an answer with an error status."""


def call_after(events: Iterable[Event]) -> Call:
    """A new call that has received these events."""
    call = Call()
    for event in events:
        call.receive(event)
    return call


def after(path: str) -> Call:
    """A new call that has received the events of these names."""
    return call_after(BY_NAME[name] for name in path.split())


def everything_in(call: Call) -> tuple[object, ...]:
    """All attributes of a call."""
    return tuple(getattr(call, name) for name in Call.__slots__)
