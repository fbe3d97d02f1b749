"""Callers who speak TLS: to nginx, to the sidecar as to a base URL, and by CONNECT through it to a provider's own name.

`wrk` knows no CONNECT, so all of them get their load from here: from Python, which takes longer than they do. What is compared is
what the contender takes, by its own clock.
"""

import asyncio
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvloop

from sidecar.authority.authority import Authority
from sidecar.clock import SystemClock
from sidecar.config.load import load as load_settings
from sidecar.local_authority import hosts_of
from tests.bench.contenders import Contender, Up, alone, nginx, sidecar
from tests.bench.figures import INTERCEPTING, SIDECAR, Measured, percentile
from tests.bench.places import Place, Start, Upstream, Way
from tests.bench.transcript import AT_ONCE, gemini, request

KEPT_AT_ONCE, NEW_AT_ONCE = 32, 8
MOST_BYTES = 1 << 20


def _secure_sidecar(place: Place) -> Start:
    command, variables = sidecar(place)
    own = {"SIDECAR_PROXY__TLS__CERT": f"{place.folder}/own.pem", "SIDECAR_PROXY__TLS__KEY": f"{place.folder}/own.key"}
    return Start(command, {**variables, **own})


def _intercepting(place: Place) -> Start:
    command, variables = sidecar(place)
    hosts = hosts_of(load_settings({}, variables).settings)
    Authority.create(place.folder / "ca", hosts, SystemClock(), variables={})
    own = {"SIDECAR_PROXY__CONNECT__INTERCEPT": "true", "SIDECAR_PROXY__CA_DIRECTORY": f"{place.folder}/ca"}
    return Start(command, {**variables, **own})


def contenders(wanted: set[str], upstream: Upstream) -> Iterator[Contender]:
    """Those of these names; a provider without TLS is reached by nobody's CONNECT."""
    if "nginx" in wanted:
        yield Contender("nginx", ("nginx",), nginx, way=Way.SECURE)
    yield Contender(SIDECAR, (), _secure_sidecar, dialect=gemini("/gemini/v1beta"), way=Way.SECURE)
    if upstream.ca_file is not None:
        yield Contender(INTERCEPTING, (), _intercepting, way=Way.CONNECT)


class Caller:
    """Makes calls one after the other, on a connection that is kept or on a new one for each."""

    def __init__(self, one: Up, tls: ssl.SSLContext, *, is_kept: bool) -> None:
        self._one, self._tls, self._is_kept = one, tls, is_kept
        self._asked = request(one.dialect.unary, one.headers, one.dialect.prompt(AT_ONCE))
        self.latencies_us: list[float] = []
        self.errors = 0

    async def call_until(self, deadline: float) -> None:
        """As many calls as there is time for."""
        while time.monotonic() < deadline:
            with _ended(await self._connected()) as (reader, writer):
                is_first = True
                while (is_first or self._is_kept) and time.monotonic() < deadline:
                    began = time.monotonic() if self._is_kept else self._began
                    writer.write(self._asked)
                    self.errors += not await _is_answered(reader)
                    self.latencies_us.append((time.monotonic() - began) * 1e6)
                    is_first = False

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._began = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._one.port, limit=MOST_BYTES)
        if self._one.tunnel_to:
            place = self._one.tunnel_to.encode()
            writer.write(b"CONNECT %b HTTP/1.1\r\nHost: %b\r\n\r\n" % (place, place))
            await reader.readuntil(b"\r\n\r\n")
        await writer.start_tls(self._tls, server_hostname="127.0.0.1")
        return reader, writer


@contextmanager
def _ended(
    connected: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> Iterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    try:
        yield connected
    finally:
        connected[1].close()


async def _is_answered(reader: asyncio.StreamReader) -> bool:
    """Read one reply, whose length its head tells; whether it is one of 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, rest = head.lower().partition(b"content-length:")
    await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    return head.startswith(b"HTTP/1.1 200 ")


def load(one: Up, seconds: int, *, is_kept: bool) -> Measured:
    """One round of load on one contender."""
    tls = ssl.create_default_context(cafile=one.ca_file)
    tls.set_alpn_protocols(["http/1.1"])
    callers = [Caller(one, tls, is_kept=is_kept) for _ in range(KEPT_AT_ONCE if is_kept else NEW_AT_ONCE)]

    async def call_all() -> None:
        deadline = time.monotonic() + seconds
        await asyncio.gather(*(caller.call_until(deadline) for caller in callers))

    with alone(one):
        assert one.process is not None
        before = one.process.cpu_ns()
        uvloop.run(call_all())
        latencies = [each for caller in callers for each in caller.latencies_us]
        return {
            "calls": float(len(latencies)),
            "errors": float(sum(caller.errors for caller in callers)),
            "p50_us": percentile(latencies, 50),
            "p99_us": percentile(latencies, 99),
            "cpu_us": (one.process.cpu_ns() - before) / 1000 / max(1, len(latencies)),
        }
