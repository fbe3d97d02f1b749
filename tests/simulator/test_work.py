"""Work goes through its steps, whoever listens."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from sidecar.clock import SystemClock
from sidecar.simulator.bill import Finished
from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.plan import Plan
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from sidecar.simulator.work import Work

Scene = Callable[[Work, asyncio.Queue[int | None]], Coroutine[Any, Any, None]]


def after(scene: Scene, seconds: float = 0.0, **script: Any) -> tuple[Work, list[int | None]]:
    """The work, and all that was heard of it, after a scene and the end of the work."""

    async def play() -> tuple[Work, list[int | None]]:
        heard: asyncio.Queue[int | None] = asyncio.Queue()
        told: list[int | None] = []

        def tell(step: int | None) -> None:
            told.append(step)
            heard.put_nowait(step)

        route, model = Route(Dialect.GEMINI, "generateContent", "gemini-2.5-flash"), CATALOG["gemini-2.5-flash"]
        plan = Plan(route=route, model=model, script=Script(**script), seconds=seconds, steps=3)
        work = Work(plan, SystemClock(), tell)
        work.begin()
        await scene(work, heard)
        await work.over()
        return work, told

    return asyncio.run(play())


async def nothing(work: Work, heard: asyncio.Queue[int | None]) -> None:
    """A scene in which nothing happens."""


def test_left_alone__every_step_and_the_end():
    work, told = after(nothing)
    assert told == [0, 1, 2, 3, None]
    assert (work.made, work.finished_how) == (3, Finished.COMPLETED)


def test_in_its_time__not_before():
    async def measured(work: Work, heard: asyncio.Queue[int | None]) -> None:
        began = asyncio.get_running_loop().time()
        await work.over()
        assert asyncio.get_running_loop().time() - began >= 0.05

    after(measured, seconds=0.05)


def test_stopped_before_it_ran__nothing_made():
    async def stopped(work: Work, heard: asyncio.Queue[int | None]) -> None:
        work.stop()

    work, told = after(stopped)
    assert (work.made, work.finished_how, told) == (None, Finished.STOPPED, [None])
    assert work.finished_at > 0


def test_stopped_between_steps__what_is_made_stays_made():
    async def stopped(work: Work, heard: asyncio.Queue[int | None]) -> None:
        while await heard.get() != 2:
            pass
        work.stop()

    work, told = after(stopped, hold=2)
    assert (work.made, work.finished_how, told) == (2, Finished.STOPPED, [0, 1, 2, None])


def test_stopped_when_over__is_over_as_it_was():
    async def stopped(work: Work, heard: asyncio.Queue[int | None]) -> None:
        await work.over()
        work.stop()

    work, _ = after(stopped)
    assert work.finished_how is Finished.COMPLETED


def test_failing__after_its_step():
    work, told = after(nothing, fail_after=1)
    assert (work.made, work.finished_how, told) == (1, Finished.FAILED, [0, 1, None])


def test_held__goes_on_when_released():
    async def released(work: Work, heard: asyncio.Queue[int | None]) -> None:
        while await heard.get() != 0:
            pass
        assert heard.empty()
        work.release()

    work, told = after(released, hold=0)
    assert (work.finished_how, told) == (Finished.COMPLETED, [0, 1, 2, 3, None])
