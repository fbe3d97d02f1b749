"""What to do with the provider's connection when the caller leaves. Decides; the exchange performs.

`auto` never costs more than no sidecar at all: it closes the connection where the provider's facts say that closing
stops the work, and goes on reading where the work runs on anyway (then reading is free and tells the truth). Where
nobody knows, it does what the bare connection would have done.

Where a retry could be given the answer (`mode: enforce`), a call that would be cut by these facts is first held open for as
long as the SDK that sent it takes to come again: that much more is computed if no retry comes, and a whole answer less if one
does. Who asks for `cut` gets it at once.

Facts are known for streams and whole replies apart; `on_departure` is given the one that holds for the call.
"""

from enum import StrEnum

import msgspec


class OnClose(StrEnum):
    """What a provider does with the work when the connection closes: a fact, with its source, in `providers/facts.py`."""

    STOPS = "stops"
    RUNS_ON = "runs_on"
    UNKNOWN = "unknown"


class OnDeparture(StrEnum):
    """What is done when a caller leaves, as settings and the request header `X-Sidecar-On-Departure` say it."""

    AUTO = "auto"
    """What the provider's facts call for: never dearer than no sidecar."""
    FOLLOW = "follow"
    """Read the answer to its end, whatever that costs."""
    CUT = "cut"
    """Close the provider's connection at once, for a retry too."""


class WishedBy(StrEnum):
    """Who said what is done when a caller leaves, the nearest first: the value in a row's `decision_reason`."""

    REQUEST = "request"
    """The request itself: `X-Sidecar-On-Departure`."""
    ROUTE = "route"
    """A route of the upstream: `upstreams.<name>.routes`."""
    UPSTREAM = "upstream"
    """`upstreams.<name>.on_departure`."""
    SETTING = "setting"
    """`calls.on_departure`."""


class Wish(msgspec.Struct, frozen=True, gc=False):
    """What is wished for the case that a caller leaves, and by whom."""

    on_departure: OnDeparture
    by: WishedBy = WishedBy.SETTING


class CutUpstream(msgspec.Struct, frozen=True):
    """Close the provider's connection. `because` is one word for the row and the log."""

    because: str


class FollowUpstream(msgspec.Struct, frozen=True):
    """Keep reading the provider's reply to its end: for the record, and for a retry that may come."""

    because: str


class HoldUpstream(msgspec.Struct, frozen=True):
    """Keep reading for so many seconds; if no retry has come by then, perform `then`."""

    seconds: float
    then: CutUpstream
    because: str = "retry_grace"


class FollowBounds(msgspec.Struct, frozen=True):
    """How much reading on there may be without a caller, for its own sake or for a retry."""

    max_calls: int
    """At once, those that are held for a retry included."""
    max_seconds: float
    """For each call, from the moment its caller left."""
    max_bytes: int
    """For each call."""


Command = CutUpstream | FollowUpstream | HoldUpstream
DECISIONS: dict[type[Command], str] = {CutUpstream: "cut", FollowUpstream: "follow", HoldUpstream: "hold"}
"""How a command is called in a call's row."""

NOT_SENT = CutUpstream("request_incomplete")
NOT_A_CALL = CutUpstream("not_a_call")
OPERATION_KNOWN = CutUpstream("operation_known")
OPENS_OPERATION = FollowUpstream("opens_operation")
ANSWER_TAKEN = FollowUpstream("answer_taken")
DRAIN = CutUpstream("drain")
REQUEST_BROKEN = CutUpstream("request_broken")
AS_KNOWN: dict[OnClose, Command] = {
    OnClose.STOPS: CutUpstream("provider_stops"),
    OnClose.RUNS_ON: FollowUpstream("provider_runs_on"),
    OnClose.UNKNOWN: CutUpstream("provider_unknown"),
}
TOO_MANY = CutUpstream("follow_max_calls")
TOO_LONG = CutUpstream("follow_max_seconds")
TOO_LARGE = CutUpstream("follow_max_bytes")
NO_RETRY_CAME = CutUpstream("no_retry_came")


def on_departure(
    wish: Wish, on_close: OnClose, followed: int, bounds: FollowBounds, grace_seconds: float = 0.0
) -> Command:
    """The command for a call whose caller just left while the provider has the whole request.

    `followed` is how many calls are read on already, followed or held. `grace_seconds` is how long a retry takes to come that
    could be given the answer; 0 where none could, and nothing is held then.
    """
    command = _wished(wish) or AS_KNOWN[on_close]
    if isinstance(command, CutUpstream):
        if wish.on_departure is OnDeparture.CUT or grace_seconds <= 0:
            return command
        command = HoldUpstream(grace_seconds, then=command)
    return command if followed < bounds.max_calls else TOO_MANY


def _wished(wish: Wish) -> Command | None:
    """What somebody asked for; None where the facts decide."""
    if wish.on_departure is OnDeparture.AUTO:
        return None
    return CutUpstream(wish.by) if wish.on_departure is OnDeparture.CUT else FollowUpstream(wish.by)
