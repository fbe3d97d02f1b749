"""The callers of a soak, in a process of their own: `python -m tests.soak.callers FOLDER` (see `Orders`).

They come by a schedule, however long the answers take, and each does as `plans.py` has drawn. In `FOLDER/asked` there is a line
for each in the end: its tag, its answer, how it ended, how often its request was sent whole, how often it was answered whole, by
whom, and what was wrong. Every ten seconds a line of JSON on standard output says how late they come, and how long they wait.
"""

import asyncio
import random
import ssl
import sys
import time
from pathlib import Path
from typing import IO, Any

import msgspec
import uvloop

from tests.soak.answers import Answer
from tests.soak.connection import CallersConnection, Connections, Reply
from tests.soak.operators import Operators
from tests.soak.plans import REMAINING, Ending, Plan, Plans
from tests.soak.told import EVERY_SECONDS, Told, Waits

PATIENCE_SECONDS = 30.0
RESCUED = b"x-sidecar-rescued"


class Orders(msgspec.Struct, frozen=True):
    """What the callers are told, in `FOLDER/orders`."""

    proxy: tuple[str, int]
    provider: tuple[str, int]
    """Asked without the sidecar between, for comparison."""
    authority: str
    """A file: who has signed the sidecar's certificate."""
    seconds: float
    rate: float
    """Calls a second."""
    operation_rate: float
    leaving: float
    """The part of callers that leave."""
    seed: int
    first: int
    """Number of the first of them: no two have the same, in all of a soak."""


class Callers:
    """All of them. `waits` and `troubles` are for the line that is told every ten seconds."""

    def __init__(self, orders: Orders, answers: list[Answer], asked: IO[str]) -> None:
        self._orders, self._answers, self._asked = orders, answers, asked
        self._loop = asyncio.get_running_loop()
        self._connections = Connections(orders.proxy)
        self._direct = Connections(orders.provider)
        self._trusting = ssl.create_default_context(cafile=orders.authority)
        self._plans = Plans(answers, orders.seed, orders.leaving, orders.first)
        self._tasks: set[asyncio.Task[None]] = set()
        self.waits = Waits()
        self.serials: set[str] = set()
        """Of the certificates that were shown."""

    async def run(self) -> None:
        """Let them come for so long, and wait for all of them."""
        dice, now = random.Random(self._orders.seed + 1), self._loop.time
        due, end = now(), now() + self._orders.seconds
        while due < end:
            while due <= now() and due < end:
                self.waits.late.append(now() - due)
                self._come(self._plans.next())
                due += dice.expovariate(self._orders.rate)
            await asyncio.sleep(max(0.0, due - now()))
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._connections.close()
        self._direct.close()

    @property
    def there(self) -> int:
        """How many have not ended."""
        return len(self._tasks)

    def _come(self, plan: Plan) -> None:
        task = self._loop.create_task(self._one(plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, plan: Plan) -> None:
        sent = whole = rescued = 0
        trouble = ""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                if plan.ending in REMAINING:
                    sent, whole = 1, 0
                    self._check(plan, await self._stay(plan))
                    whole = 1
                else:
                    sent, whole = await self._leave(plan)
                    if plan.comes_again_after is not None:
                        await asyncio.sleep(plan.comes_again_after)
                        sent += 1
                        rescued = await self._come_again(plan)
                        whole += 1
        except (OSError, TimeoutError, AssertionError) as error:
            trouble = f"{type(error).__name__} {error}"[:300].replace("\n", " ").replace("\t", " ")
        self.waits.troubles += bool(trouble)
        fields = (plan.tag.decode(), plan.number, plan.ending, sent, whole, rescued, trouble)
        self._asked.write("\t".join(map(str, fields)) + "\n")

    # === what they do ===

    async def _stay(self, plan: Plan) -> Reply:
        if plan.ending is Ending.SECURE:
            return await self._ask_securely(plan)
        connections = self._direct if plan.ending is Ending.DIRECT else self._connections
        began = time.monotonic()  # the loop's own clock counts milliseconds
        connection = await connections.one(is_fresh=plan.is_fresh)
        reply = await connection.ask(plan.request)
        waited = reply.first_byte_at - began - float(reply.fields.get(b"x-soak-seconds", b"0"))
        (self.waits.direct if plan.ending is Ending.DIRECT else self.waits.added).append(waited)
        if plan.is_fresh:
            connection.close()
        else:
            connections.give_back(connection)
        return reply

    async def _ask_securely(self, plan: Plan) -> Reply:
        _, connection = await self._loop.create_connection(
            CallersConnection, *self._orders.proxy, ssl=self._trusting, server_hostname="127.0.0.1"
        )
        self.serials.add(str(connection.transport.get_extra_info("peercert")["serialNumber"]))
        try:
            return await connection.ask(plan.request)
        finally:
            connection.close()

    async def _leave(self, plan: Plan) -> tuple[int, int]:
        """How often its request was sent whole, and the answer had come whole before it left."""
        connection = await self._connections.one(is_fresh=True)
        if plan.ending is Ending.STOPS_SENDING:
            connection.send(plan.request[: plan.sends])
            await asyncio.sleep(plan.leaves_after)
            connection.close()
            return 0, 0
        connection.send(plan.request)
        if plan.ending is Ending.HALF_CLOSES:
            connection.half_close()
        await asyncio.sleep(plan.leaves_after)
        is_answered = connection.is_answered
        if plan.ending is Ending.RESETS:
            connection.reset()
        else:
            connection.close()
        return 1, int(is_answered)

    async def _come_again(self, plan: Plan) -> int:
        """The same request on a connection of its own; 1 if it was given the answer that was abandoned."""
        connection = await self._connections.one(is_fresh=True)
        reply = await connection.ask(plan.request)
        connection.close()
        self._check(plan, reply)
        return int(RESCUED in reply.fields)

    def _check(self, plan: Plan, reply: Reply) -> None:
        answer = self._answers[plan.number]
        assert reply.status == answer.status, f"answered {reply.status} {reply.body[:200]!r}"
        wanted = answer.body(plan.tag)
        assert reply.body == wanted, f"{len(reply.body)} bytes, not these {len(wanted)}: {reply.body[:60]!r}"


def _hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """uvloop tells of its own goodbye over TLS, when the sidecar has closed the connection already."""
    if not str(context.get("message", "")).startswith("Fatal error on SSL protocol"):
        loop.default_exception_handler(context)


async def run(folder: Path) -> None:
    """Do as the orders say, and tell of it."""
    asyncio.get_running_loop().set_exception_handler(_hear)
    orders = msgspec.json.decode((folder / "orders").read_bytes(), type=Orders)
    answers = msgspec.msgpack.decode((folder / "answers").read_bytes(), type=list[Answer])
    with (folder / "asked").open("a") as asked, (folder / "operated").open("a") as operated:
        callers = Callers(orders, answers, asked)
        operators = Operators(orders.proxy, orders.operation_rate, orders.seed, orders.first, operated)
        telling = asyncio.create_task(_tell(callers, operators))
        await asyncio.gather(callers.run(), operators.run(orders.seconds))
        telling.cancel()
        _say(callers, operators)


async def _tell(callers: Callers, operators: Operators) -> None:
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        _say(callers, operators)


def _say(callers: Callers, operators: Operators) -> None:
    waits, callers.waits = callers.waits, Waits()
    told = Told.of(waits, callers.there, operators.there, len(callers.serials))
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    uvloop.run(run(Path(sys.argv[1])))
