"""The proxy's own socket."""

import socket

import pytest

from sidecar.errors import SettingsError
from sidecar.proxy.listener import Listener
from tests.proxy.messages import UNARY_REPLY, get, request
from tests.proxy.road import Road
from tests.proxy.sockets import reset_when_closed

pytestmark = pytest.mark.anyio


async def test_port_0__a_free_one_is_bound_and_told(road: Road) -> None:
    host, port = road.address
    assert host == "127.0.0.1"
    assert port > 0
    assert road.context.own_ports == {port}


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


async def test_caller_resets_before_it_is_accepted__nothing_is_left(road: Road) -> None:
    for _ in range(20):  # the kernel completes the handshake; the loop has not turned yet
        sock = socket.create_connection(road.address)
        reset_when_closed(sock)
        sock.close()
    await road.caller(get())
    await road.until(lambda: len(road.context.downstreams) == 1)
    assert road.faults == []
