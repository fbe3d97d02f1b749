"""One call over a connection of its own, read to its end or cut at a moment; and looks at sources.

A connection is not shared: to close it is what a caller's end does. Certificates, egress proxy and credentials are those of
the settings, as for any call through the sidecar. Nothing that is read is kept but names, counts and moments.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2

from sidecar import __version__
from sidecar.clock import Clock
from sidecar.config.egress import Egress
from sidecar.errors import SidecarError
from sidecar.probing.exchange import Exchange
from sidecar.probing.methods import Method, Question
from sidecar.probing.observations import Call
from sidecar.providers.answer import Credential, Signable
from sidecar.providers.contract import Reported, Route
from sidecar.proxy.certificates import TlsFiles
from sidecar.proxy.destination import Destination, Endpoint

CONNECT_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 10.0
MOST_LOOKED_AT: Final = 16 * 1024 * 1024
"""Bytes of an answer to a look: vLLM's page of metrics has a hundred thousand."""
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP; it trusts nobody. Without one the client would read all of the system's authorities for each look."""
OWN: Final = {"user-agent": f"inference-sidecar/{__version__}", "accept-encoding": "identity"}


class Wire:
    """The way to one upstream."""

    def __init__(self, destination: Destination, egress: Egress, credential: Credential, clock: Clock) -> None:
        self._destination, self._egress, self._credential = destination, egress, credential
        self.clock = clock

    async def call(
        self,
        method: Method,
        question: Question,
        cut_after: float | None,
        on_cut: Callable[[], Awaitable[Any]] | None = None,
    ) -> tuple[Call, Reported | None]:
        """Make a call; `cut_after` seconds after its request was sent close the connection, after `on_cut` was awaited.

        Without it the reply is read to its end. A stream is not cut before its first piece.

        Raises:
            NotAnswered: there was no connection, or an error was answered.
        """
        exchange = Exchange(self, method, question)
        task = asyncio.ensure_future(exchange.run())
        try:
            if cut_after is not None:
                await exchange.until(cut_after, task)
                if on_cut is not None and not task.done():
                    await on_cut()
            else:
                await asyncio.wait({task})
            ended_at = self.clock.now()
            was_cut = not task.done()
        finally:
            await _ended(task)
        return exchange.seen(task, ended_at, was_cut), exchange.reported()

    async def look(self, target: str) -> bytes | None:
        """The body of what stands there; None where nothing does, or it is too much."""
        try:
            async with self._client(target, LOOK_SECONDS) as client:
                reply = await client.get(self._url(target), headers=await self._headers("GET", target, b""))
        except (httpx2.HTTPError, SidecarError):
            return None
        return reply.content if reply.status_code == 200 and len(reply.content) <= MOST_LOOKED_AT else None

    # === what an exchange needs ===

    def _endpoint(self, target: str) -> Endpoint:
        """Where a request with this target goes."""
        return self._destination.endpoint_for(target.partition("?")[0])

    def _url(self, target: str) -> str:
        """The same as an address."""
        endpoint = self._endpoint(target)
        origin = f"{'https' if endpoint.is_tls else 'http'}://{endpoint.host_header.decode('ascii')}"
        return origin + self._destination.base_path.decode("ascii") + target

    async def _headers(self, verb: str, target: str, body: bytes) -> dict[str, str]:
        """Ours, and the credential's.

        Raises:
            Unreachable: the request can't be signed.
        """
        fields = await self._credential.fields_for(Signable(verb, self._url(target), body))
        return OWN | {name.decode("ascii"): value.decode("latin-1") for name, value in fields}

    def _client(self, target: str, read_seconds: float | None) -> httpx2.AsyncClient:
        """A client without anything kept: one connection, as the settings have it made."""
        endpoint = self._endpoint(target)
        verify = TlsFiles.of(endpoint).load() if endpoint.is_tls else NO_TLS
        timeout = httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS)
        return httpx2.AsyncClient(verify=verify, proxy=self._proxy(endpoint), timeout=timeout, trust_env=False)

    def _proxy(self, endpoint: Endpoint) -> httpx2.Proxy | None:
        proxy = self._egress.proxy_for(endpoint.host, endpoint.port) if endpoint.is_tls else None
        if proxy is None:
            return None
        user, _, password = (proxy.credentials or b"").decode("utf-8").partition(":")
        ca_file = str(self._egress.ca_file) if self._egress.ca_file else None
        return httpx2.Proxy(
            f"{'https' if proxy.is_secure else 'http'}://{proxy.host}:{proxy.port}",
            auth=(user, password) if proxy.credentials else None,
            ssl_context=TlsFiles(ca_file).load() if proxy.is_secure else None,
        )

    def route(self, target: str) -> Route | None:
        """What our own dialect takes a call with this target for."""
        return self._destination.dialect.route("POST", target)

    @asynccontextmanager
    async def sent(self, target: str, body: bytes, mark: str, trace: object) -> AsyncIterator[httpx2.Response]:
        """Send a call over a connection of its own, which is closed behind it."""
        headers = await self._headers("POST", target, body)
        headers |= {"content-type": "application/json", "x-client-request-id": mark}
        async with (
            self._client(target, None) as client,
            client.stream(
                "POST", self._url(target), content=body, headers=headers, extensions={"trace": trace}
            ) as reply,
        ):
            yield reply


async def _ended(task: "asyncio.Future[None]") -> None:
    """Whatever it comes to, it has come to its end; a connection that it held is closed."""
    task.cancel()
    await asyncio.wait({task})
