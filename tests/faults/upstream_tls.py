"""A provider that should speak TLS and does not, not whole, or as somebody else. Not one byte of the request reaches it."""

import asyncio
import contextlib
import datetime
import ssl
from functools import partial
from pathlib import Path
from typing import Final

import trustme

from tests.faults.raw_provider import RawProvider
from tests.faults.scene import Scene
from tests.faults.together import Acted
from tests.faults.wire import Kind
from tests.proxy.sockets import reset_when_closed

CONNECT_SECONDS: Final = 2.0
"""`limits.connect_seconds` of the scene."""
FLIGHT_BYTES: Final = 900
"""Of what a server sends until its handshake is over, at least: certificates differ by some bytes."""
PLACES: Final = 6
ALERT: Final = b"\x15\x03\x03\x00\x02\x02\x28"
"""handshake_failure (RFC 8446 section 6)."""
GARBAGE: Final = {
    "plain HTTP": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "random bytes": bytes(range(256)) * 4,
    "an alert": ALERT,
    "an endless record": b"\x16\x03\x03\xff\xff" + b"x" * 100_000,
    "nothing": b"",
}


class Servers:
    """Where something else than the provider listens, by the name of the upstream that leads there."""

    def __init__(self) -> None:
        self.ports: dict[str, int] = {}
        self.cut_after: tuple[int, bool] = (0, False)
        """After how many of its bytes the handshake that comes next is cut, and whether by a reset."""
        self.servers: list[asyncio.Server] = []

    async def garbage(self, raw: bytes) -> int:
        """A server that answers a greeting with this."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await reader.read(4096)
                writer.write(raw)
                await reader.read()
            writer.close()

        return await self._listen(serve)

    async def cutting(self, port: int) -> int:
        """The way to a port, cut after some bytes that come back from there."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            left, is_reset = self.cut_after
            far_reader, far = await asyncio.open_connection("127.0.0.1", port)
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                far.write(await reader.read(4096))
                while left > 0 and (piece := await far_reader.read(left)):
                    writer.write(piece)
                    await writer.drain()
                    left -= len(piece)
            if is_reset:
                reset_when_closed(writer.get_extra_info("socket"))
            writer.close()
            far.transport.abort()

        return await self._listen(serve)

    async def _listen(self, serve: object) -> int:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)  # type: ignore[arg-type]
        self.servers.append(server)
        return int(server.sockets[0].getsockname()[1])


class TlsRoads:
    """Upstreams with TLS, good and bad, of one authority that the sidecar was told to trust."""

    def __init__(self) -> None:
        self.servers = Servers()

    async def settings(self, directory: Path, provider: RawProvider) -> dict[str, str]:
        """Let the provider listen with TLS, and garbage beside it; the settings of the upstreams that lead there."""
        self.servers = Servers()
        authority, stranger = trustme.CA(), trustme.CA()
        authority.cert_pem.write_to_path(str(directory / "authority.pem"))
        yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        leaves = {
            "tls": authority.issue_cert("127.0.0.1"),
            "tls_another": authority.issue_cert("another.test"),
            "tls_stranger": stranger.issue_cert("127.0.0.1"),
            "tls_expired": authority.issue_cert("127.0.0.1", not_after=yesterday),
        }
        ports = {name: await provider.listen(_context(leaf)) for name, leaf in leaves.items()}
        ports["tls_cut"] = await self.servers.cutting(ports["tls"])
        for number, raw in enumerate(GARBAGE.values()):
            ports[f"tls_garbage_{number}"] = await self.servers.garbage(raw)
        return {key: value for name, port in ports.items() for key, value in _upstream(name, port, directory).items()}


ROADS: Final = TlsRoads()


def _context(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    return context


def _upstream(name: str, port: int, directory: Path) -> dict[str, str]:
    said = {"DIALECT": "gemini", "PROVIDER": "gemini", "URL": f"https://127.0.0.1:{port}"}
    said["CA_FILE"] = str(directory / "authority.pem")
    return {f"UPSTREAMS__{name.upper()}__{key}": value for key, value in said.items()}


async def speaks_no_tls(scene: Scene) -> Acted:
    """502 that says so, within `limits.connect_seconds`."""
    bad = [*(f"tls_garbage_{number}" for number in range(len(GARBAGE))), "tls_another", "tls_stranger", "tls_expired"]
    lost = await scene.each([partial(_bad, scene, f"speaks garbage TLS: {name}", name) for name in bad])
    places = scene.stage.some(
        [(place, is_reset) for place in range(FLIGHT_BYTES) for is_reset in (False, True)], PLACES
    )
    for place, is_reset in places:
        ROADS.servers.cut_after = (place, is_reset)
        how = "reset" if is_reset else "closed"
        lost += await _bad(scene, f"speaks garbage TLS: {how} after {place}", "tls_cut")
    recovered = await scene.recovered("speaks garbage TLS: again", "tls")
    return Acted(len(bad) + len(places), lost, recovered_seconds=recovered)


async def _bad(scene: Scene, name: str, upstream: str) -> list[str]:
    heard = await scene.ask(name, scene.sends(scene.answers[Kind.UNARY].raw), upstream=upstream.replace("_", "-"))
    found = [] if heard.is_own_error(502) else [f"{name}: {heard.status}, {heard.ending}, {heard.body[:80]!r}"]
    return found + ([f"{name}: the request went out"] if scene.provider.asked[name] else [])
