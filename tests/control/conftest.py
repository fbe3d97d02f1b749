"""A program to look at, and real servers on real sockets in a loop of their own."""

import asyncio
import http.client
import io
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence

import msgspec
import pytest
from starlette.types import ASGIApp

from sidecar.clock import SystemClock
from sidecar.control.server import AppServer
from sidecar.control.view import CancelVerdict, Standing
from sidecar.errors import LedgerError
from sidecar.ledger.contract import LedgerHealth
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationEvent, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.telemetry.log import Log, open_log
from sidecar.telemetry.program import ProgramState
from tests.control.showing import STARTED, FakeShown


class Reply(msgspec.Struct):
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class FakeSidecar:
    """A program in any state one likes."""

    def __init__(self) -> None:
        self.is_in = ProgramState.SERVING
        self.shown = FakeShown()
        self.health = LedgerHealth(rows_written=7, last_commit_at=STARTED)
        self.drains = 0
        self.quits = 0
        self.allows_quit = False
        self.rows: dict[str, OperationRecord] = {}
        self.verdict = CancelVerdict.TAKEN
        self.query: OperationQuery | None = None
        self.wishes: list[tuple[str, str]] = []
        self.trouble: LedgerError | None = None

    def state(self) -> Standing:
        addresses = {"proxy": "http://127.0.0.1:8780", "observe": "http://127.0.0.1:8781"}
        return Standing("observe", "1.2.3", self.is_in, STARTED, addresses)

    def ledger_health(self) -> LedgerHealth:
        return self.health

    def start_drain(self) -> None:
        self.drains += 1
        self.is_in = ProgramState.DRAINING

    def quit(self) -> bool:
        self.quits += self.allows_quit
        return self.allows_quit

    def open_operations(self) -> Mapping[OperationState, int]:
        return Counter(record.state for record in self.rows.values())

    async def operations(self, query: OperationQuery) -> Sequence[OperationRecord]:
        self.query = query
        return list(self._readable().values())

    async def operation(self, id: str) -> OperationRecord | None:
        return self._readable().get(id)

    async def moves(self, id: str) -> Sequence[OperationMove]:
        state = self._readable()[id].state
        event = OperationEvent.ACCEPTED
        return [OperationMove(number=1, at=STARTED, event=event, state=state, instance="me", evidence="HTTP 200")]

    async def renew_operation(self, id: str) -> OperationRecord | None:
        self.wishes.append(("renew", id))
        return self._readable().get(id)

    async def cancel_operation(self, id: str) -> CancelVerdict:
        self.wishes.append(("cancel", id))
        return self.verdict if id in self._readable() else CancelVerdict.UNKNOWN

    def _readable(self) -> dict[str, OperationRecord]:
        if self.trouble is not None:
            raise self.trouble
        return self.rows


@pytest.fixture
def sidecar() -> FakeSidecar:
    return FakeSidecar()


@pytest.fixture
def log_file() -> io.BytesIO:
    return io.BytesIO()


@pytest.fixture
def log(log_file: io.BytesIO) -> Iterator[Log]:
    log = open_log(SystemClock(), file=log_file)
    yield log
    log.close()


class Servers:
    """A loop in a thread, and the servers in it; they stop together, for each takes 0.2 s to do so."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.running: list[AppServer] = []
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def do(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def close(self) -> None:
        self.do(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _stop(self) -> None:
        await asyncio.gather(*(server.stop() for server in self.running))
        await self.loop.shutdown_default_executor()


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()


@pytest.fixture
def serve(servers: Servers, log: Log) -> Callable[[ASGIApp], AppServer]:
    """Serves an application on a free port."""

    def run(app: ASGIApp) -> AppServer:
        servers.running.append(AppServer("127.0.0.1", 0, "control.listen", log.events))
        servers.do(servers.running[-1].start(app))
        return servers.running[-1]

    return run


@pytest.fixture
def ask() -> Callable[..., Reply]:
    """Sends one request to a server and returns its reply."""

    def asked(server: AppServer, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
        fields = {name.replace("_", "-"): text for name, text in headers.items()}
        try:
            connection.request(method, path, body, fields)
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): text for name, text in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    return asked
