"""https upstreams through an egress proxy: a tunnel, and TLS inside; credentials go to the proxy and nowhere else."""

import asyncio
import base64
from typing import Any

import pytest

from sidecar.config.egress import Egress
from sidecar.config.proxy_url import parse_exemptions, parse_proxy_url
from sidecar.proxy.destination import Endpoint
from tests.proxy.certificates import Authority
from tests.proxy.egress import EgressProxy
from tests.proxy.messages import UNARY_REPLY, answer, request
from tests.proxy.road import a_road
from tests.proxy.scripted import ScriptedProvider
from tests.proxy.secure import another_call, asked, one_call, secure_endpoint, sentence

pytestmark = pytest.mark.anyio

HOST = "api.example"
SECRET = "hunter2"


def through(proxy: EgressProxy, user: str = "", scheme: str = "http", **more: Any) -> Egress:
    """The way out through this proxy."""
    url = parse_proxy_url(f"{scheme}://{user}127.0.0.1:{proxy.port}")
    return Egress.model_construct(https_proxy=url, **more)


async def test_call_goes_through_a_tunnel_that_the_proxy_cannot_look_into(authority: Authority) -> None:
    provider = ScriptedProvider()
    await provider.start(authority.server(HOST))
    endpoint = secure_endpoint(443, authority.ca_file, host=HOST)
    async with (
        EgressProxy(api_example=provider.port) as proxy,
        a_road(provider, endpoint=endpoint, egress=through(proxy)) as road,
    ):
        connection = await one_call(road)
        await another_call(road, connection)
    assert proxy.asked == [b"CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n"]


async def test_credentials_go_to_the_proxy_and_nowhere_else(authority: Authority) -> None:
    provider = ScriptedProvider()
    await provider.start(authority.server(HOST))
    endpoint = secure_endpoint(443, authority.ca_file, host=HOST)
    async with (
        EgressProxy(api_example=provider.port) as proxy,
        a_road(provider, endpoint=endpoint, egress=through(proxy, f"me:{SECRET}@")) as road,
    ):
        caller = await road.caller(request())
        connection, taken = await provider.call()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).body == answer()
    encoded = base64.b64encode(f"me:{SECRET}".encode())
    assert b"\r\nProxy-Authorization: Basic " + encoded + b"\r\n" in proxy.asked[0]
    assert b"authorization" not in taken.head.lower()


async def test_proxy_that_is_itself_reached_by_tls(authority: Authority) -> None:
    provider, proxy = ScriptedProvider(), EgressProxy()
    await provider.start(authority.server(HOST))
    proxy.places["api_example"] = provider.port
    await proxy.start(authority.server())
    endpoint = secure_endpoint(443, authority.ca_file, host=HOST)
    egress = through(proxy, scheme="https", ca_file=authority.ca_file)
    async with a_road(provider, endpoint=endpoint, egress=egress) as road:
        connection = await one_call(road)
        await another_call(road, connection)
    await proxy.stop()


async def test_certificate_of_the_proxy_is_checked(authority: Authority) -> None:
    proxy = EgressProxy()
    await proxy.start(authority.server())
    async with a_road(endpoint=secure_endpoint(443, host=HOST), egress=through(proxy, scheme="https")) as road:
        message = sentence(await asked(road))
        assert f"the egress proxy 127.0.0.1:{proxy.port} showed a certificate of an authority" in message
    await proxy.stop()


async def test_certificate_of_the_provider_is_checked_inside_the_tunnel(authority: Authority) -> None:
    provider = ScriptedProvider()
    await provider.start(authority.server("other.example"))
    endpoint = secure_endpoint(443, authority.ca_file, host=HOST)
    async with (
        EgressProxy(api_example=provider.port) as proxy,
        a_road(provider, endpoint=endpoint, egress=through(proxy)) as road,
    ):
        message = sentence(await asked(road))
        assert "api.example:443 showed a certificate for another name: hostname mismatch" in message


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (
            b"HTTP/1.1 403 Forbidden\r\n\r\n",
            "refused a tunnel to api.example:443 with 403 Forbidden; egress.no_proxy",
        ),
        (b"HTTP/1.1 407 No\r\n\r\n", "with 407 Proxy Authentication Required; it wants other credentials than"),
        (b"HTTP/1.1 299 Odd\r\n\r\nsurplus", "bytes came through the tunnel before TLS had begun"),
        (b"HTTP/1.1 799 Odd\r\n\r\n", "with 799 no known status"),
        (b"SSH-2.0-OpenSSH_9.7\r\n\r\n", "gave no usable answer to CONNECT: the first line is not one of HTTP/1.1"),
        (b"HTTP/1.1 502 OK\r\n" + b"X: y\r\n" * 4000, "gave no usable answer to CONNECT: its head is too large"),
    ],
    ids=["403", "407", "surplus", "799", "no HTTP", "too large"],
)
async def test_proxy_that_says_no__502_that_says_so(reply: bytes, said: str) -> None:
    async with EgressProxy() as proxy:
        proxy.answer = reply
        egress = through(proxy, f"me:{SECRET}@")
        async with a_road(endpoint=secure_endpoint(443, host=HOST), egress=egress) as road:
            message = sentence(await asked(road))
            assert f"the egress proxy 127.0.0.1:{proxy.port} " in message
            assert said in message
            assert SECRET not in message
            assert road.counted("upstream_errors_total", error="egress") == 1


async def test_proxy_that_closes_without_an_answer__502() -> None:
    async def close(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    proxy = EgressProxy()
    proxy.port = server.sockets[0].getsockname()[1]
    async with a_road(endpoint=secure_endpoint(443, host=HOST), egress=through(proxy)) as road:
        assert "closed the connection without an answer to CONNECT" in sentence(await asked(road))
    server.close()


async def test_proxy_that_does_not_answer__502_after_the_connect_timeout() -> None:
    async with EgressProxy() as proxy:
        proxy.answer = b""
        endpoint, limits = secure_endpoint(443, host=HOST), {"connect_seconds": 0.05}
        async with a_road(endpoint=endpoint, egress=through(proxy), limits=limits) as road:
            assert "did not answer CONNECT" in sentence(await asked(road))


async def test_proxy_that_is_not_there__502_that_names_the_setting(closed_port: int) -> None:
    proxy = EgressProxy()
    proxy.port = closed_port
    async with a_road(endpoint=secure_endpoint(443, host=HOST), egress=through(proxy)) as road:
        message = sentence(await asked(road))
        assert f"the egress proxy 127.0.0.1:{closed_port} could not be reached: Connection refused" in message
        assert message.endswith("(egress.https_proxy)")


async def test_caller_leaves_while_the_tunnel_is_opened__nothing_is_left() -> None:
    async with EgressProxy() as proxy:
        proxy.answer = b""
        async with a_road(endpoint=secure_endpoint(443, host=HOST), egress=through(proxy)) as road:
            caller = await road.caller(request())
            await proxy.was_asked()
            caller.leave()
            assert (await road.settled()).outcome == "left_early"
            await road.until(lambda: not proxy.open)


@pytest.mark.parametrize("why", ["plain http", "loopback", "exempt"])
async def test_direct_where_no_proxy_is_meant(authority: Authority, why: str) -> None:
    provider = ScriptedProvider()
    await provider.start(None if why == "plain http" else authority.server("localhost"))
    host = "127.0.0.1" if why == "plain http" else "localhost"
    endpoint = secure_endpoint(provider.port, authority.ca_file, host=host)
    if why == "plain http":
        endpoint = Endpoint(host, provider.port, False)
    exempt = parse_exemptions(host if why == "exempt" else "")
    async with (
        EgressProxy() as proxy,
        a_road(provider, endpoint=endpoint, egress=through(proxy, no_proxy=exempt)) as road,
    ):
        await one_call(road)
    assert proxy.asked == []
