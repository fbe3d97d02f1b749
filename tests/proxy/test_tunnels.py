"""Blind tunnels: to whom they lead, what they pass, when they end, and that nothing of them is left."""

import asyncio
import json
import random
import socket
import ssl

import pytest

from sidecar.proxy.drain import drain
from sidecar.proxy.tunnels import IDLE_SECONDS
from tests.proxy.certificates import Authority
from tests.proxy.messages import UNARY_REPLY, answer, get
from tests.proxy.road import a_road
from tests.proxy.sockets import within
from tests.proxy.tunneling import (
    GRANTED,
    a_host,
    a_tunnel,
    an_intercepting_road,
    connect_request,
    is_gone,
    only_tunnel,
    opens_to,
)

pytestmark = pytest.mark.anyio


async def test_bytes_pass_both_ways_and_are_counted() -> None:
    there, back = random.Random(1).randbytes(2_000_000), random.Random(2).randbytes(3_000_000)
    async with a_tunnel() as (road, caller, host):
        async with asyncio.TaskGroup() as both:
            both.create_task(caller.send(there))
            both.create_task(host.send(back))
            came = both.create_task(host.read(len(there)))
            got = both.create_task(caller.read(back[-100:]))
        assert (came.result(), got.result()) == (there, back)
        assert road.counted("tunnels") == 1
        assert road.counted("tunnel_bytes_total", direction="to_provider") == len(there)
        assert road.counted("tunnel_bytes_total", direction="to_caller") == len(back)
        assert road.counted("connects_total", result="tunneled") == 1
    assert road.counted("tunnels") == 0


async def test_what_came_right_behind_the_connect_comes_first() -> None:
    async with a_host() as host, a_road() as road:
        opens_to(road, host.port)
        caller = await road.caller(connect_request("127.0.0.1", host.port) + b"first")
        connection = await host.connection()
        assert await connection.read(5) == b"first"
        await caller.send(b"second")
        assert await connection.read(6) == b"second"


async def test_host_that_speaks_first__behind_the_answer_to_the_connect() -> None:
    async with a_road() as road:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            opens_to(road, port)
            caller = await road.caller(connect_request("127.0.0.1", port))
            host, _ = await asyncio.to_thread(listening.accept)
            with host:
                host.send(b"220 hello\r\n")
                assert await caller.read(b"hello\r\n") == GRANTED + b"220 hello\r\n"


class TestRefused:
    """A tunnel that comes to nothing is answered as any request is."""

    async def test_host_that_cannot_be_reached__502(self, closed_port: int) -> None:
        async with a_road() as road:
            opens_to(road, closed_port)
            caller = await road.caller(connect_request("127.0.0.1", closed_port) + b"hello")
            got = await caller.reply("GET")
            assert (got.status, got.header("connection")) == (502, b"close")
            said = json.loads(got.body)["error"]["message"]
            assert said == f"inference-sidecar: 127.0.0.1:{closed_port} could not be reached: Connection refused"
            assert await caller.rest() == b""
            assert road.counted("connects_total", result="failed") == 1
            await is_gone(road)

    async def test_host_that_does_not_accept__502_after_the_connect_timeout(self, stuck_port: int) -> None:
        async with a_road(limits={"connect_seconds": 0.05}) as road:
            opens_to(road, stuck_port)
            caller = await road.caller(connect_request("127.0.0.1", stuck_port))
            assert b"limits.connect_seconds" in (await caller.reply("GET")).body

    async def test_one_too_many_to_a_host__503(self) -> None:
        async with a_host() as host, a_road(limits={"max_upstream_connections": 1}) as road:
            opens_to(road, host.port)
            first = await road.caller(connect_request("127.0.0.1", host.port))
            await first.read(b"\r\n\r\n")
            second = await road.caller(connect_request("127.0.0.1", host.port))
            got = await second.reply("GET")
            assert (got.status, b"limits.max_upstream_connections" in got.body) == (503, True)
            first.leave()
            await (await host.connection()).close()
            await is_gone(road)
            third = await road.caller(connect_request("127.0.0.1", host.port))
            assert await third.read(b"\r\n\r\n") == GRANTED

    async def test_caller_that_leaves_meanwhile__nothing_is_left(self, stuck_port: int) -> None:
        async with a_road(limits={"connect_seconds": 0.05}) as road:
            opens_to(road, stuck_port)
            (await road.caller(connect_request("127.0.0.1", stuck_port))).reset()
            await road.until(lambda: road.counted("connects_total", result="failed") == 1)
            await is_gone(road)

    async def test_drain_amid_the_connecting(self, stuck_port: int) -> None:
        async with a_road() as road:
            opens_to(road, stuck_port)
            caller = await road.caller(connect_request("127.0.0.1", stuck_port))
            await road.until(lambda: road.context.passages)
            await within(drain(road.context, 0.0))
            await caller.rest()
            await is_gone(road)


async def test_over_tls_with_us__both_ways_and_its_end(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way, a_host() as host:
        context = way.authority.leaf(("localhost",))
        way.road.context.tls = lambda: context
        opens_to(way.road, host.port)
        caller = await way.caller()
        await caller.secure(way.trusting(), "localhost")
        await caller.send(connect_request("127.0.0.1", host.port))
        assert await caller.read(b"\r\n\r\n") == GRANTED
        connection = await host.connection()
        await caller.send(bytes(1_000_000))
        await connection.read(1_000_000)
        await connection.send(b"x" * 1_000_000 + b"end")
        assert len(await caller.read(b"end")) == 1_000_003
        await caller.goodbye()
        assert await connection.was_closed() == b""
        await is_gone(way.road)


async def test_the_hosts_own_certificate_is_what_the_caller_sees(authority: Authority) -> None:
    async with a_host(authority.server("localhost")) as host, an_intercepting_road(authority) as way:
        opens_to(way.road, host.port)
        caller = await way.through("127.0.0.1", host.port)
        await caller.secure(ssl.create_default_context(cafile=str(authority.ca_file)), "localhost")
        await caller.send(get("/x"))
        connection, got = await host.call()
        assert got.head == get("/x")
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
        assert way.road.log.records == []


class TestEnded:
    """By us."""

    async def test_half_closed_by_a_caller_that_is_gone__ended_although_the_host_goes_on(self) -> None:
        async with a_tunnel() as (road, caller, host):
            tunnel = only_tunnel(road)
            caller.half_close()
            await road.until(lambda: tunnel.near.has_ended)
            tunnel.look(road.context.clock.monotonic_ns())
            assert road.context.passages
            caller.leave()
            tunnel.look(road.context.clock.monotonic_ns())
            assert await host.was_closed() == b""
            await is_gone(road)

    async def test_caller_takes_nothing_for_too_long__broken(self) -> None:
        async with a_tunnel() as (road, caller, host):
            tunnel = only_tunnel(road)
            host.writer.write(bytes(30_000_000))
            await road.until(lambda: tunnel.near.is_writing_paused)
            now_ns = road.context.clock.monotonic_ns()
            for seconds in (0, 59, 60):
                assert road.context.passages
                tunnel.look(now_ns + int(seconds * 1e9))
            await caller.until_broken()
            assert road.counted("limits_reached_total", limit="calls.write_stall_seconds") == 1
            await is_gone(road)

    async def test_nothing_passes_for_an_hour__ended(self) -> None:
        async with a_tunnel() as (road, caller, host):
            tunnel, now_ns = only_tunnel(road), road.context.clock.monotonic_ns()
            tunnel.look(now_ns + int((IDLE_SECONDS - 60) * 1e9))
            await host.send(b"x")
            await caller.read(b"x")
            for seconds in (IDLE_SECONDS - 30, 2 * IDLE_SECONDS - 31):
                tunnel.look(now_ns + int(seconds * 1e9))
            assert road.context.passages
            tunnel.look(now_ns + int((2 * IDLE_SECONDS - 30) * 1e9))
            assert await caller.rest() == b""
            await is_gone(road)

    async def test_drain__ended_and_does_not_wait_for_it(self) -> None:
        async with a_tunnel() as (road, caller, host):
            await within(drain(road.context, 60.0))
            assert await caller.rest() == b""
            assert await host.was_closed() == b""
