"""One lookup for one name at a time, and none kept."""

import asyncio
import socket
from typing import Any

import pytest
from hypothesis import given, strategies as st

from sidecar.proxy.lookups import Found, Lookups, taking_turns

pytestmark = pytest.mark.anyio

FOUR, SIX = socket.AF_INET, socket.AF_INET6
ANSWER = [(FOUR, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))]


class SlowResolver:
    """The one thing that a lookup asks of its loop, answered when the test says so."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.create_task = self._loop.create_task
        self.asked: list[tuple[str, int]] = []
        self.answer: asyncio.Future[Any] = self._loop.create_future()

    async def getaddrinfo(self, host: str, port: int, *, type: int) -> Any:
        self.asked.append((host, port))
        return await self.answer


@pytest.fixture
async def resolver() -> SlowResolver:
    return SlowResolver()


async def test_a_thousand_calls_to_one_name__one_lookup(resolver: SlowResolver) -> None:
    lookups = Lookups(resolver)  # type: ignore[arg-type]
    tasks = [asyncio.create_task(lookups.find("api.example", 443)) for _ in range(1000)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert resolver.asked == [("api.example", 443)]
    resolver.answer.set_result(ANSWER)
    assert await asyncio.gather(*tasks) == [[(FOUR, ("192.0.2.1", 443))]] * 1000


async def test_next_call_asks_again(resolver: SlowResolver) -> None:
    lookups = Lookups(resolver)  # type: ignore[arg-type]
    resolver.answer.set_result(ANSWER)
    await lookups.find("api.example", 443)
    await lookups.find("api.example", 443)
    assert len(resolver.asked) == 2


async def test_one_that_gives_up_does_not_end_the_lookup_of_another(resolver: SlowResolver) -> None:
    lookups = Lookups(resolver)  # type: ignore[arg-type]
    first, second = (asyncio.create_task(lookups.find("api.example", 443)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    resolver.answer.set_result(ANSWER)
    assert await second
    assert first.cancelled()


async def test_failure_that_nobody_waits_for_any_more_is_no_complaint(resolver: SlowResolver) -> None:
    lookups = Lookups(resolver)  # type: ignore[arg-type]
    only = asyncio.create_task(lookups.find("api.example", 443))
    await asyncio.sleep(0)
    only.cancel()
    resolver.answer.set_exception(socket.gaierror(socket.EAI_NONAME, "no"))
    await asyncio.sleep(0.001)
    assert not lookups._running


async def test_close_ends_what_is_under_way(resolver: SlowResolver) -> None:
    lookups = Lookups(resolver)  # type: ignore[arg-type]
    waiting = asyncio.create_task(lookups.find("api.example", 443))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    lookups.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not lookups._running


async def test_real_lookup_of_this_machine() -> None:
    found = await Lookups(asyncio.get_running_loop()).find("localhost", 80)
    assert {address[:2] for _, address in found} <= {("127.0.0.1", 80), ("::1", 80)}


def test_families_take_turns_beginning_with_the_first() -> None:
    found: list[Found] = [(SIX, ("a", 1)), (SIX, ("b", 1)), (SIX, ("c", 1)), (FOUR, ("d", 1))]
    assert [address[0] for _, address in taking_turns(found)] == ["a", "d", "b", "c"]


@given(st.lists(st.tuples(st.sampled_from([FOUR, SIX]), st.tuples(st.uuids().map(str), st.just(1))), min_size=1))
def test_no_address_is_lost(found: Any) -> None:
    turns = taking_turns(found)
    assert sorted(turns, key=str) == sorted(found, key=str)
    assert turns[0] == found[0]


def test_none_at_all__refused() -> None:
    with pytest.raises(OSError, match="no address"):
        taking_turns([])
