"""A connection to a provider as the pool has it: counted from its beginning to its end, and with an ear for what TLS says."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.proxy.destination import Endpoint
from sidecar.proxy.failures import UpstreamError, client_certificate_problem
from sidecar.proxy.upstream import Upstream

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

ANY_BYTE = 1


class PooledUpstream(Upstream):
    """What TLS adds to the end of a connection is said here; all else, and every byte, is `Upstream`'s."""

    __slots__ = ("_has_goodbye", "expires_at_ns", "has_place", "is_made")

    def __init__(self, context: "Context", endpoint: Endpoint) -> None:
        super().__init__(context, endpoint)
        self.has_place = True
        """It counts against `limits.max_upstream_connections`."""
        self.is_made = False
        self.expires_at_ns = 0
        """From then on it is not kept for another exchange; 0 until it was made."""
        self._has_goodbye = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is ready to be written to."""
        super().connection_made(transport)
        self.is_made = True
        if self.endpoint.is_tls:
            # uvloop's TLS pauses at `size >= high`, its TCP at `size > high`: at 0 TLS would pause with nothing to send,
            # and nothing would ever end that pause.
            self.transport.set_write_buffer_limits(high=ANY_BYTE)

    def discard(self) -> None:
        """Close what has become of it, if anything."""
        if self.is_made:
            self.abort()

    def eof_received(self) -> bool:
        """In TLS: the other side said goodbye (close_notify), so that nothing was cut off (RFC 9112 section 9.8)."""
        self._has_goodbye = True
        return super().eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        """It has ended."""
        if not self.is_made:
            return  # a handshake failed, which is told another way
        self._context.pool.lost(self)
        exchange = self.exchange
        failure = self._failure(error) if exchange is not None and self.endpoint.is_tls else None
        if exchange is not None and failure is not None:
            self.exchange = None
            exchange.broken(*failure)
        else:
            super().connection_lost(error)

    def _failure(self, error: Exception | None) -> tuple[str, str] | None:
        """What TLS knows of an end amid an exchange: more than that it is one, or nothing."""
        shows_certificate = self.endpoint.client_certificate_file is not None
        problem = client_certificate_problem(error, shows_certificate=shows_certificate)
        if problem:
            return UpstreamError.CLIENT_CERTIFICATE, f"the provider {problem}"
        if error is None and not self._has_goodbye:
            return (
                UpstreamError.CLOSED,
                "the provider's connection ended without TLS saying so before its reply had ended",
            )
        return None
