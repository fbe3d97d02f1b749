"""Ways in: TLS with us, CONNECT, and one within the other."""

import ssl

import pytest

from sidecar.errors import SettingsError
from tests.proxy.certificates import Authority
from tests.proxy.messages import UNARY_PATH, UNARY_REPLY, answer, get, reply, request
from tests.proxy.road import Road
from tests.proxy.tunneling import InterceptingRoad, an_intercepting_road, connect_request

pytestmark = pytest.mark.anyio


class TestConnect:
    """The request itself."""

    async def test_off__501_that_names_the_setting(self, road: Road) -> None:
        caller = await road.caller(connect_request("api.example", 443))
        got = await caller.reply("GET")
        assert (got.status, b"proxy.connect.intercept" in got.body) == (501, True)
        assert await caller.rest() == b""
        assert road.counted("connects_total", result="refused") == 1

    @pytest.mark.parametrize("version", ["1.0", "1.1"])
    async def test_hello_right_behind_it__and_credentials_for_a_proxy_that_nobody_asked_for(
        self, authority: Authority, version: str
    ) -> None:
        async with an_intercepting_road(authority) as way:
            caller = await way.caller()
            await caller.send(
                connect_request("127.0.0.1", way.port, "Proxy-Authorization: Basic c2VjcmV0", version=version)
                + request(UNARY_PATH)
            )
            assert (await caller.read(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            connection, got = await way.road.provider.call()
            assert b"c2VjcmV0" not in got.head
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).status == 200

    async def test_credentials_for_a_proxy_in_another_request__not_passed_on(self, road: Road) -> None:
        await road.caller(get("/gemini/v1beta/models", "proxy-AUTHORIZATION: Basic c2VjcmV0", "Authorization: k"))
        _, got = await road.provider.call()
        assert (b"c2VjcmV0" in got.head, b"Authorization: k" in got.head) == (False, True)

    async def test_behind_an_answered_request(self, authority: Authority) -> None:
        async with an_intercepting_road(authority) as way:
            caller = await way.caller()
            await caller.send(request() + connect_request("127.0.0.1", way.port))
            connection, _ = await way.road.provider.call()
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).status == 200
            assert (await caller.read(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 Connection")
            assert (await way.road.settled()).outcome == "delivered"

    @pytest.mark.parametrize(
        "head",
        [
            b"CONNECT api.example HTTP/1.1\r\nHost: a\r\n",
            b"CONNECT api.example:0 HTTP/1.1\r\nHost: a\r\n",
            b"CONNECT https://api.example/ HTTP/1.1\r\nHost: a\r\n",
            b"CONNECT api.example:443 HTTP/1.1\r\n",
            b"CONNECT api.example:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n",
        ],
        ids=["no port", "port 0", "absolute", "no Host", "body"],
    )
    async def test_broken__400(self, authority: Authority, head: bytes) -> None:
        async with an_intercepting_road(authority) as way:
            caller = await way.caller()
            await caller.send(head + b"\r\n")
            assert (await caller.reply("GET")).status == 400

    async def test_host_field_that_disagrees__the_target_alone_counts(self, authority: Authority) -> None:
        async with an_intercepting_road(authority) as way:
            caller = await way.caller()
            await caller.send(f"CONNECT 127.0.0.1:{way.port} HTTP/1.1\r\nHost: other.example:1\r\n\r\n".encode())
            await caller.read(b"\r\n\r\n")
            await caller.secure(way.trusting())
            await caller.send(request(UNARY_PATH))
            await way.road.provider.call()


class TestTlsWithUs:
    """TLS on the proxy port, beside plain HTTP."""

    async def test_route_and_tunnel_over_it(self, authority: Authority) -> None:
        async with an_intercepting_road(authority) as way:
            speak_tls(way)
            caller = await way.caller()
            await caller.secure(way.trusting(), "localhost")
            await caller.send(request())
            connection, _ = await way.road.provider.call()
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()
            await caller.send(connect_request("127.0.0.1", way.port))
            await caller.read(b"\r\n\r\n")
            await caller.send(request(UNARY_PATH))
            await connection.request()
            await connection.send(UNARY_REPLY)
            assert (await caller.reply()).body == answer()

    async def test_tls_within_tls(self, authority: Authority) -> None:
        async with an_intercepting_road(authority) as way:
            speak_tls(way)
            caller = await way.caller()
            await caller.secure(way.trusting(), "localhost")
            await caller.send(connect_request("127.0.0.1", way.port))
            await caller.read(b"\r\n\r\n")
            await caller.secure(way.trusting())
            body = bytes(300_000)
            await caller.send(request(UNARY_PATH, body))
            connection, got = await way.road.provider.call()
            assert got.body == body
            await connection.send(reply(body))
            assert (await caller.reply()).body == body
            assert way.shaken() == {"made": 2}

    async def test_none_configured__400_that_says_so(self, road: Road) -> None:
        caller = await road.caller(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100))
        got = await caller.reply()
        assert (got.status, b"proxy.tls" in got.body) == (400, True)

    async def test_behind_a_request__too_late(self, authority: Authority) -> None:
        async with an_intercepting_road(authority) as way:
            speak_tls(way)
            caller = await way.caller()
            await caller.send(request() + b"\x16\3\1\0\5hello")
            connection, _ = await way.road.provider.call()
            await connection.send(UNARY_REPLY)
            assert [(await caller.reply()).status for _ in range(2)] == [200, 400]


def speak_tls(way: InterceptingRoad) -> None:
    """With a certificate for localhost on the proxy port."""
    context = way.authority.leaf(("localhost",))
    way.road.context.tls = lambda: context


async def test_authority_that_may_not_speak_for_the_host__a_blind_tunnel_and_a_line_in_the_log(
    authority: Authority,
) -> None:
    async with an_intercepting_road(authority) as way:

        def leaf(names: tuple[str, ...]) -> None:
            raise SettingsError("proxy.ca_directory", f"it may not speak for {names[0]}")

        way.authority.leaf = leaf  # type: ignore[method-assign,assignment]
        caller = await way.through()
        await caller.secure(providers_own(authority))
        await caller.send(request(UNARY_PATH))
        _, got = await way.road.provider.call()
        assert got.lines[1] == b"Host: 127.0.0.1"
        assert way.asked() == {"tunneled": 1}
        assert way.warned[0]["event"] == "tunnel_not_intercepted"


def providers_own(authority: Authority) -> ssl.SSLContext:
    """What a client speaks that trusts the provider's authority, as everybody does."""
    return ssl.create_default_context(cafile=str(authority.ca_file))
