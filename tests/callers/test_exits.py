"""Operations hear at once that the last process behind them has ended; the processes are real, and killed."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

from sidecar.callers.exits import NOT_SHOWN, CallerExits
from sidecar.callers.peer import Address, PeerLookup
from tests.callers.connections import calling_process, connected, forking_process


class Heard:
    """What was told."""

    def __init__(self) -> None:
        self.gone: list[tuple[tuple[str, ...], str]] = []
        self.unseen: list[str] = []
        self.some = asyncio.Event()

    def tell_gone(self, operations: Collection[str], evidence: str) -> None:
        self.gone.append((tuple(operations), evidence))
        self.some.set()

    async def until_gone(self) -> None:
        async with asyncio.timeout(10):
            await self.some.wait()
        self.some.clear()


@asynccontextmanager
async def exits() -> AsyncIterator[tuple[CallerExits, Heard]]:
    heard, lookup = Heard(), PeerLookup()
    watch = CallerExits(asyncio.get_running_loop(), lookup, heard.tell_gone, heard.unseen.append)
    try:
        yield watch, heard
    finally:
        watch.close()
        lookup.close()


def addresses(ours: socket.socket) -> tuple[Address, Address]:
    return ours.getsockname()[:2], ours.getpeername()[:2]


async def saw(watch: CallerExits, operation: str, ours: socket.socket) -> None:
    found_out = watch.seen(operation, *addresses(ours))
    if found_out is not None:
        await found_out


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_the_process_is_killed__its_operations_are_told_with_the_evidence() -> None:
    async def scene() -> None:
        with calling_process() as (ours, caller):
            async with exits() as (watch, heard):
                await saw(watch, "one", ours)
                await saw(watch, "two", ours)
                caller.kill()
                await heard.until_gone()
                assert heard.gone == [(("one", "two"), f"process {caller.pid} exited")]

    asyncio.run(scene())


def test_another_process_has_asked_as_well__the_last_one_counts() -> None:
    async def scene() -> None:
        with calling_process() as (first, opener), calling_process() as (second, poller):
            async with exits() as (watch, heard):
                await saw(watch, "one", first)
                await saw(watch, "one", second)
                await saw(watch, "other", second)
                opener.kill()
                async with asyncio.timeout(10):
                    while len(watch._watched) > 1:
                        await asyncio.sleep(0.01)
                assert heard.gone == []
                poller.kill()
                await heard.until_gone()
                assert heard.gone == [(("one", "other"), f"process {poller.pid} exited")]

    asyncio.run(scene())


def test_forgotten__nobody_is_told_and_no_descriptor_is_left() -> None:
    async def scene() -> None:
        with calling_process() as (ours, caller):
            async with exits() as (watch, heard):
                await saw(watch, "warm up", ours)  # the thread that looks has descriptors of its own
                watch.forget("warm up")
                before = open_descriptors()
                await saw(watch, "one", ours)
                watch.forget("one")
                caller.kill()
                caller.wait(10)
                await asyncio.sleep(0.05)
                assert (heard.gone, open_descriptors()) == ([], before)

    asyncio.run(scene())


def test_the_same_connection_again__is_known_without_looking() -> None:
    async def scene() -> None:
        with calling_process() as (ours, _):
            async with exits() as (watch, _):
                await saw(watch, "one", ours)
                assert watch.seen("two", *addresses(ours)) is None

    asyncio.run(scene())


def test_no_process_can_be_seen__is_said_once() -> None:
    async def scene() -> None:
        with connected() as connection:
            async with exits() as (watch, heard):
                for operation in ("one", "two"):
                    await saw(watch, operation, connection.ours)
                assert (heard.unseen, heard.gone) == ([NOT_SHOWN], [])

    asyncio.run(scene())


def test_another_connection_of_a_process_that_is_watched__needs_no_further_descriptor() -> None:
    async def scene() -> None:
        with calling_process() as (first, caller):
            async with exits() as (watch, heard):
                await saw(watch, "one", first)
                before = open_descriptors()
                watch._holders.clear()  # as if it had come by a connection that was not seen yet
                await saw(watch, "two", first)
                assert open_descriptors() == before
                caller.kill()
                await heard.until_gone()
                assert heard.gone == [(("one", "two"), f"process {caller.pid} exited")]

    asyncio.run(scene())


def test_its_child_has_inherited_the_connection__it_stands_there_now() -> None:
    async def scene() -> None:
        with forking_process() as (ours, parent, child):
            async with exits() as (watch, heard):
                await saw(watch, "one", ours)
                os.kill(parent, signal.SIGKILL)
                await asyncio.sleep(0.2)
                assert heard.gone == []
                os.kill(child, signal.SIGKILL)
                await heard.until_gone()
                assert heard.gone == [(("one",), f"process {child} exited")]

    asyncio.run(scene())


def test_opener_can_not_be_seen__who_asks_later_and_ends_was_not_the_last() -> None:
    async def scene() -> None:
        with connected() as unseen, calling_process() as (ours, stranger):
            async with exits() as (watch, heard):
                await saw(watch, "one", unseen.ours)
                await saw(watch, "one", ours)
                await saw(watch, "two", ours)
                await saw(watch, "two", unseen.ours)
                stranger.kill()
                await heard.until_gone()
                assert heard.gone == [(("two",), f"process {stranger.pid} exited")]

    asyncio.run(scene())
