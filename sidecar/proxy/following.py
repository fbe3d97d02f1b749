"""Following: an orphaned reply is read on to its end, or for as long as a retry of it may come, within bounds."""

from typing import TYPE_CHECKING

from sidecar.lifecycle import policy

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange


class Following:
    """Counts what is read of one orphaned reply, and cuts it past a bound. Begins when it is made."""

    __slots__ = ("_exchange", "_timer", "held", "read_bytes")

    def __init__(self, exchange: "Exchange", command: policy.FollowUpstream | policy.HoldUpstream) -> None:
        self._exchange = exchange
        self.read_bytes = 0
        self.held = command if isinstance(command, policy.HoldUpstream) else None
        """Why it is only read on for a while; None when it is read to its end."""
        context = exchange.context
        context.followed += 1
        most_seconds = context.limits.follow.max_seconds
        if self.held is not None and self.held.seconds < most_seconds:
            self._timer = context.loop.call_later(self.held.seconds, exchange.cut, policy.NO_RETRY_CAME)
        else:
            self._timer = context.loop.call_later(most_seconds, self._too_long)

    def took(self, size: int) -> None:
        """So many bytes more were read."""
        self.read_bytes += size
        if self.read_bytes > self._exchange.context.limits.follow.max_bytes:
            self._reached("calls.follow.max_bytes", policy.TOO_LARGE)

    def stop(self) -> None:
        """The exchange has ended, or a retry has come. Called once."""
        self._timer.cancel()
        self._exchange.context.followed -= 1

    def _too_long(self) -> None:
        self._reached("calls.follow.max_seconds", policy.TOO_LONG)

    def _reached(self, limit: str, command: policy.CutUpstream) -> None:
        self._exchange.context.recorder.limit_reached(limit)
        self._exchange.cut(command)
