"""The proxy's own socket."""

import socket

import pytest

from sidecar.errors import SettingsError
from sidecar.proxy.listener import Listener
from tests.proxy.messages import UNARY_REPLY, request
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


async def test_port_0__a_free_one_is_bound_and_told(road: Road) -> None:
    host, port = road.address
    assert host == "127.0.0.1"
    assert port > 0


async def test_address_that_is_taken__a_sentence_with_the_setting(road: Road) -> None:
    host, port = road.address
    with pytest.raises(SettingsError, match=f"proxy.listen: {host}:{port} can't be bound: Address already in use"):
        await Listener(road.context).start(host, port)


async def test_address_of_another_machine__a_sentence_with_the_setting(road: Road) -> None:
    with pytest.raises(SettingsError, match=r"can't be bound: .*assign requested address"):
        await Listener(road.context).start("192.0.2.1", 0)


async def test_stopped__no_more_are_accepted_and_who_is_there_stays(road: Road) -> None:
    caller = await road.caller(request())
    connection, _ = await road.provider.call()
    road.listener.stop()
    with socket.socket() as late:
        await road.until(lambda: late.connect_ex(road.address) != 0)
    await connection.send(UNARY_REPLY)
    assert (await caller.reply()).status == 200


async def test_sweep__idle_connections_are_closed() -> None:
    async with a_road(limits={"downstream_idle_seconds": 0.0}) as road:
        caller = await road.caller()
        await road.until(lambda: road.context.downstreams)
        road.listener._sweep()
        assert await caller.rest() == b""
