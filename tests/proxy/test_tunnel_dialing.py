"""Where a tunnel's other end is: the host itself, the host through an egress proxy, and never ourselves."""

import socket

import pytest

from sidecar.config.egress import Egress
from sidecar.config.proxy_url import parse_proxy_url
from sidecar.proxy.tunnel_dialing import is_of_this_machine
from tests.proxy.egress import EgressProxy
from tests.proxy.road import a_road
from tests.proxy.tunneling import GRANTED, a_host, connect_request, opens_to

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.0.0.9",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
    ],
)
async def test_ourselves_by_any_name__403(host: str) -> None:
    async with a_road() as road:
        opens_to(road, road.address[1])
        caller = await road.caller(connect_request(host, road.address[1]))
        got = await caller.reply("GET")
        assert (got.status, b"would lead to the sidecar itself" in got.body) == (403, True)
        assert road.counted("connects_total", result="refused") == 1


class TestEgress:
    """Through the egress proxy, where there is one."""

    async def test_the_proxy_is_asked_for_the_host(self) -> None:
        async with a_host() as host, EgressProxy(other_example=host.port) as proxy:
            egress = Egress(https_proxy=parse_proxy_url(f"http://127.0.0.1:{proxy.port}"))
            async with a_road(egress=egress) as road:
                opens_to(road, 443)
                caller = await road.caller(connect_request("other.example", 443) + b"hello")
                assert await caller.read(b"\r\n\r\n") == GRANTED
                connection = await host.connection()
                assert await connection.read(5) == b"hello"
                await connection.send(b"world")
                assert await caller.read(b"world") == b"world"
                assert proxy.asked[0].startswith(b"CONNECT other.example:443 HTTP/1.1\r\n")

    async def test_the_proxy_refuses__502_that_says_so(self) -> None:
        async with EgressProxy() as proxy:
            proxy.answer = b"HTTP/1.1 403 Forbidden\r\n\r\n"
            egress = Egress(https_proxy=parse_proxy_url(f"http://127.0.0.1:{proxy.port}"))
            async with a_road(egress=egress) as road:
                opens_to(road, 443)
                caller = await road.caller(connect_request("other.example", 443))
                assert b"refused a tunnel to other.example:443 with 403" in (await caller.reply("GET")).body


@pytest.mark.parametrize(
    ("family", "host", "is_ours"),
    [
        (socket.AF_INET, "127.0.0.1", True),
        (socket.AF_INET, "127.3.4.5", True),
        (socket.AF_INET, "0.0.0.0", True),
        (socket.AF_INET, "192.0.2.1", False),
        (socket.AF_INET6, "2001:db8::1", False),
    ],
)
def test_address_of_this_machine(family: socket.AddressFamily, host: str, is_ours: bool) -> None:
    address = (host, 443) if family is socket.AF_INET else (host, 443, 0, 0)
    assert is_of_this_machine((family, address)) is is_ours
