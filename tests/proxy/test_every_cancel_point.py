"""At every step of every exchange somebody ends it: the call settles once, and nothing of it is left behind.

A step is a byte of the request that the sidecar has read, the moment between a connection and its first use, or a byte of
the reply; the last one has been written and not yet been handed over. Of the bytes those are taken at which a line, a head
or a message ends, their neighbors, and one between.
"""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.policy import DRAIN
from sidecar.proxy import handover
from sidecar.proxy.drain import drain
from tests.proxy.messages import request
from tests.proxy.metered import AT_ONCE, Meter, a_metered_road, take, take_all
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller
from tests.proxy.transcripts import TRANSCRIPTS, Transcript

pytestmark = pytest.mark.anyio

PATIENCE_SECONDS = 3.0

LEFT = {
    Outcome.LEFT_EARLY, Outcome.UNDELIVERED, Outcome.ORPHAN_FINISHED, Outcome.ORPHAN_CUT, Outcome.ORPHAN_FAILED,
}  # fmt: skip
WHOLE = {Outcome.DELIVERED, Outcome.REJECTED}
LOST_PROVIDER = {Outcome.UPSTREAM_FAILED}


class Scene:
    """One exchange, stopped at a step."""

    def __init__(self, stage: "Stage", caller: Caller, connection: Connection | None, unsent: bytes) -> None:
        self.stage, self.caller, self.connection, self._unsent = stage, caller, connection, unsent

    async def caller_closes(self) -> None:
        take(self.caller)
        self.caller.leave()
        await self._played_on()

    async def caller_resets(self) -> None:
        self.caller.reset()
        await self._played_on()

    async def provider_closes(self) -> None:
        if self.connection is not None:
            await self.connection.close()

    async def provider_resets(self) -> None:
        if self.connection is not None:
            await self.connection.reset()

    async def drain_cuts(self) -> None:
        context = self.stage.road.context
        await drain(context, 0.0)
        context.is_draining = False  # the next scene is played on the same road

    async def _played_on(self) -> None:
        """Once the sidecar knows, the provider goes on as if nobody had left."""
        context = self.stage.road.context
        await self.stage.road.until(lambda: all(exchange.downstream is None for exchange in context.live))
        with contextlib.suppress(ConnectionError):
            if self.connection is not None and self._unsent:
                await self.connection.send(self._unsent)


Ending = tuple[Callable[[Scene], Awaitable[None]], set[Outcome]]
"""What is done, and the outcomes that it may have."""

ENDINGS: dict[str, Ending] = {
    "caller closes": (Scene.caller_closes, LEFT | WHOLE),
    "caller resets": (Scene.caller_resets, LEFT | WHOLE),
    "provider closes": (Scene.provider_closes, LOST_PROVIDER | WHOLE | {Outcome.LEFT_EARLY}),
    "provider resets": (Scene.provider_resets, LOST_PROVIDER | WHOLE | {Outcome.LEFT_EARLY}),
    "drain cuts": (Scene.drain_cuts, {Outcome.CUT_SHORT, Outcome.UPSTREAM_FAILED, *WHOLE}),
}


class Stage:
    """A road on which one scene is played after another."""

    def __init__(self, road: Road, meter: Meter) -> None:
        self.road, self.meter = road, meter

    async def with_caller(self) -> Caller:
        """A caller that has connected."""
        caller = await self.road.caller()
        self._taking = asyncio.ensure_future(take_all(caller))
        return caller

    async def with_sent(self, transcript: Transcript, size: int) -> Scene:
        """So many bytes of the request were read, and passed on as far as they can be."""
        caller = await self.with_caller()
        await caller.send(transcript.sent[:size])
        await self.meter.until(lambda: bool(self.road.context.downstreams) and self.meter.of_callers == size)
        accepted, live = self.road.provider.accepted, self.road.context.live
        await self.road.until(lambda: all(exchange.upstream for exchange in live) and bool(accepted) >= bool(live))
        connection = accepted[0] if live else None
        return Scene(self, caller, connection, transcript.replies[0])

    async def with_replied(self, transcript: Transcript, size: int) -> Scene:
        """The request was read, and so many bytes of the first reply."""
        scene = await self.with_sent(transcript, len(transcript.sent))
        reply = transcript.replies[0]
        assert scene.connection is not None
        await scene.connection.send(reply[:size])
        await self.meter.until(lambda: self.meter.of_providers == size)
        return Scene(self, scene.caller, scene.connection, reply[size:])

    async def is_left_clean(self, scene: Scene) -> None:
        """Whoever is still there goes; then nothing of the scene may be left."""
        road = self.road
        async with asyncio.timeout(PATIENCE_SECONDS):
            while road.context.live:
                await self._provider_ends()
                await asyncio.sleep(AT_ONCE)
        self._taking.cancel()
        scene.caller.leave()
        road.context.pool.close()
        await self.meter.until(lambda: not road.context.downstreams)
        for connection in road.provider.accepted:
            await connection.was_closed()
        await self._provider_ends()
        await road.until(lambda: not any(road.context.pool.connections().values()))
        assert road.context.followed == 0
        assert road.faults == []
        road.provider.accepted.clear()
        road.callers.clear()
        self.meter.reset()

    async def _provider_ends(self) -> None:
        for connection in self.road.provider.accepted:
            if not connection.writer.is_closing():
                await connection.close()

    def accounts_are_closed(self, allowed: set[Outcome]) -> None:
        """Every call that was started has settled once, with an outcome that this ending can have."""
        counted = Counter(record.id for record in self.road.log.records)
        assert set(counted.values()) <= {1}
        assert set(counted) == set(self.road.ledger.rows)
        assert all(row.outcome is not None for row, _ in self.road.ledger.rows.values())
        started, settled = self.road.counted("calls_started_total"), self.road.counted("calls_settled_total")
        assert started == settled == len(counted)
        assert self.road.counted("calls_in_flight") == 0
        assert {record.outcome for record in self.road.log.records} <= allowed


@pytest.fixture
async def stage(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    async with a_metered_road(monkeypatch) as (road, meter):
        yield Stage(road, meter)


@pytest.fixture(params=list(ENDINGS.values()), ids=list(ENDINGS))
def ending(request: pytest.FixtureRequest) -> Ending:
    chosen: Ending = request.param
    return chosen


PLAYED = [
    "unary", "chunked both ways", "stream", "stream to HTTP/1.0", "stream until the end of the connection",
    "interim replies", "HEAD", "pipelined",
]  # fmt: skip
"""The transcripts that go their own way through the proxy."""


@pytest.fixture(params=[TRANSCRIPTS[name] for name in PLAYED], ids=PLAYED)
def transcript(request: pytest.FixtureRequest) -> Transcript:
    played: Transcript = request.param
    return played


def steps_of(raw: bytes) -> list[int]:
    """Where a message may be stopped: at each end of a line and beside it, and at both of its own ends."""
    ends = [found.end() for found in re.finditer(rb"\r\n", raw)]
    steps = {0, 1, len(raw) // 2, len(raw) - 1, len(raw), *ends, *(end - 1 for end in ends), *(end + 1 for end in ends)}
    return sorted(step for step in steps if step <= len(raw))


async def test_ended_at_every_step_of_the_request(
    stage: Stage, transcript: Transcript, ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "WAIT_SECONDS", AT_ONCE)  # the wait itself is not the step
    act, allowed = ending
    for step in steps_of(transcript.sent):
        scene = await stage.with_sent(transcript, step)
        await act(scene)
        await stage.is_left_clean(scene)
    stage.accounts_are_closed(allowed)


async def test_ended_at_every_step_of_the_reply(
    stage: Stage, transcript: Transcript, ending: Ending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handover, "WAIT_SECONDS", AT_ONCE)
    act, allowed = ending
    for step in steps_of(transcript.replies[0])[:-1]:
        scene = await stage.with_replied(transcript, step)
        await act(scene)
        await stage.is_left_clean(scene)
    stage.accounts_are_closed(allowed)


async def test_ended_between_the_last_byte_and_its_acknowledgement(
    stage: Stage, transcript: Transcript, ending: Ending
) -> None:
    act, allowed = ending
    scene = await stage.with_replied(transcript, len(transcript.replies[0]))
    await act(scene)
    await stage.is_left_clean(scene)
    stage.accounts_are_closed(allowed)


AT_CONNECTION: dict[str, Callable[[Road, Caller], object]] = {
    "caller closes": lambda road, caller: caller.leave(),
    "caller resets": lambda road, caller: caller.reset(),
    "cut": lambda road, caller: road.live().cut(DRAIN),
}


@pytest.mark.parametrize("act", AT_CONNECTION.values(), ids=AT_CONNECTION.keys())
async def test_ended_between_the_connection_and_its_first_use(
    stage: Stage, act: Callable[[Road, Caller], object]
) -> None:
    caller = await stage.with_caller()
    stage.meter.when_connected = lambda: act(stage.road, caller)
    await caller.send(request())
    await stage.road.until(lambda: stage.road.provider.accepted)
    await stage.is_left_clean(Scene(stage, caller, None, b""))
    stage.accounts_are_closed(LEFT | {Outcome.CUT_SHORT})
