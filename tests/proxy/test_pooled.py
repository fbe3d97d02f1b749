"""What TLS adds: pauses that end, goodbyes that were not said, and certificates that are refused after we have spoken."""

import ssl
from pathlib import Path

import pytest

from tests.proxy.certificates import Authority, Pair
from tests.proxy.messages import UNARY_REPLY, head, request
from tests.proxy.openssl import a_provider, read_request
from tests.proxy.road import a_road
from tests.proxy.secure import a_tls_road, another_call, asked, one_call, secure_endpoint, sentence

pytestmark = pytest.mark.anyio


async def test_upload_in_many_pieces_goes_through_as_it_comes(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file) as road:
        whole = request(body=b"x" * 500)
        caller = await road.caller(whole[:-500])
        connection = await road.provider.connection()
        await connection.head()
        for _ in range(5):
            await caller.send(b"x" * 100)
            assert await connection.read(100) == b"x" * 100
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


async def test_upload_that_the_provider_takes_slowly_holds_the_caller_back_and_ends(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file) as road:
        body = bytes(8_000_000)
        caller = await road.caller(request(body=body)[: -len(body)])
        connection = await road.provider.connection()
        await connection.head()
        connection.stop_reading()
        sent = 0
        while taken := caller.offer(body[sent:]):
            sent += taken
            await road.until(lambda: True)
        assert sent < len(body)
        sending = road.loop.create_task(caller.send(body[sent:]))
        connection.read_on()
        await connection.read(len(body))
        await sending
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


async def test_connection_is_used_again_and_again(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file) as road:
        connection = await one_call(road)
        for _ in range(3):
            await another_call(road, connection)
        assert len(road.provider.accepted) == 1


async def test_reply_until_close_that_ends_with_a_goodbye__whole(authority: Authority) -> None:
    async with a_tls_road(authority.server(), authority.ca_file) as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await connection.send(head() + b"to the end")
        await connection.close()
        assert (await caller.reply()).body == b"to the end"


async def test_reply_until_close_that_ends_without_one__cut_off_and_never_taken_for_whole(authority: Authority) -> None:
    def play(secure: ssl.SSLSocket) -> None:
        read_request(secure)
        secure.sendall(head() + b"to the e")

    with a_provider(authority.server(), play) as port:
        async with a_road(endpoint=secure_endpoint(port, authority.ca_file)) as road:
            caller = await road.caller(request())
            assert (await caller.until_broken()).endswith(b"to the e")
            assert (await road.settled()).outcome == "upstream_failed"
            assert road.counted("upstream_errors_total", error="closed") == 1


VERSIONS = pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])


class TestClientCertificate:
    """In TLS 1.3 the refusal comes only with the first read."""

    @VERSIONS
    async def test_is_shown(self, authority: Authority, newest: ssl.TLSVersion) -> None:
        server = authority.server_that_asks(newest)
        async with a_tls_road(server, authority.ca_file, pair=authority.pair("me", name="client")) as road:
            connection = await one_call(road)
            certificate = connection.writer.get_extra_info("ssl_object").getpeercert()
            assert certificate["subjectAltName"] == (("DNS", "me"),)

    @VERSIONS
    async def test_of_an_unknown_authority__502_that_says_so(
        self, authority: Authority, newest: ssl.TLSVersion, tmp_path: Path
    ) -> None:
        pair = Authority(tmp_path).pair("me", name="client")
        message = await self._said(authority, authority.server_that_asks(newest), pair)
        assert (
            "refused our client certificate (unknown ca): client_certificate_file is not one that it takes" in message
        )

    @VERSIONS
    async def test_that_is_wanted_and_not_there__502(self, authority: Authority, newest: ssl.TLSVersion) -> None:
        message = await self._said(authority, authority.server_that_asks(newest), None)
        if newest is ssl.TLSVersion.TLSv1_3:
            assert "wants a client certificate (certificate required)" in message
            assert "set client_certificate_file and client_key_file" in message
        else:
            assert "did not agree on TLS: sslv3 alert handshake failure" in message  # 1.2 has no better word for it

    async def test_that_expired__502(self, authority: Authority) -> None:
        pair = authority.pair("me", has_expired=True, name="old")
        message = await self._said(authority, authority.server_that_asks(), pair)
        assert "refused our client certificate (certificate expired)" in message

    async def _said(self, authority: Authority, server: ssl.SSLContext, pair: Pair | None) -> str:
        with a_provider(server, read_request) as port:
            async with a_road(endpoint=secure_endpoint(port, authority.ca_file, pair)) as road:
                message = sentence(await asked(road))
                errors = ("client_certificate", "tls")
                assert sum(road.counted("upstream_errors_total", error=error) for error in errors) == 1
                return message


async def test_plain_connection_that_ends_too_soon_is_said_to_have_closed() -> None:
    async with a_road() as road:
        caller = await road.caller(request())
        connection, _ = await road.provider.call()
        await connection.close()
        await caller.until_broken()
        assert "closed the connection" in road.log.problems[0]
