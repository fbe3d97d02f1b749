"""TLS begins with bytes that were read before it was known that they are TLS, however they come; or it ends, and says why."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from sidecar.proxy.securing import Handshake
from tests.proxy.certificates import Authority
from tests.proxy.memory_tls import MemoryTls
from tests.proxy.messages import UNARY_PATH, UNARY_REPLY, answer, request
from tests.proxy.sockets import Caller, within
from tests.proxy.tunneling import GRANTED, InterceptingRoad, an_intercepting_road, connect_request

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_tunnel(authority: Authority) -> AsyncIterator[tuple[InterceptingRoad, Caller, MemoryTls]]:
    """An intercepted one, its caller, and TLS that nothing was said of."""
    async with an_intercepting_road(authority) as way:
        caller = await way.road.caller(connect_request("127.0.0.1", way.port))
        assert await caller.read(b"\r\n\r\n") == GRANTED
        yield way, caller, MemoryTls(caller, way.trusting("http/1.1"))


async def is_answered(way: InterceptingRoad, tls: MemoryTls) -> None:
    """The request that was sent has come to the provider, and its answer back."""
    connection, _ = await way.road.provider.call()
    await connection.send(UNARY_REPLY)
    assert await tls.read(answer()) == UNARY_REPLY


@pytest.mark.parametrize("size", [1, 5, 6, 100, 516])
async def test_hello_in_pieces__as_if_it_were_whole(authority: Authority, size: int) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        hello = tls.says()
        await caller.send(*(hello[at : at + size] for at in range(0, len(hello), size)))
        await tls.hear()
        await caller.send(tls.says(request(UNARY_PATH)))
        await is_answered(way, tls)


async def test_hello_in_the_packet_of_the_connect__taken_up(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.road.caller()
        tls = MemoryTls(caller, way.trusting())
        await caller.send(connect_request("127.0.0.1", way.port) + tls.says())
        assert await caller.read(b"\r\n\r\n") == GRANTED
        await tls.hear()
        await caller.send(tls.says(request(UNARY_PATH)))
        await is_answered(way, tls)


async def test_request_in_the_packet_of_the_last_of_the_handshake__not_lost(authority: Authority) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        await caller.send(await tls.shake(request(UNARY_PATH)))
        await is_answered(way, tls)


async def test_goodbye_in_the_same_packet__the_connection_ends(authority: Authority) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        last = await tls.shake()
        await caller.send(last + tls.says_goodbye())
        await way.road.until(lambda: not way.road.context.downstreams and not way.road.context.passages)
        assert way.shaken() == {"made": 1}


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions(authority: Authority, newest: ssl.TLSVersion) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        context = way.trusting()
        context.maximum_version = newest
        await caller.secure(context)
        await caller.send(request(UNARY_PATH))
        connection, _ = await way.road.provider.call()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


async def test_client_that_does_not_trust_us__counted_and_one_line_that_says_what_it_lacks(
    authority: Authority,
) -> None:
    async with an_intercepting_road(authority) as way:
        for _ in range(2):
            caller = await way.through()
            tls = MemoryTls(caller, ssl.create_default_context())
            await caller.send(tls.says())
            await tls.hear()
            await caller.send(tls.complains())
            await way.road.until(lambda: not way.road.context.passages)
        assert way.shaken() == {"untrusted": 2}
        (line,) = way.warned
        assert (line["event"], line["host"], line["problem"]) == ("certificate_not_trusted", "127.0.0.1", "unknown ca")
        assert "SSL_CERT_FILE" in str(line["advice"])


async def test_client_that_does_not_say_why_it_goes__the_line_all_the_same(authority: Authority) -> None:
    """The clients of asyncio and uvloop end without an alert."""
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        with pytest.raises(ssl.SSLCertVerificationError):
            await caller.secure(ssl.create_default_context())
        await way.road.until(lambda: not way.road.context.passages)
        assert way.shaken() == {"failed": 1}
        assert [line["event"] for line in way.warned] == ["certificate_not_trusted"]


@pytest.mark.parametrize("how", [Caller.leave, Caller.reset, Caller.half_close])
async def test_client_that_goes_amid_the_handshake__nothing_is_left(
    authority: Authority, how: Callable[[Caller], None]
) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        await tls.shake()
        how(caller)
        await way.road.until(lambda: not way.road.context.passages)
        assert way.shaken() == {"failed": 1}


async def test_what_only_looks_like_tls__the_connection_ends(authority: Authority) -> None:
    async with a_tunnel(authority) as (way, caller, _):
        await caller.send(b"\x16\3\1\0\5hello")
        await caller.rest()
        assert way.shaken() == {"failed": 1}


async def test_handshake_that_takes_too_long__ended_whatever_trickles_in(authority: Authority) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        await tls.shake()
        context = way.road.context
        (handshake,) = context.passages
        assert isinstance(handshake, Handshake)
        now_ns = context.clock.monotonic_ns()
        handshake.look(now_ns + int(59e9))
        assert context.passages
        handshake.look(now_ns + int(60e9))
        await caller.rest()
        await way.road.until(lambda: not context.passages)
        assert way.shaken() == {"failed": 1}
        assert way.road.counted("limits_reached_total", limit="limits.request_head_seconds") == 1


async def test_handshakes_are_connections__one_too_many_is_refused(authority: Authority) -> None:
    async with an_intercepting_road(authority, limits={"max_connections": 1}) as way:
        await way.through()
        late = await way.caller()
        assert (await late.reply()).status == 503


async def test_on_the_loop_of_asyncio__the_same(authority: Authority) -> None:
    """The sidecar runs on uvloop; tools around it may not."""

    async def scenario() -> None:
        async with a_tunnel(authority) as (way, caller, tls):
            await caller.send(await tls.shake(request(UNARY_PATH)))
            await is_answered(way, tls)

    assert "uvloop" in type(asyncio.get_running_loop()).__module__
    await within(asyncio.to_thread(lambda: asyncio.run(scenario())))


@pytest.mark.parametrize("turns", range(8))
async def test_ended_at_any_moment__nothing_is_left(authority: Authority, turns: int) -> None:
    async with a_tunnel(authority) as (way, caller, tls):
        await caller.send(tls.says())
        await way.road.until(lambda: any(isinstance(each, Handshake) for each in way.road.context.passages))
        for _ in range(turns):
            await asyncio.sleep(0)
        for passage in list(way.road.context.passages):
            passage.end()
        with contextlib.suppress(ConnectionResetError):
            while await caller.receive():
                pass
        await way.road.until(lambda: not way.road.context.passages)
        assert sum(way.shaken().values()) == 1
