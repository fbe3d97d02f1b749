"""Only a queue that does not move at all for a whole period is a stall."""

import asyncio

import pytest

from sidecar.proxy.stall import StallWatch

pytestmark = pytest.mark.anyio
PERIOD_SECONDS = 0.02


class Queue:
    """So many bytes wait; each look can take some away."""

    def __init__(self, *sizes: int) -> None:
        self._sizes = list(sizes)
        self.looks = 0
        self.stalled = asyncio.Event()
        self.watch = StallWatch(asyncio.get_running_loop(), PERIOD_SECONDS, self.pending, self.stalled.set)

    def pending(self) -> int:
        self.looks += 1
        return self._sizes.pop(0) if len(self._sizes) > 1 else self._sizes[0]


async def test_nothing_moves_for_a_period__stalled() -> None:
    queue = Queue(10)
    queue.watch.start()
    await asyncio.wait_for(queue.stalled.wait(), 3)
    assert queue.looks == 2


async def test_something_moves__another_period_begins() -> None:
    queue = Queue(10, 9, 9, 8, 8, 8)
    queue.watch.start()
    await asyncio.wait_for(queue.stalled.wait(), 3)
    assert queue.looks >= 6


async def test_all_was_taken__no_stall() -> None:
    queue = Queue(10)
    queue.watch.start()
    queue.watch.stop()
    await asyncio.sleep(2 * PERIOD_SECONDS)
    assert not queue.stalled.is_set()


async def test_starting_twice__one_watch() -> None:
    queue = Queue(10)
    queue.watch.start()
    queue.watch.start()
    assert queue.looks == 1
    queue.watch.stop()
