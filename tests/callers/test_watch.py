"""The watch on callers' sockets: every end is told, in every phase, on both event loops."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack

import pytest

from sidecar.callers.watch import DepartureWatch
from sidecar.lifecycle.events import LeftReason
from tests.callers.connections import PATIENCE_SECONDS, calling_process, connected

pytestmark = pytest.mark.anyio

FIN, RST = LeftReason.FIN, LeftReason.RST


class Told:
    """What the watch said, in order, by name."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[str, LeftReason]] = asyncio.Queue()

    def as_(self, name: str) -> Callable[[LeftReason], None]:
        """A callback that remembers under this name."""
        return lambda reason: self._queue.put_nowait((name, reason))

    async def next(self) -> tuple[str, LeftReason]:
        """The next departure."""
        return await asyncio.wait_for(self._queue.get(), PATIENCE_SECONDS)

    def is_silent(self) -> bool:
        """Nothing more was said."""
        return self._queue.empty()


@pytest.fixture
async def watch() -> AsyncIterator[DepartureWatch]:
    watch = DepartureWatch(asyncio.get_running_loop())
    yield watch
    watch.close()


@pytest.fixture
async def told() -> Told:
    return Told()


async def test_a_closed_end_is_told_while_nothing_is_read(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        connection.theirs.sendall(b"x" * 10_000)
        connection.theirs.close()
        assert await told.next() == ("caller", FIN)


async def test_a_half_closed_end_is_told(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        connection.theirs.shutdown(socket.SHUT_WR)
        assert await told.next() == ("caller", FIN)


async def test_an_end_over_ipv6_is_told(watch: DepartureWatch, told: Told) -> None:
    with connected("::1") as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        connection.theirs.close()
        assert await told.next() == ("caller", FIN)


async def test_a_reset_is_told(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        connection.reset()
        assert await told.next() == ("caller", RST)


async def test_an_end_first_closed_and_then_reset__both_are_told(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        connection.theirs.close()
        assert await told.next() == ("caller", FIN)
        connection.ours.sendall(b"to nobody")
        assert await told.next() == ("caller", RST)


async def test_an_end_before_the_watch_began_is_told(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        connection.theirs.close()
        connection.await_fin()
        watch.add(connection.ours.fileno(), told.as_("caller"))
        assert await told.next() == ("caller", FIN)


async def test_a_killed_process_is_told(watch: DepartureWatch, told: Told) -> None:
    with calling_process() as (ours, process):
        watch.add(ours.fileno(), told.as_("caller"))
        process.kill()
        assert await told.next() == ("caller", FIN)


async def test_a_killed_process_that_had_bytes_to_read__reset(watch: DepartureWatch, told: Told) -> None:
    with calling_process() as (ours, process):
        watch.add(ours.fileno(), told.as_("caller"))
        ours.sendall(b"unread")
        process.kill()
        assert await told.next() == ("caller", RST)


async def test_bytes_alone_tell_nothing(watch: DepartureWatch, told: Told) -> None:
    with connected() as talks, connected() as leaves:
        watch.add(talks.ours.fileno(), told.as_("talks"))
        watch.add(leaves.ours.fileno(), told.as_("leaves"))
        talks.theirs.sendall(b"x")
        leaves.theirs.close()
        assert await told.next() == ("leaves", FIN)
        assert told.is_silent()


async def test_a_removed_socket_is_told_no_more(watch: DepartureWatch, told: Told) -> None:
    with connected() as removed, connected() as kept:
        watch.add(removed.ours.fileno(), told.as_("removed"))
        watch.add(kept.ours.fileno(), told.as_("kept"))
        removed.theirs.close()  # its end is known to the kernel, and not yet looked at
        watch.remove(removed.ours.fileno())
        kept.theirs.close()
        assert await told.next() == ("kept", FIN)
        assert told.is_silent()


async def test_a_socket_removed_by_another_ones_callback_is_told_no_more(watch: DepartureWatch, told: Told) -> None:
    with connected() as one, connected() as other:
        ends = {"one": one.ours.fileno(), "other": other.ours.fileno()}

        def remove_both(name: str) -> Callable[[LeftReason], None]:
            def departed(reason: LeftReason) -> None:
                told.as_(name)(reason)
                for fd in ends.values():
                    watch.remove(fd)

            return departed

        for name, fd in ends.items():
            watch.add(fd, remove_both(name))
        one.theirs.close()
        other.theirs.close()
        name, _ = await told.next()
        assert name in ends
        assert told.is_silent()


async def test_removing_twice_or_after_closing_is_nothing(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        fd = connection.ours.fileno()
        watch.add(fd, told.as_("caller"))
        connection.ours.close()
        watch.remove(fd)
        watch.remove(fd)


async def test_a_number_given_to_another_socket_is_watched_anew(watch: DepartureWatch, told: Told) -> None:
    with connected() as first, connected() as second:
        number = first.ours.fileno()
        watch.add(number, told.as_("first"))
        watch.remove(number)
        os.dup2(second.ours.fileno(), number)
        watch.add(number, told.as_("second"))
        first.theirs.close()
        second.theirs.close()
        assert await told.next() == ("second", FIN)
        assert told.is_silent()


async def test_of_many_sockets_exactly_those_that_end_are_told(watch: DepartureWatch, told: Told) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(connected()) for _ in range(200)]
        for number, caller in enumerate(callers):
            watch.add(caller.ours.fileno(), told.as_(str(number)))
        for number, caller in enumerate(callers):
            if number % 4 == 0:
                caller.theirs.close()
            elif number % 4 == 1:
                caller.reset()
        seen = dict([await told.next() for _ in range(100)])
        assert told.is_silent()
    assert seen == {str(number): (FIN, RST)[number % 4] for number in range(200) if number % 4 < 2}


async def test_a_callback_that_fails_does_not_swallow_the_departures_of_others(
    watch: DepartureWatch, told: Told
) -> None:
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def fails(reason: LeftReason) -> None:
        raise ValueError(reason)

    with connected() as before, connected() as broken, connected() as after:
        watch.add(before.ours.fileno(), told.as_("before"))
        watch.add(broken.ours.fileno(), fails)
        watch.add(after.ours.fileno(), told.as_("after"))
        for connection in (before, broken, after):
            connection.theirs.close()
        assert {await told.next(), await told.next()} == {("before", FIN), ("after", FIN)}
    assert [type(error) for error in reported] == [ValueError]


async def test_a_closed_watch_is_silent_and_takes_what_it_is_told(watch: DepartureWatch, told: Told) -> None:
    with connected() as connection:
        watch.add(connection.ours.fileno(), told.as_("caller"))
        watch.close()
        watch.close()
        connection.theirs.close()
        watch.add(connection.ours.fileno(), told.as_("caller"))
        watch.remove(connection.ours.fileno())
        await asyncio.sleep(0)
        assert told.is_silent()
