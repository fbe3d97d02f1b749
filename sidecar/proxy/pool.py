"""Connections to providers, kept for the next exchange.

A connection is reused only when its last exchange ended cleanly on both sides and nothing has come on it since: a byte
that arrived early belongs to nobody, and handing it to the next caller is how answers get mixed up.
"""

import asyncio
import ssl
from typing import TYPE_CHECKING

from sidecar.proxy.destination import Endpoint
from sidecar.proxy.upstream import Upstream

if TYPE_CHECKING:
    from sidecar.proxy.context import Context
    from sidecar.proxy.exchange import Exchange

SWEEP_SECONDS = 5.0
"""How often idle connections are looked over."""


class Pool:
    """Idle connections by endpoint, and the connecting of new ones."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._idle: dict[Endpoint, list[Upstream]] = {}
        self._connecting: dict[Exchange, asyncio.Task[None]] = {}
        self._tls: dict[str | None, ssl.SSLContext] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def connect(self, exchange: "Exchange", endpoint: Endpoint) -> None:
        """Give the exchange a connection: at once when one is idle, else when it is made (`connected`, `broken`)."""
        idle = self._idle.get(endpoint)
        while idle:
            upstream = idle.pop()
            if upstream.is_reusable():
                exchange.connected(upstream)
                return
            upstream.close()
        self._connecting[exchange] = self._context.loop.create_task(self._open(exchange, endpoint))

    def give_up(self, exchange: "Exchange") -> None:
        """Stop connecting for an exchange that no longer wants it."""
        task = self._connecting.pop(exchange, None)
        if task is not None:
            task.cancel()

    def release(self, upstream: Upstream) -> None:
        """Take a connection back whose exchange ended cleanly."""
        upstream.transport.resume_reading()  # its last caller may have been slow; an idle connection's end must be seen
        upstream.idle_since_ns = self._context.clock.monotonic_ns()
        self._idle.setdefault(upstream.endpoint, []).append(upstream)
        if self._sweeper is None:
            self._sweeper = self._context.loop.call_later(SWEEP_SECONDS, self._sweep)

    def forget(self, upstream: Upstream) -> None:
        """An idle connection was closed by the other side."""
        idle = self._idle.get(upstream.endpoint)
        if idle and upstream in idle:
            idle.remove(upstream)

    def close(self) -> None:
        """Close what is idle and stop what is connecting."""
        for exchange in list(self._connecting):
            self.give_up(exchange)
        for idle in self._idle.values():
            for upstream in idle:
                upstream.close()
        self._idle.clear()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None

    async def _open(self, exchange: "Exchange", endpoint: Endpoint) -> None:
        """Make a connection; what went wrong becomes a sentence for the caller."""
        try:
            async with asyncio.timeout(self._context.limits.connect_seconds):
                _, upstream = await self._context.loop.create_connection(
                    lambda: Upstream(self._context, endpoint),
                    endpoint.host,
                    endpoint.port,
                    ssl=self._tls_context(endpoint) if endpoint.is_tls else None,
                )
        except (OSError, TimeoutError, ssl.SSLError) as error:
            self._connecting.pop(exchange, None)
            exchange.broken(*_explain(error, endpoint, self._context.limits.connect_seconds))
            return
        self._connecting.pop(exchange, None)
        exchange.connected(upstream)

    def _tls_context(self, endpoint: Endpoint) -> ssl.SSLContext:
        """Certificates are always checked; a CA file adds to the system's, it never takes the check away."""
        context = self._tls.get(endpoint.ca_file)
        if context is None:
            context = ssl.create_default_context()
            if endpoint.ca_file is not None:
                context.load_verify_locations(endpoint.ca_file)
            context.set_alpn_protocols(["http/1.1"])
            self._tls[endpoint.ca_file] = context
        return context

    def _sweep(self) -> None:
        oldest = self._context.clock.monotonic_ns() - int(self._context.limits.upstream_idle_seconds * 1e9)
        for endpoint, idle in self._idle.items():
            for upstream in idle:
                if upstream.idle_since_ns < oldest:
                    upstream.close()
            self._idle[endpoint] = [upstream for upstream in idle if upstream.idle_since_ns >= oldest]
        anything = any(self._idle.values())
        self._sweeper = self._context.loop.call_later(SWEEP_SECONDS, self._sweep) if anything else None


def _explain(error: OSError | TimeoutError, endpoint: Endpoint, seconds: float) -> tuple[str, str]:
    """(one word for the metric, a sentence for the caller) about a connection that was not made."""
    where = f"{endpoint.host}:{endpoint.port}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", f"the certificate of {where} could not be verified: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "tls", f"no TLS with {where}: {error.reason or error}"
    if isinstance(error, TimeoutError):
        return "connect_timeout", f"{where} did not accept a connection within {seconds:g} s"
    return "connect", f"{where} could not be reached: {error.strerror or error}"
