"""Connections are made, with TLS where it is meant, and what goes wrong on the way is said with its place."""

import socket
import ssl

import pytest

from tests.proxy.certificates import Authority
from tests.proxy.messages import request
from tests.proxy.openssl import a_provider
from tests.proxy.road import Road, a_road
from tests.proxy.scripted import ScriptedProvider
from tests.proxy.secure import asked, one_call, secure_endpoint, sentence

pytestmark = pytest.mark.anyio


class TestTls:
    """Certificates are always checked; a CA file adds one."""

    async def test_authority_in_the_ca_file__connected_with_http_1_1(self, authority: Authority) -> None:
        provider = ScriptedProvider()
        await provider.start(authority.server())
        async with a_road(provider, endpoint=secure_endpoint(provider.port, authority.ca_file)) as road:
            connection = await one_call(road)
            tls = connection.writer.get_extra_info("ssl_object")
            assert tls.selected_alpn_protocol() == "http/1.1"

    async def test_name_is_sent_and_checked(self, authority: Authority) -> None:
        server, names = authority.server("localhost"), list[str | None]()
        server.sni_callback = lambda _tls, name, _context: names.append(name)
        provider = ScriptedProvider()
        await provider.start(server)
        async with a_road(
            provider, endpoint=secure_endpoint(provider.port, authority.ca_file, host="localhost")
        ) as road:
            await one_call(road)
        assert names == ["localhost"]

    @pytest.mark.parametrize(
        ("host", "has_expired", "is_known", "why"),
        [
            ("127.0.0.1", False, False, "of an authority that is not trusted here: unable to get local issuer"),
            (
                "127.0.0.2",
                False,
                True,
                "for another name: ip address mismatch, certificate is not valid for '127.0.0.1'",
            ),
            ("127.0.0.1", True, True, "that has expired: certificate has expired"),
        ],
        ids=["unknown authority", "another host", "expired"],
    )
    async def test_certificate_that_cannot_be_verified__502_with_the_reason_and_not_one_byte_of_the_request(
        self, authority: Authority, host: str, has_expired: bool, is_known: bool, why: str
    ) -> None:
        provider = ScriptedProvider()
        await provider.start(authority.server(host, has_expired=has_expired))
        endpoint = secure_endpoint(provider.port, authority.ca_file if is_known else None)
        async with a_road(provider, endpoint=endpoint) as road:
            assert f"127.0.0.1:{provider.port} showed a certificate {why}" in sentence(await asked(road))
            assert provider.accepted == []
            assert (await road.settled()).spend_usd == 0
            assert road.counted("upstream_errors_total", error="certificate") == 1

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
    async def test_provider_that_speaks_only_tls_1_1__502(self, authority: Authority) -> None:
        server = authority.server()
        server.set_ciphers("ALL:@SECLEVEL=0")
        server.minimum_version = server.maximum_version = ssl.TLSVersion.TLSv1_1
        with a_provider(server) as port:
            async with a_road(endpoint=secure_endpoint(port, authority.ca_file)) as road:
                assert "speaks no TLS that we do: 1.2 is the oldest" in sentence(await asked(road))

    async def test_provider_that_speaks_no_tls__502(self, road: Road) -> None:
        async with a_road(endpoint=secure_endpoint(road.provider.port)) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            await connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            assert "speaks no TLS: an https URL may be meant to be http" in sentence(await caller.reply())
            assert other.counted("upstream_errors_total", error="tls") == 1

    @pytest.mark.parametrize("how", ["close", "reset"])
    async def test_provider_that_closes_during_the_handshake__502(self, road: Road, how: str) -> None:
        async with a_road(endpoint=secure_endpoint(road.provider.port)) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            await (connection.close() if how == "close" else connection.reset())
            assert "closed the connection during the TLS handshake" in sentence(await caller.reply())

    async def test_caller_leaves_during_the_handshake__left_early(self, road: Road) -> None:
        async with a_road(endpoint=secure_endpoint(road.provider.port)) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            caller.leave()
            assert (await other.settled()).outcome == "left_early"
            await connection.was_closed()

    async def test_handshake_that_never_ends__502_after_the_connect_timeout(self, road: Road) -> None:
        async with a_road(limits={"connect_seconds": 0.05}, endpoint=secure_endpoint(road.provider.port)) as other:
            caller = await other.caller(request())
            connection = await road.provider.connection()
            message = sentence(await caller.reply())
            assert "within 0.05 s (limits.connect_seconds)" in message
            assert "did not end the TLS handshake" in message
            assert other.counted("limits_reached_total", limit="limits.connect_seconds") == 1
            await connection.was_closed()

    async def test_own_files_that_are_gone__502_that_says_so(self, road: Road) -> None:
        async with a_road(endpoint=secure_endpoint(road.provider.port, "gone.pem")) as other:
            assert "our own certificate files" in sentence(await asked(other))


async def test_connection_that_nobody_answers_on_does_not_live_for_ever(road: Road) -> None:
    await one_call(road)
    ((idle,),) = road.context.pool._idle.values()
    found = idle.transport.get_extra_info("socket")
    assert found.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000
    assert found.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1  # uvloop's own doing
