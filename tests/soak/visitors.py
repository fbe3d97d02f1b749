"""Visitors of every kind, few at a time: bare sockets that stay or leave in the middle in every way, SDKs, programs that are
killed, and sockets that carry many calls. What they ask for is scripted, before the simulator.
"""

import asyncio
import contextlib
import itertools
import random
import socket
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial

import h11
from google.genai.client import AsyncClient
from google.genai.errors import APIError
from google.genai.types import GenerateContentConfig, HttpOptions
from websockets.exceptions import WebSocketException

from tests.end_to_end.callers import Client, Nursery
from tests.end_to_end.live_visitors import make, visits
from tests.proxy.sockets import Caller
from tests.sdk_clients import Mode, Transport, sdk_client
from tests.soak.visits import REMAINING, Doing, Ending, Plan, drawn

PATIENCE_SECONDS = 30.0
SMALL_BUFFER, RECEIVED_BYTES = 8 * 1024, 1 << 20
SLOWER = {"sdk": 0.1, "live": 0.1, "killed": 0.02}
"""What costs the machine more comes less often; who is killed is a process."""
STAYING = ("stays", "interrupts")


class PatientCaller(Caller):
    """Waits for as long as a busy machine may take."""

    async def send(self, *pieces: bytes) -> None:
        """Send pieces."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            for piece in pieces:
                await self._loop.sock_sendall(self.socket, piece)

    async def receive(self) -> bytes:
        """Whatever comes next."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._loop.sock_recv(self.socket, RECEIVED_BYTES)


class Visitors:
    """Lets them come by a schedule until it is told to stop."""

    def __init__(self, proxy: str, rate: float, seed: int) -> None:
        """`rate` is how many bare sockets come in a second; of the others fewer do (`SLOWER`)."""
        host, _, port = proxy.removeprefix("http://").rpartition(":")
        self._proxy, self._address = proxy, (host, int(port))
        self._rate, self._dice = rate, random.Random(seed)
        self._visits = itertools.count()
        self._nursery = Nursery()
        self.made: Counter[str] = Counter()
        """Callers by what they did and how they ended."""
        self.troubles: list[str] = []
        """Callers that stayed and did not get what they came for."""

    async def run(self, seconds: float) -> None:
        """Let callers come and go for so long, then wait for those that are there."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            clients = [
                await stack.enter_async_context(
                    sdk_client(Mode.GEMINI, f"{self._proxy}/gemini", transport=transport).aio
                )
                for transport in Transport
            ]
            kinds = {self._raw: 1.0, self._live: SLOWER["live"], self._killed: SLOWER["killed"]}
            kinds |= {partial(self._sdk, client): SLOWER["sdk"] for client in clients}
            until = asyncio.get_running_loop().time() + seconds
            for kind, part in kinds.items():
                group.create_task(self._come(group, kind, self._rate * part, until))

    async def _come(
        self, group: asyncio.TaskGroup, kind: Callable[[], Coroutine[None, None, None]], rate: float, until: float
    ) -> None:
        now = asyncio.get_running_loop().time
        while True:
            pause = self._dice.expovariate(rate)
            if now() + pause > until:
                return
            await asyncio.sleep(pause)
            group.create_task(self._whatever_comes(kind))

    async def _whatever_comes(self, kind: Callable[[], Coroutine[None, None, None]]) -> None:
        try:
            await kind()
        except Exception as error:  # the others go on; it is told in the end
            self.troubles.append(f"{kind}: {type(error).__name__} {error}")

    # === on the bare wire ===

    async def _raw(self) -> None:
        plan = drawn(self._dice)
        self.made[f"{plan.doing} {plan.ending}"] += 1
        sock = socket.socket()
        if plan.ending is Ending.READS_SLOWLY:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, self._address)
        caller = PatientCaller(sock)
        try:
            await self._play(plan, caller)
        except (ConnectionError, TimeoutError, h11.RemoteProtocolError, AssertionError) as error:
            if plan.ending in REMAINING and plan.doing is not Doing.BROKEN:
                self.troubles.append(f"{plan.doing}, {plan.ending}: {type(error).__name__} {error}")
        finally:
            caller.leave()

    async def _play(self, plan: Plan, caller: PatientCaller) -> None:
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

    async def _take(self, plan: Plan, caller: PatientCaller, method: str) -> None:
        if plan.ending is Ending.READS_SLOWLY:
            await asyncio.sleep(plan.leaves_after)
        reply = await caller.reply(method)
        if reply.status not in plan.statuses:
            self.troubles.append(f"{plan.doing}, {plan.ending}: answered {reply.status} {reply.body[:200]!r}")

    async def _read_for(self, caller: PatientCaller, seconds: float) -> None:
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

    async def _live(self) -> None:
        """A socket, in which several turns are asked for; it may be left in the middle of one."""
        (visit,) = visits(self._dice, 1)
        ending = "stays" if visit.ending in STAYING else visit.ending
        scripts = [script.replace(" hold=30", "") for script in visit.scripts]
        visit = visit._replace(name=f"visit-{next(self._visits)}", ending=ending, scripts=scripts, comes_back=False)
        self.made[f"live {visit.manner} {ending}"] += 1
        try:
            await make(self._proxy, visit)
        except (OSError, TimeoutError, WebSocketException) as error:
            self.troubles.append(f"live {visit.manner} {ending}: {type(error).__name__} {error}")

    async def _killed(self) -> None:
        """A process that is killed in the middle of its call."""
        self.made["killed"] += 1
        await asyncio.to_thread(self._kill_one)

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
