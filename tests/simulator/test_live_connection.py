"""What the simulator's sockets do that uvicorn's own do not."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from sidecar.simulator.connection import Connections
from sidecar.simulator.declined import Declined
from sidecar.simulator.live_connection import Closing, Line
from sidecar.simulator.request import Message, Receive, Send

Serve = Callable[[Line], Awaitable[None]]


def served(serve: Serve, call: Callable[[ClientConnection], Awaitable[None]]) -> None:
    """Let a caller talk to an application that has a line."""

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        await serve(Line(scope, receive, send))

    async def scene() -> None:
        connections = Connections(application)
        server = await asyncio.get_running_loop().create_server(connections.new, "127.0.0.1", 0)
        host, port = server.sockets[0].getsockname()
        try:
            async with connect(f"ws://{host}:{port}/a-path", proxy=None) as caller:
                await call(caller)
        finally:
            server.close()
            await connections.close()

    asyncio.run(scene())


@pytest.mark.parametrize("is_text", [True, False])
def test_messages__both_ways_as_text_or_binary(is_text: bool):
    async def echo(line: Line) -> None:
        line.is_text = is_text
        await line.accept()
        while (message := await line.hear()) is not None:
            assert await line.say(message)

    async def call(caller: ClientConnection) -> None:
        await caller.send("Größe")
        assert await caller.recv() == ("Größe" if is_text else "Größe".encode())
        await caller.send(b"bytes")
        assert await caller.recv(decode=False) == b"bytes"

    served(echo, call)


def test_last_word__is_sent_when_the_kernel_has_all_before_it():
    told: list[object] = []

    async def speak(line: Line) -> None:
        await line.accept()
        for _ in range(50):
            await line.say(bytes(100_000))
        told.append(await line.say_last(b"the end"))
        told.append(line.is_over)

    async def call(caller: ClientConnection) -> None:
        while await caller.recv(decode=False) != b"the end":
            pass

    served(speak, call)
    assert told == [True, False]


def test_closing__ends_the_socket_by_us_and_nothing_is_said_behind_it():
    told: list[object] = []

    async def close(line: Line) -> None:
        await line.accept()
        await line.say(Closing(1008, "enough"))
        told.extend([await line.say(b"more"), line.is_over, line.was_ended_by_us, await line.hear()])

    async def call(caller: ClientConnection) -> None:
        with pytest.raises(ConnectionClosedError) as caught:
            await caller.recv()
        assert caught.value.rcvd is not None
        assert (caught.value.rcvd.code, caught.value.rcvd.reason) == (1008, "enough")

    served(close, call)
    assert told == [False, True, True, None]


def test_breaking_off__no_close_frame():
    async def break_off(line: Line) -> None:
        (await line.accept()).break_off()
        assert await line.hear() is None

    async def call(caller: ClientConnection) -> None:
        with pytest.raises(ConnectionClosedError) as caught:
            await caller.recv()
        assert caught.value.rcvd is None

    served(break_off, call)


def test_caller_that_has_left__nothing_is_said_and_nothing_raised():
    told: list[object] = []

    async def speak(line: Line) -> None:
        await line.accept()
        assert await line.hear() is None
        told.extend([await line.say(b"late"), await line.say_last(b"later"), line.was_ended_by_us])

    async def call(caller: ClientConnection) -> None:
        await caller.close()

    served(speak, call)
    assert told == [False, False, False]


def test_refusing__a_status_instead_of_a_socket():
    async def refuse(line: Line) -> None:
        await line.refuse(Declined(401, "no"), b'{"error": "no"}')

    async def call(caller: ClientConnection) -> None:
        raise AssertionError("it was accepted")

    with pytest.raises(InvalidStatus) as caught:
        served(refuse, call)
    assert (caught.value.response.status_code, caught.value.response.body) == (401, b'{"error": "no"}')
