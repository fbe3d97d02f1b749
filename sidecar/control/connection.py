"""A connection to one of our servers: uvicorn's own, within bounds, and with what a reply that never ends by itself needs.

The observe socket is open to whoever reaches the pod. uvicorn and httptools take a head of any size, a request that never ends,
and any number of connections; here each has its bound, so that nobody takes the memory or the descriptors that calls need. Where
there are too many connections, the one that has been without a request for longest makes room: a probe always gets in.

uvicorn also tells an application neither that the server is about to stop nor how a connection is broken off whose peer takes
nothing any more: its buffer would wait for that peer, and so would the end of the program.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Callable
from typing import Final, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from sidecar.control.problem import BAD_REQUEST, FULL, TOO_LARGE, TOO_SLOW

KEY: Final = "connection"
"""Under which a request's scope has its connection, in `scope["state"]`."""
MOST_REQUEST_BYTES: Final = 128 * 1024
"""Of a request, its body included: browsers send heads of some kilobytes, and nothing that we take has a longer body."""
REQUEST_SECONDS: Final = 10.0
"""From the opening of a connection, or from the first byte of a later request, to the request's last byte."""
STALL_SECONDS: Final = 30.0
"""A reply that its reader does not take is given up after so long: the longest scrape timeout that is usual."""
MOST_CONNECTIONS: Final = 48
"""Of one server: 32 watchers, and scrapers, probes and people besides. All of them fit into the descriptors that calls leave."""
MOST_PIPELINED: Final = 16
"""Requests on one connection that wait for the reply before theirs."""


class Connection(HttpToolsProtocol):
    """One connection of a caller."""

    _at_stop: Callable[[], None] | None = None
    _deadline: TimerHandle | None = None
    """When the request that is being read has to be whole; None while none is."""
    _stall: TimerHandle | None = None
    """When the reader of a reply has to have taken something of it; None while it does."""
    _received = 0
    """Bytes of the request that is being read."""
    rests_since = 0.0
    """Since when no request is served, by the event loop's time."""

    @property
    def is_serving(self) -> bool:
        """A request's head was read, and its reply was not written to the end."""
        cycle = cast("RequestResponseCycle | None", self.cycle)  # uvicorn leaves it out that there may be none yet
        return cycle is not None and not cycle.response_complete

    # === what the loop tells ===

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """A caller has connected; there has to be room."""
        super().connection_made(transport)
        self.rests_since = self.loop.time()
        self._begin_to_wait()
        there = [each for each in self.connections if isinstance(each, Connection) and not each.transport.is_closing()]
        if len(there) > MOST_CONNECTIONS:
            self._make_room([each for each in there if each is not self and not each.is_serving])

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        super().connection_lost(exc)
        self._wait_no_more()
        self._took()

    def data_received(self, data: bytes) -> None:
        """More of a request, or of several."""
        self._received += len(data)
        super().data_received(data)
        if self._received > MOST_REQUEST_BYTES:
            self._refuse(TOO_LARGE)
        elif not self.is_serving and not self.transport.is_closing():
            self._begin_to_wait()

    def pause_writing(self) -> None:
        """The peer takes nothing for now."""
        super().pause_writing()
        self._stall = self._stall or self.loop.call_later(STALL_SECONDS, self.break_off)

    def resume_writing(self) -> None:
        """It has taken most of what there was."""
        super().resume_writing()
        self._took()

    # === what the parser tells ===

    def on_message_begin(self) -> None:
        """A request begins: its scope names this connection."""
        super().on_message_begin()
        self.scope["state"][KEY] = self
        self._begin_to_wait()
        if len(self.pipeline) >= MOST_PIPELINED:
            raise OverflowError("too many requests wait on one connection")  # ends the parsing, and the connection

    def on_message_complete(self) -> None:
        """A request is whole."""
        super().on_message_complete()
        self._received = 0
        self._wait_no_more()

    def on_response_complete(self) -> None:
        """A reply was written."""
        super().on_response_complete()
        self.rests_since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, as the API refuses everything."""
        self._refuse(BAD_REQUEST)

    # === what applications and the server ask ===

    def at_stop(self, call: Callable[[], None] | None) -> None:
        """Have this called when the server stops; None for nothing more."""
        self._at_stop = call

    def shutdown(self) -> None:
        """The server stops."""
        super().shutdown()
        if self._at_stop is not None:
            self._at_stop()
            if self.flow.write_paused:
                self.break_off()

    def break_off(self) -> None:
        """End the connection now; what its peer has not taken is lost."""
        self.transport.abort()

    # === bounds ===

    def _begin_to_wait(self) -> None:
        self._deadline = self._deadline or self.loop.call_later(REQUEST_SECONDS, self._too_slow)

    def _wait_no_more(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None:
            deadline.cancel()

    def _took(self) -> None:
        stall, self._stall = self._stall, None
        if stall is not None:
            stall.cancel()

    def _too_slow(self) -> None:
        self._deadline = None
        if self._received:
            self._refuse(TOO_SLOW)
        else:
            self.transport.close()  # nothing was asked

    def _make_room(self, idle: "list[Connection]") -> None:
        if idle:
            min(idle, key=lambda each: each.rests_since).break_off()
        else:
            self._refuse(FULL)

    def _refuse(self, reply: bytes) -> None:
        """Answer and close; where another reply is on its way, only that."""
        if self.is_serving and self.cycle.response_started:
            self.break_off()
        elif not self.transport.is_closing():
            self.transport.write(reply)
            self.transport.close()


def connection_of(scope: Scope) -> Connection | None:
    """The connection by which a request came; None where another server runs the application."""
    found = scope.get("state", {}).get(KEY)
    return found if isinstance(found, Connection) else None
