"""uvicorn's HTTP/1.1 connection, with what the simulator needs besides: the transport, honest writing, honest reading.

A request that asks for a WebSocket gives its transport to `live_connection.py`.

Only the protocol of uvicorn is used, not its `Server`: that one takes over the process's signals, waits in ticks of 0.1 s, and
waits for connections that a simulator would rather break.
"""

import asyncio
from typing import cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from sidecar.simulator.live_connection import LiveConnection, wait_for_the_kernel
from sidecar.simulator.request import Message

IDLE_SECONDS = 75
"""Longer than any SDK keeps an idle connection: it is never we who close one that is about to be used again."""


LONGEST_MESSAGE = 64 * 1024 * 1024
"""Bytes of a message of a socket; a longer one ends it with close code 1009."""


class Connection(HttpToolsProtocol):
    """One caller's connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection; make `send` wait until the kernel has all that was sent before, not most of it."""
        super().connection_made(transport)
        wait_for_the_kernel(transport)

    def on_message_begin(self) -> None:
        """Begin a request; its scope carries the transport."""
        super().on_message_begin()
        self.scope["state"]["transport"] = self.transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep the rest of a request that had come whole: uvicorn forgets what nobody has read when its caller leaves.

        A provider that has the whole request begins to work on it, and that costs.
        """
        # None before the first request, whatever uvicorn declares
        begun = cast(RequestResponseCycle | None, self.cycle)
        if begun is not None and not begun.more_body:
            self.scope["state"]["rest"] = bytes(begun.body)
        super().connection_lost(exc)


def transport_of(scope: Message) -> asyncio.Transport:
    """The transport that a request came on."""
    return cast(asyncio.Transport, scope["state"]["transport"])


class Connections:
    """All connections of one simulator."""

    def __init__(self, application: object) -> None:
        self._config = Config(
            application,  # type: ignore[arg-type]  # raw ASGI, typed by our own names
            interface="asgi3",
            http=Connection,
            ws=LiveConnection,
            ws_max_size=LONGEST_MESSAGE,
            ws_ping_interval=None,  # a caller that is gone is seen by its connection; frames are those of the script
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            timeout_keep_alive=IDLE_SECONDS,
        )
        self._config.load()
        self._state = ServerState()

    def new(self) -> asyncio.Protocol:
        """A protocol for a connection that was accepted."""
        return Connection(self._config, self._state, {})

    async def close(self) -> None:
        """Break every connection, and wait until their requests are through."""
        for connection in tuple(self._state.connections):
            cast(Connection | LiveConnection, connection).transport.abort()
        while self._state.tasks:
            await asyncio.wait(tuple(self._state.tasks))
