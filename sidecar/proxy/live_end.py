"""The two connections of a socket, as the loop tells of them: read, written, slowed, ended. They decide nothing."""

import asyncio
import socket
from typing import TYPE_CHECKING, Final

from sidecar.callers.peer import acknowledged_bytes, unacknowledged_bytes
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.live_ending import Manner, Sign
from sidecar.proxy.live_way import Way
from sidecar.proxy.resetting import reset_on_close

if TYPE_CHECKING:
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.live_socket import LiveSocket

LINGER_SECONDS: Final = 2.0
"""Behind our last word, theirs is read and dropped for so long: a reset would take ours from who has not read it yet."""
CUT_SECONDS: Final = 0.2
"""The same where the other side is to stop: a round trip."""
UNREAD_SECONDS: Final = 0.05
"""So long after its FIN was seen, a caller that was not read to its end is taken to have left: bytes before the FIN wait in the
kernel while the provider is slow, and else are read at once."""


class LiveEnd(asyncio.Protocol):
    """One of the two, taken over from what spoke HTTP on it. Its buffer's limits stay: see `upstream.py` and `pooled.py`."""

    ENDED: Sign
    RESET: Sign

    def __init__(self, live: "LiveSocket", transport: asyncio.Transport, *, is_writing_paused: bool) -> None:
        self.live = live
        self.transport = transport
        self.is_writing_paused = is_writing_paused
        self.socket: socket.socket = transport.get_extra_info("socket")
        self.fd = self.socket.fileno()
        self.is_lost = False
        """The connection has ended, for both directions."""
        self.is_ending = False
        """We are ending it: what comes is read and dropped, and nothing is written."""
        self._has_ended = False
        self._timer: asyncio.TimerHandle | None = None

    # === what the loop tells ===

    def data_received(self, data: bytes) -> None:
        """Bytes have come, perhaps too late."""
        if not self.is_ending:
            self.read(data)

    def read(self, data: bytes) -> None:
        """Bytes have come."""
        raise NotImplementedError

    def eof_received(self) -> bool:
        """Nothing more comes. Our half stays open until it was decided what follows, but for TLS, which has no halves."""
        self._ended(self.ENDED)
        return self.transport.can_write_eof() and not self.is_ending

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended, for both directions."""
        self._stop_timer()
        self._ended(self.RESET if error else self.ENDED)
        self.is_lost = True
        self.live.lost(self)

    def pause_writing(self) -> None:
        """The other side takes no more for now."""
        self.is_writing_paused = True
        self.live.other(self).pause_reading()

    def resume_writing(self) -> None:
        """It has taken everything."""
        self.is_writing_paused = False
        self.live.took_all(self)

    def _ended(self, sign: Sign) -> None:
        if not self._has_ended or sign is self.RESET:
            self._has_ended = True
            self.live.sees(sign)

    # === what the socket asks ===

    def write(self, data: bytes) -> None:
        """Send bytes on; they leave within this call unless the other side is slow."""
        self.transport.write(data)

    def pause_reading(self) -> None:
        """Read no more for now: the other side takes it slowly."""
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        if not self.transport.is_closing() and not self._has_ended:
            self.transport.resume_reading()

    def unacknowledged(self) -> int:
        """Bytes written that the other side's kernel has not acknowledged yet."""
        if self.is_lost:
            return 0
        return self.transport.get_write_buffer_size() + unacknowledged_bytes(self.fd)

    def progress(self) -> int:
        """A figure that changes as the other side's kernel takes something."""
        taken = acknowledged_bytes(self.socket)
        return self.unacknowledged() if taken is None else taken

    def end(self, manner: Manner, code: int, way: Way) -> None:
        """End the connection; a close frame of ours, where one fits, says this code. `way` leads here."""
        if manner is Manner.STAYS or self.is_lost:
            return
        self.is_ending = True
        if manner is Manner.BROKEN:
            self._break()
            return
        if manner is not Manner.ENDED and not self.transport.is_closing() and (farewell := way.farewell(code)):
            self.transport.write(farewell)
        if manner is Manner.CUT:
            self._close_now()
        else:
            self._close_in_order()

    def _close_now(self) -> None:
        """Who has not taken what was written before gets no more of it. TLS waits for an answer to its goodbye, but not long."""
        self._linger(CUT_SECONDS)
        if self.is_writing_paused:
            self.transport.abort()
        else:
            self.transport.close()

    def _close_in_order(self) -> None:
        """Our half is closed behind what was written; theirs is read on for a while: a reset would undo the former."""
        self._linger(LINGER_SECONDS)
        if self._has_ended or not self.transport.can_write_eof():
            self.transport.close()
        elif not self.transport.is_closing():
            self.resume_reading()
            self.transport.write_eof()

    def _linger(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.live.context.loop.call_later(seconds, self._lingered)

    def _lingered(self) -> None:
        """It had its time. While something is still being taken it has more: see live_sweep.py."""
        if self.transport.get_write_buffer_size():
            self._linger(LINGER_SECONDS)
        else:
            self.transport.abort()

    def _break(self) -> None:
        """With a reset."""
        self._stop_timer()
        reset_on_close(self.socket)
        self.transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class CallerEnd(LiveEnd):
    """The caller's. Its end is watched in the kernel too, where it is seen while nothing is being read."""

    ENDED, RESET = Sign.CALLER_ENDED, Sign.CALLER_RESET

    def __init__(self, live: "LiveSocket", downstream: "Downstream") -> None:
        super().__init__(live, downstream.transport, is_writing_paused=downstream.is_writing_paused)
        self._downstream = downstream

    def unacknowledged(self) -> int:
        """Bytes written that the caller's kernel has not acknowledged yet, those that wait beneath TLS included."""
        return 0 if self.is_lost else self._downstream.unacknowledged()

    def read(self, data: bytes) -> None:
        """Bytes have come."""
        self.live.from_caller(data)

    def watch(self) -> None:
        """Watch for the end. One that had come before is told anew."""
        watch = self.live.context.watch
        watch.remove(self.fd)
        watch.add(self.fd, self._departed)

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended, and its number may be another's."""
        self.live.context.watch.remove(self.fd)
        super().connection_lost(error)

    def end(self, manner: Manner, code: int, way: Way) -> None:
        """From here the loop alone sees the end of theirs; it reads on, so it does."""
        if manner is not Manner.STAYS:
            self.live.context.watch.remove(self.fd)
        super().end(manner, code, way)

    def _departed(self, reason: LeftReason) -> None:
        if reason is LeftReason.RST:
            self._ended(self.RESET)
        elif not self._has_ended:
            at = self.live.context.clock.now()
            self.live.context.loop.call_later(UNREAD_SECONDS, self._left_unread, at)

    def _left_unread(self, at: int) -> None:
        if not self._has_ended and not self.is_ending:
            self._has_ended = True
            self.live.sees(self.ENDED, at)


class ProviderEnd(LiveEnd):
    """The provider's. Its place is given back with its last word."""

    ENDED, RESET = Sign.PROVIDER_ENDED, Sign.PROVIDER_RESET

    def read(self, data: bytes) -> None:
        """Bytes have come."""
        self.live.from_provider(data)
