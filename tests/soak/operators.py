"""Callers that open operations: they poll to the end, cancel, detach, or are never seen again.

Nobody comes back for an operation that is left, so the sidecar has to cancel it, once; and none that somebody polls.
"""

import asyncio
import itertools
import random
from enum import StrEnum
from typing import IO, Final

import msgspec

from tests.soak.answers import tag_of
from tests.soak.connection import Connections, Reply
from tests.soak.plans import CREDENTIAL

PATIENCE_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.4
LEASES: Final = {"polls": "10s", "cancels": "10s", "abandons": "3s"}
"""Of callers that poll it is 25 polls long: a machine that stands still for a while loses nobody."""
ENDLESS_SECONDS: Final = 90.0
"""Of work that is cancelled, in a hundred steps: some are done by then, and have a bill."""
FAMILIES: Final = {
    "/openai/v1/responses": b'{"model":"gpt-5-mini","background":true,"input":"Tell me about the sea."}',
    "/gemini/v1beta/interactions": b'{"model":"gemini-2.5-flash","background":true,"input":"Tell me about the sea."}',
}
"""Where operations are opened, and by what. Of what was cancelled the second alone says what was used."""
OVER: Final = frozenset({"completed", "cancelled", "failed", "incomplete"})


class Doing(StrEnum):
    """What becomes of an operation's caller."""

    POLLS = "polls"
    CANCELS = "cancels"
    """It asks a few times, and then that it be cancelled."""
    ABANDONS = "abandons"
    """It is gone right away, or after a few polls."""
    DETACHES = "detaches"
    """It does not come back, and has said so."""


CHOICE: Final = [*[Doing.POLLS] * 5, *[Doing.CANCELS] * 2, *[Doing.ABANDONS] * 3, Doing.DETACHES]


class Operators:
    """All of them, by a schedule."""

    def __init__(self, proxy: tuple[str, int], rate: float, seed: int, first: int, operated: IO[str]) -> None:
        self._rate, self._dice, self._operated = rate, random.Random(seed + 2), operated
        self._numbers = itertools.count(first)
        self._connections = Connections(proxy)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def there(self) -> int:
        """How many have not ended."""
        return len(self._tasks)

    async def run(self, seconds: float) -> None:
        """Let them come for so long, and wait for all of them."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while self._rate and loop.time() < end:
            task = loop.create_task(self._one(tag_of(next(self._numbers), "o").decode(), self._dice.choice(CHOICE)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            await asyncio.sleep(self._dice.expovariate(self._rate))
        while self._tasks:
            await asyncio.wait(self._tasks)
        self._connections.close()

    async def _one(self, tag: str, doing: Doing) -> None:
        trouble = ""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._operate(tag, doing)
        except (OSError, TimeoutError, AssertionError) as error:
            trouble = f"{type(error).__name__} {error}"[:300].replace("\n", " ").replace("\t", " ")
        self._operated.write(f"{tag}\t{doing}\t{trouble}\n")

    async def _operate(self, tag: str, doing: Doing) -> None:
        family = self._dice.choice(list(FAMILIES))
        id = await self._opened(family, tag, doing)
        if doing is Doing.POLLS:
            state = ""
            while state not in OVER:
                state = await self._state("GET", f"{family}/{id}")
            assert state == "completed", f"is {state}"
        elif doing is not Doing.DETACHES:
            for _ in range(self._dice.randint(0, 4)):
                await self._state("GET", f"{family}/{id}")
        if doing is Doing.CANCELS:
            state = await self._state("POST", f"{family}/{id}/cancel")
            assert state in ("cancelled", "in_progress", "queued"), f"is {state}"

    async def _opened(self, family: str, tag: str, doing: Doing) -> str:
        seconds = self._dice.uniform(0.5, 5.0) if doing in (Doing.POLLS, Doing.DETACHES) else ENDLESS_SECONDS
        work = f"seconds={seconds:.2f} prompt={self._dice.randint(10, 900)} output={self._dice.randint(200, 500)} chunks=100"
        life = "X-Sidecar-Detach: true" if doing is Doing.DETACHES else f"X-Sidecar-Lease: {LEASES[doing]}"
        fields = f"X-Simulator: {work}\r\nX-Simulator-Call: {tag}\r\nX-Sidecar-Caller: {tag}\r\n{life}\r\n"
        reply = await self._ask("POST", family, fields, FAMILIES[family])
        assert reply.status == 200, f"answered {reply.status} {reply.body[:200]!r}"
        return str(msgspec.json.decode(reply.body)["id"])

    async def _state(self, method: str, target: str) -> str:
        if method == "GET":
            await asyncio.sleep(POLL_SECONDS)
        reply = await self._ask(method, target)
        assert reply.status == 200, f"{method} answered {reply.status} {reply.body[:200]!r}"
        return str(msgspec.json.decode(reply.body)["status"])

    async def _ask(self, method: str, target: str, fields: str = "", body: bytes = b"") -> Reply:
        connection = await self._connections.one()
        line = f"{method} {target} HTTP/1.1\r\nHost: soak\r\n{CREDENTIAL.decode()}"
        head = f"{line}{fields}Content-Length: {len(body)}\r\n\r\n"
        reply = await connection.ask(head.encode() + body)
        self._connections.give_back(connection)
        return reply
