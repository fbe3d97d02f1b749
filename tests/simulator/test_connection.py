"""What the simulator's connections do that uvicorn's own do not."""

import asyncio

from sidecar.simulator.connection import Connections, transport_of
from sidecar.simulator.request import Message, Receive, Send

REQUEST = b"GET / HTTP/1.1\r\nHost: simulator\r\n\r\n"
PIECE = bytes(100_000)


def test_closing__breaks_connections_that_are_idle_or_in_the_middle():
    async def scene() -> None:
        asked = asyncio.Event()

        async def application(scope: Message, receive: Receive, send: Send) -> None:
            asked.set()
            while (await receive())["type"] != "http.disconnect":
                pass

        connections = Connections(application)
        server = await asyncio.get_running_loop().create_server(connections.new, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(REQUEST)
        await asked.wait()
        server.close()
        await connections.close()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    asyncio.run(scene())


def test_sending__waits_until_the_kernel_has_what_was_sent_before():
    left_over: list[int] = []

    async def scene() -> None:
        async def application(scope: Message, receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(100):
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": True})
                left_over.append(transport_of(scope).get_write_buffer_size())
            await send({"type": "http.response.body", "body": b"", "more_body": False})

        connections = Connections(application)
        server = await asyncio.get_running_loop().create_server(connections.new, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(REQUEST)
        received = 0
        while received < 100 * len(PIECE):
            received += len(await reader.read(65536))
        server.close()
        await connections.close()
        writer.close()

    asyncio.run(scene())
    assert left_over == [0] * 100
