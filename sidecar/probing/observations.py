"""What was seen of one call, by its caller and from outside. Values; moments are microseconds, token counts are absolute."""

from enum import StrEnum

import msgspec

from sidecar.clock import Moment, seconds_between
from sidecar.lifecycle.record import CallKind


class Ending(StrEnum):
    """How a provider's own record says that a call's work ended."""

    WHOLE = "whole"
    """It came to its end, or to the bound that was asked for."""
    STOPPED = "stopped"


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a source said at a moment."""

    at: Moment
    is_at_work: bool | None = None
    """Of a server's counters: some call is computed. None where the source does not say."""
    made: int | None = None
    """Output tokens: a server's counter of all calls, or a record's of this one. None where the source does not say."""
    ending: Ending | None = None
    """Of a call's own record: how it ended. None where that is not said (yet)."""
    is_final: bool = False
    """A call's own record: nothing of it will change."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call as its caller saw it, and the looks at a source before, while and after it was made, in their order."""

    kind: CallKind
    mark: str
    committed_at: Moment
    """The request's last byte was sent."""
    answered_at: Moment | None = None
    ended_at: Moment
    """The reply's last byte came, or the connection was closed."""
    was_cut: bool
    """We closed the connection, before the reply had ended."""
    status: int | None = None
    """HTTP; None where no head had come."""
    request_id: str = ""
    """As the provider's head named the request; empty where it did not."""
    identity: str = ""
    """As the provider's body named the answer; empty where it did not."""
    tokens: int | None = None
    """Output and thinking, as the reply told; None where it did not, or not exactly."""
    limits: dict[str, str] = {}
    """Header fields of the head that tell what is left of a rate limit."""
    looks: tuple[Look, ...] = ()

    @property
    def seconds(self) -> float:
        """From the commit to the end, or the cut."""
        return seconds_between(self.committed_at, self.ended_at)

    @property
    def before(self) -> Look | None:
        """The last look before the request was sent."""
        return next((look for look in reversed(self.looks) if look.at <= self.committed_at), None)

    @property
    def meanwhile(self) -> tuple[Look, ...]:
        """Looks while the caller waited."""
        return tuple(look for look in self.looks if self.committed_at < look.at <= self.ended_at)

    @property
    def after(self) -> tuple[Look, ...]:
        """Looks since the caller was gone, or served."""
        return tuple(look for look in self.looks if look.at > self.ended_at)


def is_at_rest(looks: tuple[Look, ...], times: int) -> bool:
    """Nothing more is to be seen: a record is final, or a server was seen idle so many times in a row."""
    last = looks[-times:]
    is_idle = len(last) == times and all(look.is_at_work is False for look in last)
    return is_idle or any(look.is_final for look in looks[-1:])
