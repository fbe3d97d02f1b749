"""Connections are made, checked, kept for the next exchange, and never handed on with somebody else's bytes in them."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sidecar.proxy.destination import Endpoint
from tests.proxy.certificates import Authority
from tests.proxy.messages import UNARY_REPLY, answer, reply, request
from tests.proxy.road import ZERO, Road, a_road
from tests.proxy.scripted import Connection, ScriptedProvider
from tests.proxy.sockets import Reply

pytestmark = pytest.mark.anyio


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


def sentence(answered: Reply) -> str:
    assert answered.status == 502
    message: str = json.loads(answered.body)["error"]["message"]
    return message


async def test_connection_is_used_again_by_the_next_caller(road: Road) -> None:
    connection = await one_call(road)
    caller = await road.caller(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).body == answer()
    assert len(road.provider.accepted) == 1


async def test_calls_at_the_same_time_have_connections_of_their_own(road: Road) -> None:
    callers = [await road.caller(request()) for _ in range(3)]
    connections = [(await road.provider.call())[0] for _ in callers]
    for connection in connections:
        await connection.send(UNARY_REPLY)
    assert [(await caller.reply()).status for caller in callers] == [200] * 3


async def test_bytes_that_come_on_an_idle_connection_close_it(road: Road) -> None:
    connection = await one_call(road)
    await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    await connection.was_closed()
    assert not any(road.context.pool._idle.values())
    assert (await one_call(road)) is not connection


@pytest.mark.parametrize("what", ["bytes", "end", "reset"])
async def test_what_the_kernel_has_and_the_loop_has_not_seen_is_never_handed_to_the_next_caller(
    road: Road, what: str
) -> None:
    connection = await one_call(road)
    ((idle,),) = road.context.pool._idle.values()
    assert idle.is_reusable()
    idle.transport.pause_reading()  # the loop learns nothing
    if what == "bytes":
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    else:
        await (connection.close() if what == "end" else connection.reset())
    await road.until(lambda: not idle.is_reusable())
    assert (await one_call(road)) is not connection
    assert idle.transport.is_closing()


@pytest.mark.parametrize("how", ["close", "reset"])
async def test_idle_connection_that_the_provider_closed_is_forgotten(road: Road, how: str) -> None:
    connection = await one_call(road)
    await (connection.close() if how == "close" else connection.reset())
    await road.until(lambda: not any(road.context.pool._idle.values()))
    assert (await one_call(road)) is not connection


async def test_connection_of_a_slow_reader_is_read_on_for_the_next_caller(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    road.feel_slow_readers()
    await connection.send(reply(answer(text="x" * 250_000)))  # read in one piece, its end with it
    await road.until(lambda: road.context.pool._idle)
    assert road.only_downstream().is_writing_paused
    again = await road.caller(request())
    await connection.request()
    await connection.send(UNARY_REPLY)
    assert (await again.reply()).status == 200
    assert (await caller.reply()).status == 200


async def test_connection_that_is_idle_for_too_long_is_closed() -> None:
    async with a_road(limits={"upstream_idle_seconds": 0.0}) as road:
        connection = await one_call(road)
        road.context.pool._sweep()
        assert await connection.was_closed() == b""
        assert road.context.pool._sweeper is None


async def test_connection_that_is_not_idle_for_long_is_kept(road: Road) -> None:
    await one_call(road)
    before = road.context.pool._sweeper
    assert before is not None
    before.cancel()
    road.context.pool._sweep()
    assert road.context.pool._sweeper is not None
    (idle,) = road.context.pool._idle.values()
    assert len(idle) == 1


async def test_nobody_listens__502_that_names_the_upstream_and_the_address(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        message = sentence(await asked(road))
        assert f"upstream gemini: 127.0.0.1:{closed_port} could not be reached: Connection refused" in message
        row = await road.settled()
        assert (row.outcome, row.spend_usd, row.basis) == ("upstream_failed", ZERO, "exact")
        assert road.counted("upstream_errors_total", error="connect") == 1


async def test_nobody_accepts__502_after_the_connect_timeout(stuck_port: int) -> None:
    async with a_road(limits={"connect_seconds": 0.05}, port=stuck_port) as road:
        assert "did not accept a connection within 0.05 s" in sentence(await asked(road))
        assert road.counted("upstream_errors_total", error="connect_timeout") == 1


async def test_host_that_has_no_address__502(road: Road) -> None:
    async with a_road(endpoint=Endpoint("no-such-host.invalid", 80, False)) as other:
        assert "no-such-host.invalid:80 could not be reached" in sentence(await asked(other))


async def test_caller_may_ask_again_on_the_same_connection_however_long_its_request_was(closed_port: int) -> None:
    async with a_road(port=closed_port) as road:
        body = bytes(66_000)  # more than is held, and read in one piece
        caller = await road.caller(request(body=body))
        assert (await caller.reply()).status == 502
        await caller.send(request())
        assert (await caller.reply()).status == 502


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@asynccontextmanager
async def a_tls_road(server: ssl.SSLContext, ca_file: Path | None) -> AsyncIterator[Road]:
    provider = ScriptedProvider()
    await provider.start(server)
    endpoint = Endpoint("127.0.0.1", provider.port, True, str(ca_file) if ca_file else None)
    async with a_road(provider, endpoint=endpoint) as road:
        yield road


class TestTls:
    """Certificates are always checked; a CA file adds one."""

    async def test_authority_in_the_ca_file__connected_with_http_1_1_and_used_again(self, authority: Authority) -> None:
        async with a_tls_road(authority.server(), authority.ca_file) as road:
            connection = await one_call(road)
            assert connection.writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            caller = await road.caller(request())
            await connection.request()
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()

    @pytest.mark.parametrize(
        ("host", "has_expired", "is_known", "why"),
        [
            ("127.0.0.1", False, False, "unable to get local issuer certificate"),
            ("127.0.0.2", False, True, "mismatch"),
            ("127.0.0.1", True, True, "certificate has expired"),
        ],
        ids=["unknown authority", "another host", "expired"],
    )
    async def test_certificate_that_cannot_be_verified__502_with_the_reason_and_not_one_byte_of_the_request(
        self, authority: Authority, host: str, has_expired: bool, is_known: bool, why: str
    ) -> None:
        server = authority.server(host, has_expired=has_expired)
        async with a_tls_road(server, authority.ca_file if is_known else None) as road:
            message = sentence(await asked(road))
            assert f"the certificate of 127.0.0.1:{road.provider.port} could not be verified: " in message
            assert why in message
            assert road.provider.accepted == []
            assert (await road.settled()).spend_usd == 0
            assert road.counted("upstream_errors_total", error="tls") == 1

    async def test_provider_that_speaks_no_tls__502(self, road: Road, authority: Authority) -> None:
        endpoint = Endpoint("127.0.0.1", road.provider.port, True, str(authority.ca_file))
        async with a_road(endpoint=endpoint) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "no TLS with" in sentence(await caller.reply())

    async def test_caller_leaves_during_the_handshake__left_early(self, road: Road, authority: Authority) -> None:
        endpoint = Endpoint("127.0.0.1", road.provider.port, True, str(authority.ca_file))
        async with a_road(endpoint=endpoint) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            caller.leave()
            assert (await other.settled()).outcome == "left_early"
            await connection.was_closed()

    async def test_handshake_that_never_ends__502_after_the_connect_timeout(
        self, road: Road, authority: Authority
    ) -> None:
        endpoint = Endpoint("127.0.0.1", road.provider.port, True, str(authority.ca_file))
        async with a_road(limits={"connect_seconds": 0.05}, endpoint=endpoint) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            assert "within 0.05 s" in sentence(await caller.reply())
            await connection.was_closed()

    async def test_reply_ends_without_a_tls_goodbye__broken(self, authority: Authority) -> None:
        async with a_tls_road(authority.server(), authority.ca_file) as road:
            caller = await road.caller(request())
            connection, _ = await road.provider.call()
            await connection.send(UNARY_REPLY[:-5])
            await caller.read(b"\r\n\r\n")
            connection.writer.transport.abort()
            await caller.until_broken()
