"""From HTTP to WebSocket. What passes behind the 101 is tested with the socket itself (`test_live_socket.py`)."""

import pytest

from tests.proxy.messages import get, head, reply, request
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller

pytestmark = pytest.mark.anyio

ASKS = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
AGREED = head("Upgrade: websocket", "Connection: Upgrade", "X-Mine: 1", status="101 Switching Protocols")
UNKNOWN = "/gemini/v1/anything"
LIVE = "/gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"


async def asking(
    road: Road, target: str = UNKNOWN, *more: str, behind: bytes = b""
) -> tuple[Caller, Connection, bytes]:
    """A caller that has asked to switch, the provider that was asked, and the head that it got."""
    caller = await road.caller(get(target, *ASKS, *more) + behind)
    connection = await road.provider.connection()
    return caller, connection, await connection.head()


async def test_request_goes_on_with_the_fields_of_this_hop(road: Road) -> None:
    _, _, seen = await asking(road)
    lines = seen.split(b"\r\n")
    assert lines[0] == b"GET /v1/anything HTTP/1.1"
    assert lines.count(b"Connection: Upgrade") == lines.count(b"Upgrade: websocket") == 1
    assert b"Sec-WebSocket-Version: 13" in lines


async def test_offer_to_compress_is_taken_away_only_where_messages_are_read(road: Road) -> None:
    _, _, seen = await asking(road, UNKNOWN, OFFER)
    assert OFFER.encode() in seen
    _, _, seen = await asking(road, LIVE, OFFER)
    assert b"permessage-deflate" not in seen


async def test_provider_agrees__the_caller_is_told_and_the_exchange_has_ended(road: Road) -> None:
    caller, connection, _ = await asking(road)
    await connection.send(AGREED)
    told = await caller.read(b"\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert {b"X-Mine: 1", b"Connection: Upgrade", b"Upgrade: websocket"} <= set(told.split(b"\r\n"))
    await road.at_rest()
    assert road.counted("exchanges_total", code="101") == 1
    assert not road.context.downstreams


async def test_bytes_that_came_behind_both_heads_are_not_lost(road: Road) -> None:
    caller, connection, _ = await asking(road, behind=b"from the caller")
    await connection.send(AGREED + b"from the provider")
    assert (await caller.read(b"from the provider")).endswith(b"\r\n\r\nfrom the provider")
    assert await connection.read(15) == b"from the caller"


@pytest.mark.parametrize("status", ["401 Unauthorized", "200 OK", "426 Upgrade Required"])
async def test_provider_does_not_agree__its_reply_passes_and_the_connection_serves_on(road: Road, status: str) -> None:
    caller, connection, _ = await asking(road)
    await connection.send(reply(b"no", status=status))
    assert (await caller.read(b"no")).startswith(f"HTTP/1.1 {status}\r\n".encode())
    await caller.send(get())
    assert (await connection.head()).startswith(b"GET /v1beta/models ")


async def test_other_protocol_than_was_asked_for__broken(road: Road) -> None:
    caller, connection, _ = await asking(road)
    await connection.send(head("Upgrade: tcp", "Connection: Upgrade", status="101 Switching Protocols"))
    assert await caller.until_broken() == b""
    assert road.counted("upstream_errors_total", error="protocol") == 1


async def test_caller_leaves_before_the_answer__so_do_we(road: Road) -> None:
    caller, connection, _ = await asking(road)
    caller.leave()
    await connection.was_closed()
    await road.at_rest()
    assert not road.context.sockets


@pytest.mark.parametrize("protocol", ["websocket", "WebSocket", "h2c, websocket"])
async def test_websocket_is_asked_for_in_any_case_and_among_others(road: Road, protocol: str) -> None:
    await road.caller(get(UNKNOWN, f"Upgrade: {protocol}", "Connection: keep-alive, Upgrade"))
    assert b"\r\nUpgrade: websocket\r\n" in await (await road.provider.connection()).head()


@pytest.mark.parametrize("raw", [request(UNKNOWN, b"", *ASKS), request(UNKNOWN, b"x", *ASKS, method="GET")])
async def test_websocket_is_asked_for_by_a_post_or_with_a_body__501(road: Road, raw: bytes) -> None:
    caller = await road.caller(raw)
    assert (await caller.reply()).status == 501
