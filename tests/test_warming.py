"""What is done when the sockets accept; how much it saves is measured by the benchmarks."""

import asyncio
import gc

import pytest

from sidecar.warming import YOUNG_OBJECTS, warm_up
from tests.proxy.road import Road, a_road

pytestmark = pytest.mark.anyio


async def warm(road: Road) -> None:
    await asyncio.wait_for(warm_up(road.context), 30)


async def test_prices_are_loaded_and_the_page_knows_how_old_they_are() -> None:
    async with a_road() as road:
        await warm(road)
        assert road.recorder.program.prices_listed_at is not None


async def test_collector_looks_seldom_and_not_at_what_stays() -> None:
    threshold = gc.get_threshold()
    try:
        async with a_road() as road:
            gc.disable()  # as the command line does before anything is imported
            await warm(road)
            assert gc.isenabled()
            assert gc.get_threshold()[0] == YOUNG_OBJECTS
            assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
