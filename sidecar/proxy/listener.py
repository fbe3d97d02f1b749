"""The proxy's own socket: binds, accepts, and stops accepting."""

import asyncio
import os

from sidecar.errors import SettingsError
from sidecar.proxy.context import Context
from sidecar.proxy.downstream import Downstream
from sidecar.proxy.entry import Entry

BACKLOG = 4096
"""Connections that the kernel holds for us while we are busy; it takes the smaller of this and net.core.somaxconn."""


class Listener:
    """Accepts callers' connections until it is stopped."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.entry = Entry(context)
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Bind and accept; returns the address that was bound (port 0 asks for a free one).

        Raises:
            SettingsError: the address can't be bound.
        """
        try:
            self._server = await self._context.loop.create_server(
                lambda: Downstream(self._context), host, port, backlog=BACKLOG
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SettingsError(
                "proxy.listen", f"{host}:{port} can't be bound: {reason}", "choose another port, or 0 for a free one"
            ) from None
        self._context.sweep.start()
        address = self._server.sockets[0].getsockname()
        self._context.own_ports.add(address[1])
        return address[0], address[1]

    def stop(self) -> None:
        """Accept no more. Connections that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
