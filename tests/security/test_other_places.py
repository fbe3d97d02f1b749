"""Threat 11: the same request to another host is another request, also where only the tunnel says which host that is."""

import msgspec
import pytest

from sidecar.config.sockets import Connect
from sidecar.providers.same_request import for_us_alone
from sidecar.proxy.destination import Endpoint
from tests.proxy.messages import UNARY_PATH, UNARY_REPLY
from tests.proxy.rescuing import abandoned, call, rescue
from tests.proxy.road import Road, a_destination, a_road
from tests.proxy.sockets import Caller
from tests.proxy.tunneling import GRANTED, connect_request

pytestmark = pytest.mark.anyio
HERE, THERE = "127.0.0.1", "localhost"
INSIDE = call(target=UNARY_PATH)


def with_two_places(road: Road) -> int:
    """One provider that is known by two names, as two upstreams; the port of both."""
    port = road.provider.port
    other = a_destination(name="other", endpoint=Endpoint(THERE, port, False, upstream="other"))
    road.context.destinations = {**road.context.destinations, b"other": msgspec.structs.replace(other)}
    road.context.connect = Connect(intercept=True)
    return port


async def through(road: Road, host: str, port: int) -> Caller:
    caller = await road.caller(connect_request(host, port) + INSIDE)
    assert await caller.read(b"\r\n\r\n") == GRANTED
    return caller


@pytest.mark.parametrize(("host", "is_rescued"), [(HERE, True), (THERE, False)])
async def test_answer_abandoned_in_a_tunnel__given_to_the_retry_in_a_tunnel_to_the_same_host_alone(
    host: str, is_rescued: bool
) -> None:
    async with a_road(limits=rescue()) as road:
        port = with_two_places(road)
        connection = await abandoned(road, connect_request(HERE, port) + INSIDE)
        retry = await through(road, host, port)
        if not is_rescued:
            own, _ = await road.provider.call()
            await own.send(UNARY_REPLY)
        await connection.send(UNARY_REPLY)
        reply = await retry.reply()
        assert (reply.status, reply.header("X-Sidecar-Rescued") is not None) == (200, is_rescued)


async def test_what_is_said_to_us_alone_is_all_told() -> None:
    noted = {b"host": b"a", b"x-sidecar-label-b": b"B", b"proxy-authorization": b"Basic YQ==", b"connection": b"close"}
    assert for_us_alone(noted) == [b"proxy-authorization", b"Basic YQ==", b"x-sidecar-label-b", b"B"]
