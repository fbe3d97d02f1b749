"""Following: what is orphaned is read on to its end, or for as long as a retry of it may come, within bounds.

An exchange has one for its reply; a socket has one, however many answers it carries.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sidecar.lifecycle import policy

if TYPE_CHECKING:
    from sidecar.proxy.context import Context


class Following:
    """Counts what is read for nobody, and has it cut past a bound. Begins when it is made."""

    __slots__ = ("_bounds", "_calls", "_context", "_cut", "_timer", "held", "read_bytes")

    def __init__(
        self,
        context: "Context",
        cut: Callable[[policy.CutUpstream], None],
        *,
        held: policy.HoldUpstream | None = None,
        calls: int = 1,
    ) -> None:
        """`cut` is told why it is enough; `held` why it is only read on for a while. So many calls count as followed."""
        self._context, self._cut, self._calls = context, cut, calls
        self.read_bytes = 0
        self.held = held
        """None when it is read to its end."""
        context.followed += calls
        self._bounds = context.limits.follow  # those of its beginning, whatever the settings say by its end
        most_seconds = self._bounds.max_seconds
        if held is not None and held.seconds < most_seconds:
            self._timer = context.loop.call_later(held.seconds, cut, policy.NO_RETRY_CAME)
        else:
            self._timer = context.loop.call_later(most_seconds, self._too_long)

    def took(self, size: int) -> None:
        """So many bytes more were read."""
        self.read_bytes += size
        if self.read_bytes > self._bounds.max_bytes:
            self._reached("calls.follow.max_bytes", policy.TOO_LARGE)

    def stop(self) -> None:
        """It has ended, or a retry has come. Called once."""
        self._timer.cancel()
        self._context.followed -= self._calls

    def _too_long(self) -> None:
        self._reached("calls.follow.max_seconds", policy.TOO_LONG)

    def _reached(self, limit: str, command: policy.CutUpstream) -> None:
        self._context.recorder.limit_reached(limit)
        self._cut(command)
