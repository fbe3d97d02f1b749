"""What takes too long at sockets that carry many calls. Looked at with everything else, by `sweep.py`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sidecar.proxy.live_ending import Sign
from sidecar.proxy.stall import Standstill

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.live_socket import LiveSocket


class LiveSweep:
    """Looks who takes nothing, and through which socket nothing passes."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        limits = context.limits
        self._readers: Standstill[LiveSocket] = Standstill(limits.write_stall_seconds)
        self._providers: Standstill[LiveSocket] = Standstill(limits.upstream_stall_seconds)
        self._idle: Standstill[LiveSocket] | None = None
        if limits.live.idle_seconds is not None:
            self._idle = Standstill(limits.live.idle_seconds)

    def look(self, now_ns: int) -> None:
        """Look at all of them once."""
        for live in self._readers.look(self._not_taken_by_callers(), now_ns):
            self._reached("calls.write_stall_seconds", live, Sign.CALLER_STALLED)
        for live in self._providers.look(self._not_taken_by_providers(), now_ns):
            self._reached("limits.upstream_stall_seconds", live, Sign.PROVIDER_STALLED)
        if self._idle is not None:
            for live in self._idle.look(self._passed(), now_ns):
                self._reached("calls.live.idle_seconds", live, Sign.IDLE)

    def _reached(self, limit: str, live: "LiveSocket", sign: Sign) -> None:
        self._context.recorder.limit_reached(limit)
        live.sees(sign)

    def _not_taken_by_callers(self) -> "Iterator[tuple[LiveSocket, int]]":
        for live in self._context.sockets:
            if live.caller.unacknowledged():
                yield live, live.caller.progress()

    def _not_taken_by_providers(self) -> "Iterator[tuple[LiveSocket, int]]":
        """Where what was written waits on our side of the connection."""
        for live in self._context.sockets:
            if live.provider.is_writing_paused and not live.provider.is_lost:
                yield live, live.provider.unacknowledged()

    def _passed(self) -> "Iterator[tuple[LiveSocket, int]]":
        for live in self._context.sockets:
            if live.is_open:
                yield live, live.to_provider.came + live.to_caller.came
