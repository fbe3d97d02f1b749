"""An answer has arrived when the caller's kernel has all of it, whatever was written behind it since."""

import asyncio

import pytest

from sidecar.clock import SystemClock
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy import handover
from sidecar.proxy.live_handover import LiveHandover
from sidecar.proxy.live_steps import Word

pytestmark = pytest.mark.anyio


class Answer:
    """Stands in for a call, of which only this is asked."""

    def __init__(self) -> None:
        self.end_at = 0
        self.words: list[Word | LeftReason] = []

    def tell(self, word: Word, at: int) -> None:
        self.words.append(word)

    def left(self, reason: LeftReason, at: int, seconds: float | None, *, is_held: bool) -> None:
        self.words.append(reason)


class Scene:
    def __init__(self) -> None:
        self.written = self.taken = 0
        loop = asyncio.get_running_loop()
        self.handover = LiveHandover(loop, SystemClock(), lambda: self.written, lambda: self.taken)

    def added(self) -> Answer:
        answer = Answer()
        self.handover.add(answer)  # type: ignore[arg-type]
        return answer


async def said_by(answer: Answer) -> list[Word | LeftReason]:
    """What it was told, once it was told something."""
    async with asyncio.timeout(3):
        while not answer.words:
            await asyncio.sleep(0.001)
    return answer.words


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(handover, "WAIT_SECONDS", 0.001)
    return Scene()


async def test_taken__handed_over_although_more_is_under_way(scene: Scene) -> None:
    scene.written = scene.taken = 10
    answer = scene.added()
    scene.written = 20
    assert await said_by(answer) == [Word.HANDED_OVER]


async def test_not_taken_yet__waits(scene: Scene) -> None:
    scene.written, scene.taken = 10, 9
    answer = scene.added()
    await asyncio.sleep(0.01)
    assert answer.words == []
    scene.taken = 10
    assert await said_by(answer) == [Word.HANDED_OVER]


async def test_connection_ends__who_has_it_has_it_and_the_rest_is_left(scene: Scene) -> None:
    scene.written = scene.taken = 10
    early = scene.added()
    scene.written = 20
    late = scene.added()
    scene.handover.end(LeftReason.FIN)
    assert (early.words, late.words) == ([Word.HANDED_OVER], [LeftReason.FIN])
    await asyncio.sleep(0.01)
    assert (early.words, late.words) == ([Word.HANDED_OVER], [LeftReason.FIN])


async def test_connection_is_reset_at_once__nothing_was_read_for_sure(scene: Scene) -> None:
    scene.written = scene.taken = 10
    answer = scene.added()
    scene.handover.end(LeftReason.RST)
    assert answer.words == [LeftReason.RST]


async def test_nothing_waits__no_timer_is_left(scene: Scene) -> None:
    scene.added()
    async with asyncio.timeout(3):
        while scene.handover._timer is not None:
            await asyncio.sleep(0.001)


async def test_caller_asks_again__what_it_has_is_handed_over_and_a_reset_takes_nothing_back(scene: Scene) -> None:
    scene.written = scene.taken = 10
    first = scene.added()
    scene.written = 20
    second = scene.added()
    scene.handover.asked_again()
    assert (first.words, second.words) == ([Word.HANDED_OVER], [])
    scene.handover.end(LeftReason.RST)
    assert (first.words, second.words) == ([Word.HANDED_OVER], [LeftReason.RST])
