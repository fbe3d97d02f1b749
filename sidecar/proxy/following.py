"""Following: an orphaned reply is read on to its end, for the record, within bounds."""

from typing import TYPE_CHECKING

from sidecar.lifecycle import policy

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange


class Following:
    """Counts what is read of one orphaned reply, and cuts it past a bound. Begins when it is made."""

    __slots__ = ("_exchange", "_read_bytes", "_timer")

    def __init__(self, exchange: "Exchange") -> None:
        self._exchange = exchange
        self._read_bytes = 0
        context = exchange.context
        context.followed += 1
        self._timer = context.loop.call_later(context.limits.follow.max_seconds, self._too_long)

    def took(self, size: int) -> None:
        """So many bytes more were read."""
        self._read_bytes += size
        if self._read_bytes > self._exchange.context.limits.follow.max_bytes:
            self._reached("calls.follow.max_bytes", policy.TOO_LARGE)

    def stop(self) -> None:
        """The exchange has ended. Called once."""
        self._timer.cancel()
        self._exchange.context.followed -= 1

    def _too_long(self) -> None:
        self._reached("calls.follow.max_seconds", policy.TOO_LONG)

    def _reached(self, limit: str, command: policy.CutUpstream) -> None:
        self._exchange.context.recorder.limit_reached(limit)
        self._exchange.cut(command)
