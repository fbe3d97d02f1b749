"""A road that intercepts, and callers that come through tunnels and over TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sidecar.authority.authority import Authority
from sidecar.clock import SystemClock
from sidecar.config.sockets import Connect
from sidecar.proxy.tunnels import Tunnel
from tests.proxy.certificates import Authority as ProvidersAuthority
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection, ScriptedProvider
from tests.proxy.secure import a_tls_road
from tests.proxy.sockets import Caller, reset_when_closed, within

GRANTED = b"HTTP/1.1 200 Connection established\r\n\r\n"


def connect_request(host: str, port: int, *fields: str, version: str = "1.1") -> bytes:
    """A CONNECT as curl sends it."""
    lines = [f"CONNECT {host}:{port} HTTP/{version}", f"Host: {host}:{port}", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


class SecureCaller(Caller):
    """A caller over asyncio's streams, on which TLS can be started, once and again."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(writer.get_extra_info("socket"))
        self.reader, self.writer = reader, writer

    async def secure(self, context: ssl.SSLContext, host: str = "127.0.0.1") -> None:
        """Speak TLS from here on."""
        await within(self.writer.start_tls(context, server_hostname=host))

    async def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)
            await within(self.writer.drain())

    async def receive(self) -> bytes:
        return await within(self.reader.read(2**20))

    def leave(self) -> None:
        if not self.writer.transport.is_closing():
            self.writer.transport.abort()

    def half_close(self) -> None:
        self.writer.write_eof()

    def reset(self) -> None:
        reset_when_closed(self.socket)
        self.leave()

    async def goodbye(self) -> None:
        """Close in order, as TLS does it."""
        self.writer.close()
        await within(self.writer.wait_closed())


class InterceptingRoad:
    """A road in front of a provider that speaks TLS, whose callers come through tunnels to it."""

    def __init__(self, road: Road, authority: Authority) -> None:
        self.road = road
        self.authority = authority
        self.port = road.provider.port
        road.context.authority = authority
        road.context.connect = Connect(intercept=True, ports=(443, self.port))
        self.warned: list[dict[str, object]] = []
        road.context.warn = lambda event, **facts: self.warned.append({"event": event, **facts})

    def trusting(self, *protocols: str) -> ssl.SSLContext:
        """What a client speaks that trusts our authority, and nobody else."""
        context = ssl.create_default_context(cadata=self.authority.certificate_pem.decode())
        if protocols:
            context.set_alpn_protocols(list(protocols))
        return context

    async def caller(self) -> SecureCaller:
        """Connected, and nothing said."""
        caller = SecureCaller(*await within(asyncio.open_connection(*self.road.address)))
        self.road.callers.append(caller)
        return caller

    async def through(self, host: str = "127.0.0.1", port: int = 0) -> SecureCaller:
        """A caller with a tunnel, in which nothing was said."""
        caller = await self.caller()
        await caller.send(connect_request(host, port or self.port))
        assert await caller.read(b"\r\n\r\n") == GRANTED
        return caller

    async def inside(self, *pieces: bytes, host: str = "127.0.0.1") -> SecureCaller:
        """A caller that speaks TLS through its tunnel, and has sent these bytes."""
        caller = await self.through(host)
        await caller.secure(self.trusting("http/1.1"), host)
        await caller.send(*pieces)
        return caller

    def asked(self) -> dict[str, int]:
        """What became of CONNECTs, without zeros."""
        results = ("intercepted", "tunneled", "grpc", "refused", "failed")
        counts = {result: int(self.road.counted("connects_total", result=result)) for result in results}
        return {result: count for result, count in counts.items() if count}

    def shaken(self) -> dict[str, int]:
        """How handshakes ended, without zeros."""
        results = ("made", "untrusted", "failed")
        counts = {result: int(self.road.counted("tls_handshakes_total", result=result)) for result in results}
        return {result: count for result, count in counts.items() if count}


@asynccontextmanager
async def an_intercepting_road(
    authority: ProvidersAuthority, server: ssl.SSLContext | None = None, *, trusts: bool = True, **changes: Any
) -> AsyncIterator[InterceptingRoad]:
    """A proxy that intercepts tunnels to a provider with this TLS; `trusts` says whether it trusts the provider's authority."""
    ca_file = authority.ca_file if trusts else None
    async with a_tls_road(server or authority.server(), ca_file, **changes) as road:
        yield InterceptingRoad(road, Authority.in_memory(("api.example",), SystemClock()))


@asynccontextmanager
async def a_host(tls: ssl.SSLContext | None = None) -> AsyncIterator[ScriptedProvider]:
    """A host that no upstream has."""
    host = ScriptedProvider()
    await host.start(tls)
    try:
        yield host
    finally:
        await host.stop()


def opens_to(road: Road, *ports: int) -> None:
    """Tunnels to these ports are made."""
    road.context.connect = Connect(intercept=True, ports=ports)


@asynccontextmanager
async def a_tunnel(**changes: Any) -> AsyncIterator[tuple[Road, Caller, Connection]]:
    """One that is open: the caller's end, and the host's."""
    async with a_host() as host, a_road(**changes) as road:
        opens_to(road, host.port)
        caller = await road.caller(connect_request("127.0.0.1", host.port))
        assert await caller.read(b"\r\n\r\n") == GRANTED
        yield road, caller, await host.connection()


def only_tunnel(road: Road) -> Tunnel:
    (tunnel,) = road.context.passages
    assert isinstance(tunnel, Tunnel)
    return tunnel


async def is_gone(road: Road) -> None:
    """Nothing of a tunnel is left."""
    await road.until(lambda: not road.context.passages)
    assert road.counted("tunnels") == 0
