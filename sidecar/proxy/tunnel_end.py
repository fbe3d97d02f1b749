"""One end of a blind tunnel: what comes in at it goes out at the other, and no faster than that takes it."""

import asyncio
import socket
from typing import TYPE_CHECKING, Protocol, cast

from sidecar.callers.peer import unacknowledged_bytes
from sidecar.proxy.pooled import ANY_BYTE
from sidecar.proxy.resetting import reset_on_close
from sidecar.proxy.target import Address

if TYPE_CHECKING:
    from sidecar.telemetry.series import Number


class Joins(Protocol):
    """What joins two ends, as they see it: a `Tunnel`."""

    passed: int

    def reached(self) -> None:
        """The far end is there."""
        ...

    def lost(self, end: "TunnelEnd", *, is_broken: bool) -> None:
        """An end is gone."""
        ...


class TunnelEnd(asyncio.Protocol):
    """A connection. At most one chunk waits to be taken by it; meanwhile the other end is not read."""

    def __init__(self, tunnel: Joins, passed: "Number", limit: str, stall_seconds: float) -> None:
        """It may take nothing for `stall_seconds`, which the setting `limit` says."""
        self._tunnel = tunnel
        self._passed = passed
        self.limit, self._stall_ns = limit, int(stall_seconds * 1e9)
        self.other: TunnelEnd = self
        self.transport: asyncio.Transport | None = None
        """None before it was reached, and after it was lost."""
        self.is_writing_paused = self.has_ended = False
        self._waiting = (0, 0)

    def take(self, transport: asyncio.Transport) -> None:
        """Here it is: the connection at this end."""
        self.transport = transport
        transport.set_write_buffer_limits(high=0 if transport.can_write_eof() else ANY_BYTE)

    def read_on(self) -> None:
        """Take what comes here, if the other end has taken what came before. An end that was read is not read again."""
        transport = self.transport
        if transport is not None and not (self.has_ended or self.other.is_writing_paused or transport.is_closing()):
            transport.resume_reading()

    def close(self) -> None:
        """Close in order: what waits is written first."""
        if self.transport is not None:
            self.transport.close()

    def break_off(self) -> None:
        """Close with a reset, as its other side has."""
        if self.transport is not None:
            reset_on_close(self._socket())
            self.transport.abort()

    def addresses(self) -> tuple[Address, Address]:
        """Ours, and the other side's."""
        found = [("", 0), ("", 0)]
        if self.transport is not None:
            found = [self.transport.get_extra_info(name)[:2] for name in ("sockname", "peername")]
        return found[0], found[1]

    def is_stalled(self, now_ns: int) -> bool:
        """It has taken no byte of what waits for it for too long. Asked again and again."""
        if self.transport is None or not self.is_writing_paused:
            self._waiting = (0, now_ns)
            return False
        waiting = self.transport.get_write_buffer_size() + unacknowledged_bytes(self._socket().fileno())
        if waiting != self._waiting[0]:
            self._waiting = (waiting, now_ns)
        return now_ns - self._waiting[1] >= self._stall_ns

    def _socket(self) -> socket.socket:
        assert self.transport is not None
        return cast(socket.socket, self.transport.get_extra_info("socket"))

    # === what the loop tells ===

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Only the far end is told so: the near one was there before."""
        self.take(cast(asyncio.Transport, transport))
        self._tunnel.reached()

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        self._passed.value += len(data)
        self._tunnel.passed += len(data)
        if self.other.transport is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """All was said here; the other side may go on. TLS has no half: its end is the end of both."""
        self.has_ended = True
        mine, theirs = self.transport, self.other.transport
        has_halves = all(each is not None and each.can_write_eof() for each in (mine, theirs))
        if theirs is None or self.other.has_ended or not has_halves:
            self.other.close()
            return False
        theirs.write_eof()
        return True

    def pause_writing(self) -> None:
        """Nothing more is taken here for now."""
        self.is_writing_paused = True
        if self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """It has taken everything."""
        self.is_writing_paused = False
        self.other.read_on()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone, in order or broken."""
        self.transport = None
        self._tunnel.lost(self, is_broken=error is not None)
