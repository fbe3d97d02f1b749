"""Asking with one credential after another, so many at once, each in its time box."""

import asyncio
from collections.abc import Sequence

import pytest

from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.operation import Ask
from sidecar.reaper.contract import Answer, Credential, Unreachable
from sidecar.reaper.questions import NOT_LET_IN, PATIENCE_SECONDS, Questions
from tests.lifecycle.rows import row
from tests.reaper.world import Keys, World

ASK = Ask("GET", "/x")


class Doorman:
    """Lets in whom it knows, after a while; counts who is in the house."""

    def __init__(self, known: Sequence[str], seconds: float = 0.0) -> None:
        self.known, self.seconds = known, seconds
        self.asked: list[str] = []
        self.inside = self.most = 0

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        assert credential is not None
        self.asked.append(credential.source)
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        return Answer(200 if credential.source in self.known else 401)


def is_not_let_in(answer: Answer) -> bool:
    return answer.status in NOT_LET_IN


def ask(world: World, doorman: Doorman, *sources: str) -> Answer | None:
    return world.run(Questions(doorman, keys(*sources)).ask(row(), ASK, is_not_let_in))


def keys(*sources: str) -> Keys:
    found = Keys()
    found.sources = list(sources)
    return found


def test_the_first_is_let_in__no_other_is_tried(world: World) -> None:
    doorman = Doorman(["a", "b"])
    assert ask(world, doorman, "a", "b") == Answer(200)
    assert doorman.asked == ["a"]


def test_the_first_is_not_let_in__the_next_is_tried(world: World) -> None:
    assert ask(world, Doorman(["b"]), "a", "b") == Answer(200)


def test_none_is_let_in__the_last_answer(world: World) -> None:
    assert ask(world, Doorman([]), "a", "b") == Answer(401)


def test_there_is_no_credential__nothing_is_asked(world: World) -> None:
    doorman = Doorman(["a"])
    assert ask(world, doorman) is None
    assert doorman.asked == []


def test_no_answer_in_time__unreachable(world: World) -> None:
    before = world.loop.time()
    with pytest.raises(Unreachable, match="no answer within 10 s"):
        ask(world, Doorman(["a"], seconds=60), "a")
    assert world.loop.time() - before == pytest.approx(PATIENCE_SECONDS)


def test_many__so_many_at_once(world: World) -> None:
    doorman = Doorman(["a"], seconds=1)
    questions = Questions(doorman, keys("a"), at_once=3)

    async def all_of_them() -> None:
        await asyncio.gather(*(questions.ask(row(), ASK, is_not_let_in) for _ in range(10)))

    world.run(all_of_them())
    assert (doorman.most, len(doorman.asked)) == (3, 10)


def test_it_may_not_be_asked_any_more__nothing_leaves(world: World) -> None:
    doorman = Doorman([])
    said = iter([True, False])

    async def may_ask() -> bool:
        return next(said)

    answer = world.run(Questions(doorman, keys("a", "b", "c")).ask(row(), ASK, is_not_let_in, may_ask))
    assert (answer, doorman.asked) == (None, ["a"])
