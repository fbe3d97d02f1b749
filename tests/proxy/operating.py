"""A road in OpenAI's dialect that knows operations: rows in memory, and a watcher that writes down what it is told."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from sidecar.callers.exits import CallerExits
from sidecar.clock import SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.operation_memory import MemoryOperations
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.providers.contract import Dialect
from sidecar.providers.openai import OPENAI
from sidecar.providers.operation import Observed
from sidecar.proxy.operation_rows import OperationRows
from sidecar.proxy.operations import Operations
from sidecar.proxy.renewals import GATHER_SECONDS, Renewals
from tests.proxy.messages import get, reply, request
from tests.proxy.road import Road, a_road
from tests.proxy.sockets import Caller

RESPONSES, BATCHES = "/openai/v1/responses", "/openai/v1/batches"
JSON = "Content-Type: application/json"
CLOSE = "Connection: close"
"""Each reply on a connection of its own, so that the next request is a new one at the provider."""
KEY = "Authorization: Bearer sk-canary"
QUEUED = b'{"id":"resp_1","object":"response","status":"queued","model":"gpt-5-mini"}'
DONE = b"""{"id":"resp_1","object":"response","status":"completed","model":"gpt-5-mini",
"usage":{"input_tokens":10,"output_tokens":5,"total_tokens":15}}"""


class Watched:
    """A reaper that only listens, and memory for credentials that only counts."""

    def __init__(self) -> None:
        self.opened_ids: list[str] = []
        self.heard_ids: list[str] = []
        self.renewed_ids: list[str] = []
        self.seen: list[tuple[str, Observed, bool]] = []
        self.looked: list[str] = []
        self.ending_ids: list[str] = []
        self.credentials: list[tuple[str | None, str, str | None, bytes]] = []
        self.gone: list[tuple[tuple[str, ...], str]] = []
        self.counted: list[str] = []

    def opened(self, record: OperationRecord) -> None:
        self.opened_ids.append(record.id)

    def heard(self, id: str) -> None:
        self.heard_ids.append(id)

    def renewed(self, record: OperationRecord) -> None:
        self.renewed_ids.append(record.id)

    def ending(self, id: str) -> None:
        self.ending_ids.append(id)

    def observed(self, record: OperationRecord, observed: Observed, *, is_claimed: bool) -> None:
        self.seen.append((record.id, observed, is_claimed))

    def look(self, record: OperationRecord) -> None:
        self.looked.append(record.id)

    def saw(
        self, operation: str | None, upstream: str, dialect: str, caller: str | None, fields: bytes, target: str = ""
    ) -> None:
        self.credentials.append((operation, upstream, caller, fields))

    def caller_gone(self, operations: Collection[str], evidence: str) -> None:
        self.gone.append((tuple(operations), evidence))

    def count(self, record: OperationRecord) -> None:
        self.counted.append(record.id)


class StuckLedger(MemoryOperations):
    """One whose disk can be held up, or fail."""

    def __init__(self) -> None:
        super().__init__("test", SystemClock())
        self.may_open = threading.Event()
        self.may_open.set()
        self.is_broken = False
        self.is_asked = False

    def open(self, record: OperationRecord) -> OperationRecord:
        self.is_asked = True
        self.may_open.wait(10)
        if self.is_broken:
            raise LedgerError("here", "is full")
        return super().open(record)


class SteadyClock(SystemClock):
    """The machine's, or one that stands still, and time that passes by hand."""

    def __init__(self) -> None:
        self.passed_seconds = 0.0
        self._stopped_ns: int | None = None

    def stop(self) -> None:
        """Time passes by hand alone from here on."""
        self._stopped_ns = super().monotonic_ns()

    def monotonic_ns(self) -> int:
        started_ns = super().monotonic_ns() if self._stopped_ns is None else self._stopped_ns
        return started_ns + int(self.passed_seconds * 1e9)


class Scene:
    """The road, its rows, and what was told."""

    def __init__(self, road: Road) -> None:
        self.road = road
        self.watched = watched = Watched()
        self.ledger = StuckLedger()
        self.troubles: list[str] = []
        self.rows = OperationRows(road.loop, self.ledger, self.troubles.append)
        self.clock = SteadyClock()
        self.renewals = Renewals(road.loop, self.rows, self.ledger, self.clock, watched, 60.0)
        self.exits = CallerExits(road.loop, road.context.peers, watched.caller_gone, self.troubles.append)
        road.context.operations = Operations(
            loop=road.loop, rows=self.rows, ledger=self.ledger, renewals=self.renewals, lease_seconds=60.0,
            watcher=watched, credentials=watched, exits=self.exits, opened=watched.count,
        )  # fmt: skip

    async def create(self, *headers: str, target: str = RESPONSES, **body: Any) -> Caller:
        """A caller that has asked for an operation."""
        return await self.road.caller(asking(target, *headers, **body))

    async def opened(self, answer: bytes = QUEUED, *headers: str, **body: Any) -> OperationRecord:
        """An operation that its provider has taken; its caller has the reply."""
        caller = await self.create(*headers, **body)
        connection, _ = await self.road.provider.call()
        await connection.send(reply(answer, JSON, CLOSE))
        await caller.reply()
        await self.written()
        return self.only()

    async def poll(self, answer: bytes = QUEUED, target: str = f"{RESPONSES}/resp_1", status: str = "200 OK") -> Caller:
        """A poll, answered and taken."""
        caller = await self.road.caller(get(target, KEY))
        connection, _ = await self.road.provider.call()
        await connection.send(reply(answer, JSON, CLOSE, status=status))
        await caller.reply("GET")
        await self.written()
        return caller

    async def written(self) -> None:
        """Wait until every exchange has ended and everything of it is in the ledger."""
        await self.road.at_rest()
        await asyncio.sleep(2 * GATHER_SECONDS)  # renewals wait for each other
        assert await self.rows.written(10)

    def only(self) -> OperationRecord:
        """The one operation there is, as its row is now."""
        (record,) = self.ledger.rows.records.values()
        return record

    def moves(self) -> list[OperationMove]:
        """Its history."""
        return self.ledger.moves(self.only().id)


def asking(target: str = RESPONSES, *headers: str, **body: Any) -> bytes:
    """A request that opens an operation."""
    told = {"model": "gpt-5-mini", "input": "hello", "background": True} | body
    return request(target, json.dumps(told).encode(), JSON, KEY, *headers)


@asynccontextmanager
async def operating(name: str = "openai", dialect: Dialect = OPENAI) -> AsyncIterator[Scene]:
    """A road that knows operations."""
    async with a_road(name=name, dialect=dialect) as road:
        scene = Scene(road)
        yield scene
        scene.ledger.may_open.set()
        for caller in road.callers:
            caller.leave()
        await road.provider.stop()
        await scene.written()
        scene.exits.close()
        scene.rows.close()
