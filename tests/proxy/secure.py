"""A road whose provider speaks TLS, and what its tests ask."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sidecar.proxy.destination import Endpoint
from tests.proxy.certificates import Pair
from tests.proxy.messages import UNARY_REPLY, answer, request
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import Connection, ScriptedProvider
from tests.proxy.sockets import Reply


@asynccontextmanager
async def a_tls_road(
    server: ssl.SSLContext, ca_file: object = None, *, pair: Pair | None = None, **changes: Any
) -> AsyncIterator[Road]:
    """A proxy in front of a provider with this TLS, that trusts the CA file's authorities and shows the pair."""
    provider = ScriptedProvider()
    await provider.start(server)
    async with a_road(provider, endpoint=secure_endpoint(provider.port, ca_file, pair), **changes) as road:
        yield road


def secure_endpoint(port: int, ca_file: object = None, pair: Pair | None = None, host: str = "127.0.0.1") -> Endpoint:
    """Where TLS is spoken."""
    return Endpoint(
        host,
        port,
        True,
        ca_file=str(ca_file) if ca_file else None,
        client_certificate_file=str(pair.certificate) if pair else None,
        client_key_file=str(pair.key) if pair else None,
        upstream="gemini",
    )


async def asked(road: Road) -> Reply:
    """What a new caller is answered."""
    return await (await road.caller(request())).reply()


async def one_call(road: Road) -> Connection:
    """A call that is answered; the provider's end of the connection that is idle afterwards."""
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    return connection


async def another_call(road: Road, connection: Connection) -> None:
    """A call that is answered on a connection that was there."""
    caller = await road.caller(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()


def sentence(answered: Reply, status: int = 502) -> str:
    """What we said of a failure."""
    assert answered.status == status
    message: str = json.loads(answered.body)["error"]["message"]
    return message


def states(road: Road) -> dict[str, int]:
    """The connections to the provider, by what they do, as they are scraped; without zeros."""
    counts = {
        state: int(road.counted("upstream_connections", upstream="gemini", state=state))
        for state in ("idle", "busy", "connecting", "waiting")
    }
    return {state: count for state, count in counts.items() if count}
