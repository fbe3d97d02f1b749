"""Waiting for what calls come to."""

import asyncio

from sidecar.simulator.milestones import Milestone, Milestones


def test_waiting_before_it_happens__woken():
    async def scene() -> None:
        told = Milestones()
        waiting = asyncio.create_task(told.wait("a", Milestone.RECEIVED))
        await asyncio.sleep(0)
        told.reach("a", Milestone.RECEIVED)
        await waiting

    asyncio.run(scene())


def test_waiting_after_it_happened__returns_at_once():
    async def scene() -> None:
        told = Milestones()
        told.reach("a", Milestone.FINISHED)
        await told.wait("a", Milestone.FINISHED)

    asyncio.run(scene())


def test_another_call_or_another_milestone__not_woken():
    async def scene() -> bool:
        told = Milestones()
        waiting = asyncio.create_task(told.wait("a", Milestone.RECEIVED))
        told.reach("b", Milestone.RECEIVED)
        told.reach("a", Milestone.FINISHED)
        told.reach("", Milestone.RECEIVED)
        await asyncio.sleep(0)
        return waiting.cancel()

    assert asyncio.run(scene())
