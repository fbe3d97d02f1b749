"""A tunnel that was granted, and of which nothing is known yet: it waits so long, and no longer."""

import ssl
from collections.abc import Callable

import pytest

from sidecar.proxy.doorway import Doorway
from tests.proxy.certificates import Authority
from tests.proxy.messages import UNARY_PATH, UNARY_REPLY, request
from tests.proxy.test_client_hello import hello_of
from tests.proxy.tunneling import SecureCaller, an_intercepting_road

pytestmark = pytest.mark.anyio


async def test_what_is_said_in_pieces__decided_with_the_first_byte_of_http(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        (doorway,) = way.road.context.passages
        assert isinstance(doorway, Doorway)
        sent = request(UNARY_PATH)
        await caller.send(sent[:1])
        await way.road.until(lambda: not way.road.context.passages)
        await caller.send(sent[1:])
        connection, _ = await way.road.provider.call()
        await connection.send(UNARY_REPLY)
        assert (await caller.reply()).status == 200


async def test_client_that_insists_on_http_2__passed_on_blind_and_counted_as_unmetered(authority: Authority) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        context = ssl.create_default_context(cafile=str(authority.ca_file))
        context.set_alpn_protocols(["h2"])
        await caller.secure(context)
        connection = await way.road.provider.connection()
        found = caller.writer.get_extra_info("ssl_object")
        assert found.selected_alpn_protocol() == "h2"
        await caller.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert await connection.read(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        assert way.asked() == {"grpc": 1}
        assert way.road.counted("unmetered_total", provider="gemini", reason="grpc") == 1
        assert way.road.counted("tunnels") == 1


@pytest.mark.parametrize("said", [b"", hello_of("a.example")[:100]], ids=["nothing", "half a hello"])
async def test_nothing_is_said_for_too_long__ended(authority: Authority, said: bytes) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        await caller.send(said)
        context = way.road.context
        (doorway,) = context.passages
        assert isinstance(doorway, Doorway)
        await way.road.until(lambda: doorway.raw == said)
        doorway.look(context.clock.monotonic_ns() + int(59e9))
        assert context.passages
        doorway.look(context.clock.monotonic_ns() + int(60e9))
        assert await caller.rest() == b""
        assert not context.passages
        assert way.asked() == {"failed": 1}
        assert way.road.counted("limits_reached_total", limit="limits.request_head_seconds") == 1


@pytest.mark.parametrize("how", [SecureCaller.leave, SecureCaller.half_close, SecureCaller.reset])
async def test_caller_goes_before_it_has_said_anything__nothing_is_left(
    authority: Authority, how: Callable[[SecureCaller], None]
) -> None:
    async with an_intercepting_road(authority) as way:
        caller = await way.through()
        how(caller)
        await way.road.until(lambda: not way.road.context.passages)
        assert way.asked() == {"failed": 1}


async def test_the_sweep_looks_at_it(authority: Authority) -> None:
    async with an_intercepting_road(authority, limits={"request_head_seconds": 0.04}) as way:
        caller = await way.through()
        assert await caller.rest() == b""
