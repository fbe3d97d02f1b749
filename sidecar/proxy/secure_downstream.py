"""One caller's connection over TLS: what TLS changes for it, and nothing else."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.downstream import Downstream
from sidecar.proxy.pooled import ANY_BYTE
from sidecar.proxy.target import Address
from sidecar.proxy.untrusted import UNUSED, tell_untrusted

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

AT_ONCE_NS = 2_000_000_000
"""A connection that a pool has opened ahead of need, and closes unused, lives longer."""


class SecureDownstream(Downstream):
    """A connection that speaks TLS. The watch, and what the kernel is asked about, go on beneath it, on its socket."""

    __slots__ = ("beneath",)

    def __init__(
        self, context: "Context", beneath: tuple[asyncio.Transport, ...], origin: Address | None = None
    ) -> None:
        """`beneath`: the transports that carry it, the outermost first; more than one where TLS is spoken within TLS."""
        super().__init__(context, origin)
        self.beneath = beneath

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The handshake has been made."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=ANY_BYTE)  # see there why not 0

    def eof_received(self) -> bool:
        """The caller said goodbye (close_notify). Neither loop lets anything be written behind it, so it is the end."""
        self._closes_after = True
        self._left(LeftReason.FIN)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended. One that was made and at once given up is how some clients say that they do not trust us."""
        lasted_ns = self._context.clock.monotonic_ns() - self._idle_since_ns
        has_said = self.inbound.has_begun or self.inbound.head_since_ns is not None
        if self.origin is not None and not has_said and lasted_ns < AT_ONCE_NS and not self._context.is_draining:
            tell_untrusted(self._context, self.origin[0], UNUSED)
        super().connection_lost(error)

    def unacknowledged(self) -> int:
        """Bytes that the caller's kernel has not acknowledged: those that TLS holds, those beneath, those of our kernel."""
        return super().unacknowledged() + sum(each.get_write_buffer_size() for each in self.beneath)

    def break_off(self) -> None:
        """Break the connection, if it is not gone: TLS tells its end only when the socket beneath is closed already."""
        if self.socket.fileno() < 0:
            self.leave()
        else:
            super().break_off()

    def _end_writing(self) -> None:
        """Nothing more is served. TLS can't close one half: the goodbye is said with the close, once the reply has arrived."""
        self._closes_after = True
