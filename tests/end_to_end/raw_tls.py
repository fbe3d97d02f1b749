"""Hosts that speak TLS and whose every byte is the test's own; and the way to them, since no DNS leads there."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from tests.proxy.egress import EgressProxy


class RawHost:
    """Answers each request with `reply`, and keeps what it was sent."""

    def __init__(self, reply: bytes) -> None:
        self.reply = reply
        self.received: list[bytes] = []
        """Whole requests, heads and bodies."""
        self.protocols: list[str | None] = []
        """What ALPN agreed on, by connection."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as long as its caller wants it."""
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        self.protocols.append(tls.selected_alpn_protocol())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.received.append(head + await reader.readexactly(_length(head)))
                writer.write(self.reply)
                await writer.drain()
        writer.close()


def _length(head: bytes) -> int:
    lines = (line.lower() for line in head.split(b"\r\n"))
    return next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)


class Abroad:
    """All that is beyond the sidecar: an egress proxy that finds every host, on this machine."""

    def __init__(self, proxy: EgressProxy) -> None:
        self._proxy = proxy
        self.url = f"http://127.0.0.1:{proxy.port}"

    def place(self, host: str, port: int) -> None:
        """A host of this name is at this port of loopback."""
        self._proxy.places[host.replace(".", "_")] = port

    def times_asked(self, host: str) -> int:
        """How many tunnels to a host were asked for."""
        return sum(head.startswith(f"CONNECT {host}:443 ".encode()) for head in self._proxy.asked)


@contextmanager
def abroad(hosts: dict[str, tuple[RawHost, ssl.SSLContext]]) -> Iterator[Abroad]:
    """The egress proxy and these hosts, for as long as the block lasts."""
    started = Future[tuple[Abroad, asyncio.AbstractEventLoop, asyncio.Event]]()

    async def live() -> None:
        ended = asyncio.Event()
        async with EgressProxy() as proxy, contextlib.AsyncExitStack() as stack:
            found = Abroad(proxy)
            for name, (host, context) in hosts.items():
                server = await asyncio.start_server(host.serve, "127.0.0.1", 0, ssl=context)
                stack.callback(server.close)
                found.place(name, server.sockets[0].getsockname()[1])
            started.set_result((found, asyncio.get_running_loop(), ended))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(live()), name="abroad", daemon=True)
    thread.start()
    found, loop, ended = started.result(10)
    try:
        yield found
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
