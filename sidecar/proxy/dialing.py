"""One connection to a provider, made: lookup, TCP, egress proxy and TLS, within one timeout that says what it waited for."""

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

from sidecar.config.addresses import Address
from sidecar.config.egress import Egress
from sidecar.config.proxy_url import ProxyUrl
from sidecar.errors import ReplyBroken
from sidecar.proxy.certificates import Certificates, TlsFiles
from sidecar.proxy.destination import Endpoint
from sidecar.proxy.failures import Hop, Unreachable, UpstreamError
from sidecar.proxy.lookups import Found, Lookups
from sidecar.proxy.pooled import PooledUpstream
from sidecar.proxy.racing import connect_first
from sidecar.proxy.tunnel import Tunnel, TunnelRefused, connect_request

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

GOODBYE_SECONDS = 1.0
"""How long a connection that we close waits for the other side's TLS goodbye: a courtesy, while it holds a place."""


class Dialer:
    """Makes connections. Knows the way out, the certificates, and the names that are being looked up."""

    def __init__(self, context: "Context", egress: Egress) -> None:
        self.loop = context.loop
        self.limits = context.limits
        self.egress = egress
        self.lookups = Lookups(context.loop)
        self.certificates = Certificates(context.recorder.certificates_reloaded)
        self._recorder = context.recorder

    async def dial(self, upstream: PooledUpstream) -> None:
        """Connect; afterwards it can be written to.

        Raises:
            Unreachable: it could not be done. Nothing of it is left.
        """
        await self.in_time(UpstreamDial(self, upstream))

    async def in_time(self, dial: "Dial") -> None:
        """Take all steps of one connection within the time that there is for it.

        Raises:
            Unreachable: it could not be done.
        """
        seconds = self.limits.connect_seconds
        try:
            async with asyncio.timeout(seconds):
                await dial.connect()
        except TimeoutError:
            self._recorder.limit_reached("limits.connect_seconds")
            sentence = f"no connection to {dial.target} within {seconds:g} s (limits.connect_seconds): {dial.waits_for}"
            raise Unreachable(UpstreamError.CONNECT_TIMEOUT, sentence) from None

    def close(self) -> None:
        """Look nothing up any more."""
        self.lookups.close()


class Unspoken(asyncio.Protocol):
    """Stands at a connection on which it is our turn to speak. uvloop reads from the first moment on, whatever we ask."""

    def __init__(self) -> None:
        self.has_spoken = self.has_ended = False

    def data_received(self, data: bytes) -> None:
        """The other side speaks first: neither TLS nor a proxy does that."""
        self.has_spoken = True

    def connection_lost(self, error: Exception | None) -> None:
        """It ended at once."""
        self.has_ended = True

    def check(self, hop: Hop) -> None:
        """Go on only if nothing of that has happened.

        Raises:
            Unreachable: it has.
        """
        if self.has_ended:
            raise hop.no_tls(ConnectionResetError())
        if self.has_spoken:
            raise hop.spoke_first()


class Dial:
    """One connection while it is made: its steps, and what it waits for."""

    def __init__(self, dialer: Dialer, endpoint: Endpoint) -> None:
        self._dialer = dialer
        self._loop = dialer.loop
        self._endpoint = endpoint
        self.target = Hop(endpoint.host, endpoint.port)
        """The provider."""
        self.waits_for = ""
        """What has not happened yet, for the sentence about a timeout."""

    async def connect(self) -> None:
        """All steps.

        Raises:
            Unreachable: one of them failed.
        """
        raise NotImplementedError

    def _allowed(self, hop: Hop, addresses: list[Found]) -> list[Found]:
        """Those addresses of a hop to which a connection may be made; never empty."""
        return addresses

    async def _reach(self, hop: Hop) -> socket.socket:
        """A TCP connection to the first hop."""
        self.waits_for = f"{hop} was not resolved"
        try:
            addresses = self._allowed(hop, await self._dialer.lookups.find(hop.host, hop.port))
        except OSError as error:
            raise hop.not_resolved(error) from None
        self.waits_for = f"{hop} did not accept it"
        try:
            return await connect_first(self._loop, addresses, self._dialer.limits.upstream_keepalive_seconds)
        except OSError as error:
            raise hop.not_reached(error) from None

    async def _tunnel(self, transport: asyncio.Transport, hop: Hop, proxy: ProxyUrl) -> asyncio.Transport:
        """The way through the proxy, open; with TLS as far as the proxy, if it is reached so."""
        where = Address(self._endpoint.host, self._endpoint.port)
        tunnel = Tunnel(connect_request(str(where), proxy), self._loop)
        if proxy.is_secure:
            ca_file = self._dialer.egress.ca_file
            transport = await self._start_tls(transport, tunnel, TlsFiles(str(ca_file) if ca_file else None), hop)
        else:
            transport.set_protocol(tunnel)
        self.waits_for = f"{hop} did not answer CONNECT"
        try:
            tunnel.connection_made(transport)
            await tunnel.opened
        except TunnelRefused as refused:
            raise hop.no_tunnel(refused.status, str(where)) from None
        except ReplyBroken as broken:
            raise hop.failed(UpstreamError.EGRESS, f"gave no usable answer to CONNECT: {broken}") from None
        except OSError:
            raise hop.failed(UpstreamError.EGRESS, "closed the connection without an answer to CONNECT") from None
        return transport

    async def _start_tls(
        self, transport: asyncio.Transport, protocol: asyncio.Protocol, files: TlsFiles, hop: Hop
    ) -> asyncio.Transport:
        """TLS over a transport; the protocol has to be told itself that it is connected."""
        self.waits_for = f"{hop} did not end the TLS handshake"
        try:
            secure = await self._loop.start_tls(
                transport,
                protocol,
                self._context_for(files, hop),
                server_hostname=hop.host.rstrip("."),
                ssl_shutdown_timeout=GOODBYE_SECONDS,
            )
        except OSError as error:
            shows_certificate = files.client_certificate_file is not None
            raise hop.no_tls(error, shows_certificate=shows_certificate) from None
        assert secure is not None
        return secure

    def _context_for(self, files: TlsFiles, hop: Hop) -> ssl.SSLContext:
        try:
            return self._dialer.certificates.context(files)
        except OSError as error:
            raise hop.failed(UpstreamError.TLS, f"can't be spoken to: our own certificate files: {error}") from None


class UpstreamDial(Dial):
    """One that is made for the pool: with TLS where the endpoint speaks it, through the egress proxy where there is one."""

    def __init__(self, dialer: Dialer, upstream: PooledUpstream) -> None:
        super().__init__(dialer, upstream.endpoint)
        self._upstream = upstream

    async def connect(self) -> None:
        """All steps.

        Raises:
            Unreachable: one of them failed.
        """
        endpoint = self._endpoint
        proxy = self._dialer.egress.proxy_for(endpoint.host, endpoint.port) if endpoint.is_tls else None
        hop = self.target if proxy is None else Hop(proxy.host, proxy.port, is_egress=True)
        sock = await self._reach(hop)
        try:
            if endpoint.is_tls:
                await self._secure(sock, hop, proxy)
            else:
                await self._loop.create_connection(lambda: self._upstream, sock=sock)
        except BaseException:
            self._upstream.discard()
            sock.close()
            raise

    async def _secure(self, sock: socket.socket, hop: Hop, proxy: ProxyUrl | None) -> None:
        """TLS over a connected socket, through a tunnel if there is a proxy."""
        transport, unspoken = await self._loop.create_connection(Unspoken, sock=sock)
        try:
            unspoken.check(hop)
            # What is not sent at once waits inside of TLS then, which tells its writer so.
            transport.set_write_buffer_limits(high=0)
            within = transport if proxy is None else await self._tunnel(transport, hop, proxy)
            files = TlsFiles.of(self._endpoint)
            secure = await self._start_tls(within, self._upstream, files, self.target)
            self._upstream.connection_made(secure)
        except BaseException:
            transport.abort()
            raise
