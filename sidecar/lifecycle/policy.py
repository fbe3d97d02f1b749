"""What to do with the provider's connection when the caller leaves. Decides; the exchange performs.

`auto` never costs more than no sidecar at all: it closes the connection where the provider's facts say that closing
stops the work, and goes on reading where the work runs on anyway (then reading is free and tells the truth). Where
nobody knows, it does what the bare connection would have done.
"""

from enum import StrEnum

import msgspec


class OnClose(StrEnum):
    """What a provider does with the work when the connection closes: a fact, with its source, in `providers/facts.py`."""

    STOPS = "stops"
    RUNS_ON = "runs_on"
    UNKNOWN = "unknown"


class OnDeparture(StrEnum):
    """The setting `calls.on_departure` and the request header `X-Sidecar-On-Departure`."""

    AUTO = "auto"
    FOLLOW = "follow"
    CUT = "cut"


class CutUpstream(msgspec.Struct, frozen=True):
    """Close the provider's connection. `because` is one word for the log."""

    because: str


class FollowUpstream(msgspec.Struct, frozen=True):
    """Keep reading the provider's reply to its end, for the record only."""

    because: str


class FollowBounds(msgspec.Struct, frozen=True):
    """How much following there may be: calls at once, seconds and bytes for each."""

    max_calls: int
    max_seconds: float
    max_bytes: int


Command = CutUpstream | FollowUpstream

NOT_SENT = CutUpstream("request_incomplete")
NOT_A_CALL = CutUpstream("not_a_call")
OPERATION_KNOWN = CutUpstream("operation_known")
OPENS_OPERATION = FollowUpstream("opens_operation")
DRAIN = CutUpstream("drain")
REQUEST_BROKEN = CutUpstream("request_broken")
AS_SET: dict[OnDeparture, Command] = {
    OnDeparture.CUT: CutUpstream("setting"),
    OnDeparture.FOLLOW: FollowUpstream("setting"),
}
AS_KNOWN: dict[OnClose, Command] = {
    OnClose.STOPS: CutUpstream("provider_stops"),
    OnClose.RUNS_ON: FollowUpstream("provider_runs_on"),
    OnClose.UNKNOWN: CutUpstream("provider_unknown"),
}
TOO_MANY = CutUpstream("follow_max_calls")
TOO_LONG = CutUpstream("follow_max_seconds")
TOO_LARGE = CutUpstream("follow_max_bytes")


def on_departure(setting: OnDeparture, on_close: OnClose, followed: int, bounds: FollowBounds) -> Command:
    """The command for a call whose caller just left while the provider has the whole request.

    `followed` is how many calls are being followed already.
    """
    command = AS_SET.get(setting) or AS_KNOWN[on_close]
    if isinstance(command, FollowUpstream) and followed >= bounds.max_calls:
        return TOO_MANY
    return command
