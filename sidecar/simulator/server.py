"""The simulator on a socket: inside a loop (`Simulator`), or in a thread of its own (`running_simulator`)."""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from sidecar.clock import Clock, SystemClock
from sidecar.simulator.application import Application
from sidecar.simulator.bill import Bill
from sidecar.simulator.connection import Connections
from sidecar.simulator.journal import Line, Seen
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.settings import Settings

BACKLOG = 2048
Result = TypeVar("Result")


class Simulator:
    """A provider on a socket of its own, in the running loop.

        async with Simulator() as simulator:
            ...  # call simulator.url
            await simulator.settled()
            assert simulator.bill.total_usd == Decimal("0.00075")

    Leaving the block stops all work and breaks all connections.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self._settings = settings or Settings()
        self._application = Application(self._settings, clock or SystemClock())
        self._connections = Connections(self._application)
        self.host, self.port = self._settings.host, self._settings.port
        """Where it listens; the port is known once the block is entered."""

    @property
    def url(self) -> str:
        """The base URL, with no slash at its end."""
        return f"{self._settings.scheme}://{self.host}:{self.port}"

    @property
    def bill(self) -> Bill:
        """The truth."""
        return self._application.bill

    @property
    def operations(self) -> tuple[Seen, ...]:
        """Every operation and what was asked about it, oldest first, as it stands now."""
        return self._application.operations.seen

    @property
    def journal(self) -> tuple[Line, ...]:
        """The last requests about operations, oldest first."""
        return self._application.operations.journal.lines

    def revoke(self, key: str) -> None:
        """Let nobody in with this key or token any more; what was begun with it goes on."""
        self._application.keys.revoke(key)

    def admit(self, key: str) -> None:
        """Let in whoever has this key or token, also when it was revoked."""
        self._application.keys.admit(key)

    async def __aenter__(self) -> Self:
        tls = self._settings.tls()
        listener = socket.create_server((self._settings.host, self._settings.port), backlog=BACKLOG)
        self.port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connections.new, sock=listener, backlog=BACKLOG, ssl=tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._application.stop_work()
        await self._connections.close()
        await self._server.wait_closed()

    async def settled(self) -> None:
        """Return when no call is under way.

        A request that is not read whole is not under way yet: wait for its milestone first where that matters.
        """
        await self._application.settled()

    async def reached(self, tag: str, milestone: Milestone | str) -> None:
        """Return when the call sent with `X-Simulator-Call: <tag>` has come so far; at once when it already has."""
        await self._application.told.wait(tag, Milestone(milestone))

    def release(self, tag: str) -> int:
        """Let work go on that its script holds; returns how many calls of that tag are under way."""
        return self._application.desk.release(tag)


class RunningSimulator:
    """A simulator in another thread, for tests that block. Its methods wait at most `timeout` seconds each."""

    def __init__(self, simulator: Simulator, loop: asyncio.AbstractEventLoop, timeout: float) -> None:
        self._simulator, self._loop, self._timeout = simulator, loop, timeout
        self.url, self.host, self.port = simulator.url, simulator.host, simulator.port

    @property
    def bill(self) -> Bill:
        """The truth. Entries are added by the other thread; those that are there do not change."""
        return self._simulator.bill

    def settled(self) -> None:
        """Return when no call is under way; see `Simulator.settled`.

        Raises:
            TimeoutError: one still is.
        """
        self._wait_for(self._simulator.settled())

    def reached(self, tag: str, milestone: Milestone | str) -> None:
        """Return when the call has come so far.

        Raises:
            TimeoutError: it has not.
        """
        self._wait_for(self._simulator.reached(tag, milestone))

    def release(self, tag: str) -> int:
        """Let work go on that its script holds; returns how many calls of that tag are under way."""

        async def in_the_loop() -> int:
            return self._simulator.release(tag)

        return self._wait_for(in_the_loop())

    @property
    def operations(self) -> tuple[Seen, ...]:
        """Every operation and what was asked about it, oldest first, as it stands now."""

        async def in_the_loop() -> tuple[Seen, ...]:
            return self._simulator.operations

        return self._wait_for(in_the_loop())

    @property
    def journal(self) -> tuple[Line, ...]:
        """The last requests about operations, oldest first."""

        async def in_the_loop() -> tuple[Line, ...]:
            return self._simulator.journal

        return self._wait_for(in_the_loop())

    def revoke(self, key: str) -> None:
        """Let nobody in with this key or token any more; what was begun with it goes on."""

        async def in_the_loop() -> None:
            self._simulator.revoke(key)

        self._wait_for(in_the_loop())

    def admit(self, key: str) -> None:
        """Let in whoever has this key or token, also when it was revoked."""

        async def in_the_loop() -> None:
            self._simulator.admit(key)

        self._wait_for(in_the_loop())

    def _wait_for(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, self._timeout), self._loop).result()


@contextmanager
def running_simulator(
    settings: Settings | None = None, clock: Clock | None = None, timeout: float = 30.0
) -> Iterator[RunningSimulator]:
    """A simulator in a thread and a loop of its own, for as long as the block lasts."""
    started: Future[tuple[Simulator, asyncio.AbstractEventLoop, Callable[[], None]]] = Future()

    async def live() -> None:
        async with Simulator(settings, clock) as simulator:
            loop, ended = asyncio.get_running_loop(), asyncio.Event()
            started.set_result((simulator, loop, ended.set))
            await ended.wait()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(live())
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    thread = threading.Thread(target=run, name="simulator", daemon=True)
    thread.start()
    simulator, loop, end = started.result()
    try:
        yield RunningSimulator(simulator, loop, timeout)
    finally:
        loop.call_soon_threadsafe(end)
        thread.join()
