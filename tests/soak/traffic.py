"""Callers of every kind at once: some stay, some leave in the middle, in every way in which a connection can end."""

import asyncio
import contextlib
import random
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import h11
from google.genai.client import AsyncClient
from google.genai.errors import APIError
from google.genai.types import GenerateContentConfig, HttpOptions

from tests.end_to_end.callers import Client, Nursery
from tests.proxy.sockets import Caller, within
from tests.sdk_clients import Mode, Transport, sdk_client

MODELS = "/gemini/v1beta/models"
FLASH = f"{MODELS}/gemini-2.5-flash"
PROMPT = b'{"contents":[{"parts":[{"text":"Tell me about the sea."}]}]}'
EMBED = b'{"content":{"parts":[{"text":"some words"}]}}'
UPLOAD_BYTES = 1_000_000
SMALL_BUFFER = 8 * 1024
SDK_CALLERS = 4
PAUSE_SECONDS = 0.2
"""Between two callers that are killed: each is a process."""


class Doing(StrEnum):
    """What is asked for."""

    UNARY = "unary"
    STREAM = "stream"
    EMBED = "embed"
    UPLOAD = "upload"
    LIST = "list"
    DECLINED = "declined"
    FAILING = "failing"
    BROKEN = "broken"


class Ending(StrEnum):
    """What becomes of the caller."""

    STAYS = "stays"
    ASKS_AGAIN = "asks again"
    READS_SLOWLY = "reads slowly"
    HALF_CLOSES = "half-closes"
    CLOSES = "closes"
    RESETS = "resets"
    HALF_CLOSES_AND_LEAVES = "half-closes and leaves"
    STOPS_SENDING = "stops sending"


REMAINING = {Ending.STAYS, Ending.ASKS_AGAIN, Ending.READS_SLOWLY, Ending.HALF_CLOSES}
DOINGS = [*Doing, Doing.UNARY, Doing.UNARY, Doing.STREAM, Doing.STREAM, Doing.STREAM]
ENDINGS = [*Ending, Ending.STAYS, Ending.STAYS, Ending.STAYS, Ending.ASKS_AGAIN]


class Plan(NamedTuple):
    """One caller, drawn."""

    doing: Doing
    ending: Ending
    request: bytes
    statuses: frozenset[int]
    """What it may be answered, if it stays."""
    leaves_after: float
    """Seconds."""


def drawn(dice: random.Random) -> Plan:
    """A caller that has not been yet."""
    doing, seconds = dice.choice(DOINGS), dice.uniform(0.0, 0.6)
    work = f"seconds={seconds:.3f} prompt={dice.randint(50, 5000)} output={dice.randint(1, 2000)}"
    target, body, script, statuses = f"{FLASH}:generateContent", PROMPT, f"{work} gzip={dice.randint(0, 1)}", {200}
    if doing is Doing.STREAM:
        target, script = f"{FLASH}:streamGenerateContent?alt=sse", f"{work} chunks={dice.randint(1, 20)}"
    elif doing is Doing.EMBED:
        target, body, script = f"{MODELS}/gemini-embedding-001:embedContent", EMBED, "seconds=0.01"
    elif doing is Doing.UPLOAD:
        body = b'{"contents":[{"parts":[{"text":"' + b"x" * UPLOAD_BYTES + b'"}]}]}'
        script = f"{work} images=1 image_bytes=200000"
    elif doing is Doing.LIST:
        target, body, script = MODELS, b"", ""
    elif doing is Doing.DECLINED:
        script, statuses = f"status={dice.choice([400, 429, 500, 503])} seconds={seconds:.3f}", {400, 429, 500, 503}
    elif doing is Doing.FAILING:
        target, script = f"{FLASH}:streamGenerateContent?alt=sse", f"{work} fail_after=2 fail_with=error"
    elif doing is Doing.BROKEN:
        target, statuses = f"{FLASH} :generateContent", {400}
    request = _request(target, body, script)
    return Plan(doing, dice.choice(ENDINGS), request, frozenset(statuses), dice.uniform(0.0, 0.6))


def _request(target: str, body: bytes, script: str) -> bytes:
    method = "POST" if body else "GET"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {target} HTTP/1.1\r\nHost: a\r\nX-Simulator: {script}\r\n{length}\r\n".encode() + body


class Traffic:
    """Keeps so many callers busy until it is told to stop."""

    def __init__(self, proxy: str, callers: int, seed: int) -> None:
        host, _, port = proxy.removeprefix("http://").rpartition(":")
        self._proxy, self._address = proxy, (host, int(port))
        self._callers, self._dice = callers, random.Random(seed)
        self._nursery = Nursery()
        self._is_over = False
        self.made: Counter[str] = Counter()
        """Callers by what they did and how they ended."""
        self.troubles: list[str] = []
        """Callers that stayed and did not get what they came for."""

    async def run(self, seconds: float) -> None:
        """Let callers come and go for so long, then wait for those that are there."""
        self._is_over = False
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            for _ in range(self._callers):
                group.create_task(self._one_after_another(self._raw))
            for transport in Transport:
                genai = await stack.enter_async_context(
                    sdk_client(Mode.GEMINI, f"{self._proxy}/gemini", transport=transport).aio
                )
                for _ in range(SDK_CALLERS):
                    group.create_task(self._one_after_another(partial(self._sdk, genai)))
            group.create_task(self._one_after_another(self._killed))
            await asyncio.sleep(seconds)
            self._is_over = True

    async def _one_after_another(self, caller: Callable[[], Awaitable[None]]) -> None:
        while not self._is_over:
            await caller()

    # === on the bare wire ===

    async def _raw(self) -> None:
        plan = drawn(self._dice)
        self.made[f"{plan.doing} {plan.ending}"] += 1
        sock = socket.socket()
        if plan.ending is Ending.READS_SLOWLY:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.setblocking(False)
        await within(asyncio.get_running_loop().sock_connect(sock, self._address))
        caller = Caller(sock)
        try:
            await self._play(plan, caller)
        except (ConnectionError, TimeoutError, h11.RemoteProtocolError, AssertionError) as error:
            if plan.ending in REMAINING and plan.doing is not Doing.BROKEN:
                self.troubles.append(f"{plan.doing}, {plan.ending}: {type(error).__name__} {error}")
        finally:
            caller.leave()

    async def _play(self, plan: Plan, caller: Caller) -> None:
        method = plan.request.partition(b" ")[0].decode()
        if plan.ending is Ending.STOPS_SENDING:
            await caller.send(plan.request[: self._dice.randint(1, len(plan.request) - 1)])
            return
        await caller.send(plan.request)
        if plan.ending in (Ending.HALF_CLOSES, Ending.HALF_CLOSES_AND_LEAVES):
            caller.half_close()
        if plan.ending in REMAINING:
            for again in range(3 if plan.ending is Ending.ASKS_AGAIN and plan.doing is not Doing.BROKEN else 1):
                if again:
                    await caller.send(plan.request)
                await self._take(plan, caller, method)
            return
        await self._read_for(caller, plan.leaves_after)
        if plan.ending is Ending.RESETS:
            caller.reset()

    async def _take(self, plan: Plan, caller: Caller, method: str) -> None:
        if plan.ending is Ending.READS_SLOWLY:
            await asyncio.sleep(plan.leaves_after)
        reply = await caller.reply(method)
        if reply.status not in plan.statuses:
            self.troubles.append(f"{plan.doing}, {plan.ending}: answered {reply.status} {reply.body[:200]!r}")

    async def _read_for(self, caller: Caller, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while await caller.receive():
                    pass

    # === through an SDK ===

    async def _sdk(self, genai: AsyncClient) -> None:
        """A task that may be cancelled in the middle, which closes its connection."""
        is_stream, seconds = self._dice.random() < 0.5, self._dice.uniform(0.0, 0.6)
        leaves_after = self._dice.choice([None, None, self._dice.uniform(0.0, 0.6)])
        self.made[f"sdk {'stream' if is_stream else 'unary'}{'' if leaves_after is None else ' cancelled'}"] += 1
        options = HttpOptions(headers={"X-Simulator": f"seconds={seconds:.3f} output=300 thoughts=40 chunks=8"})
        config = GenerateContentConfig(http_options=options)
        try:
            await asyncio.wait_for(_ask(genai, config, is_stream=is_stream), leaves_after)
        except TimeoutError:
            pass
        except APIError as error:
            self.troubles.append(f"sdk: {error}")

    async def _killed(self) -> None:
        """A process that is killed in the middle of its call."""
        self.made["killed"] += 1
        await asyncio.to_thread(self._kill_one)
        await asyncio.sleep(PAUSE_SECONDS)

    def _kill_one(self) -> None:
        client = Client("gemini", "sync")
        doing = "stream" if self._dice.random() < 0.5 else "unary"
        script = "seconds=0.6 chunks=6 output=100"
        with self._nursery.caller(client, f"{self._proxy}/gemini", "killed", script, doing) as caller:  # type: ignore[arg-type]
            caller.heard("chunk" if doing == "stream" else "calling")
            caller.kill()


async def _ask(genai: AsyncClient, config: GenerateContentConfig, *, is_stream: bool) -> None:
    model, contents = "gemini-2.5-flash", "Tell me about the sea."
    if is_stream:
        async for _ in await genai.models.generate_content_stream(model=model, contents=contents, config=config):
            pass
    else:
        await genai.models.generate_content(model=model, contents=contents, config=config)
