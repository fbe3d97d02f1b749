"""Operations go their way, whatever is asked of them and however often: every word of the script."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import pytest

from sidecar.clock import SystemClock
from sidecar.simulator.background import INTERACTIONS, RESPONSES
from sidecar.simulator.cancelling import STOPPING_SECONDS
from sidecar.simulator.declined import Declined
from sidecar.simulator.family import Family
from sidecar.simulator.operation import Opening, Operation
from sidecar.simulator.phase import Phase
from sidecar.simulator.request import Request
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.settings import Settings

BODY = msgspec.json.encode({"model": "gemini-2.5-flash", "input": "hi", "background": True})
Scene = Callable[[Operation], Coroutine[Any, Any, Any]]


def after(scene: Scene, script: str, family: Family = INTERACTIONS) -> tuple[Operation, list[Operation], Any]:
    """The operation, who was told of its end, and what the scene has seen."""

    async def play() -> tuple[Operation, list[Operation], Any]:
        over: list[Operation] = []
        request = Request("POST", "/v1/interactions", {}, {"x-simulator": script}, "00", len(BODY), BODY, 0)
        route = Route(Dialect.GEMINI, "interactions", "")
        opening = Opening(1, "one", family, request, family.plan(route, request, Settings()))
        operation = Operation(opening, SystemClock(), over.append)
        return operation, over, await scene(operation)

    return asyncio.run(play())


async def to_its_end(operation: Operation) -> Phase:
    await asyncio.wait_for(operation.over(), 5)
    return operation.phase


def cancelled(script: str, family: Family = INTERACTIONS) -> tuple[Operation, Phase, Phase]:
    """An operation that was cancelled, where it stood at once, and its end."""

    async def scene(operation: Operation) -> tuple[Phase, Phase]:
        operation.cancel()
        return operation.view().phase, await to_its_end(operation)

    operation, over, (at_once, end) = after(scene, script, family)
    assert over == [operation]
    return operation, at_once, end


def test_left_alone__succeeds():
    operation, over, phase = after(to_its_end, "seconds=0.02")
    assert (phase, operation.finished_how, operation.made, over) == (Phase.SUCCEEDED, "completed", 10, [operation])


def test_failing__after_its_step():
    operation, _, phase = after(to_its_end, "seconds=0.02 fail_after=3")
    assert (phase, operation.finished_how, operation.made) == (Phase.FAILED, "failed", 3)


def test_a_cancel__stops_it_within_50_ms():
    async def scene(operation: Operation) -> float:
        began = asyncio.get_running_loop().time()
        operation.cancel()
        await operation.over()
        return asyncio.get_running_loop().time() - began

    operation, _, seconds = after(scene, "seconds=0 hold=4")
    assert (operation.phase, operation.finished_how, operation.made) == (Phase.CANCELLED, "cancelled", 4)
    assert STOPPING_SECONDS < 0.05
    assert seconds < 0.5  # a busy machine may be late


def test_a_cancel_where_there_is_no_word_between__at_once():
    _, at_once, end = cancelled("never_ending=1", RESPONSES)
    assert at_once is end is Phase.CANCELLED


def test_slow__cancelling_then_cancelled_and_nothing_more_is_made():
    operation, at_once, end = cancelled("seconds=0.1 cancel=slow:0.2", RESPONSES)
    assert (at_once, end) == (Phase.CANCELLING, Phase.CANCELLED)
    assert operation.made is not None
    assert operation.made < 10


def test_late__it_has_just_come_to_its_end():
    operation, at_once, end = cancelled("never_ending=1 cancel=late")
    assert (at_once, end, operation.made, operation.finished_how) == (Phase.RUNNING, Phase.SUCCEEDED, 10, "completed")


def test_ignored__goes_on():
    operation, at_once, end = cancelled("seconds=0.05 cancel=ignored")
    assert (at_once, end, operation.cancel_asked_at) == (Phase.RUNNING, Phase.SUCCEEDED, None)


def test_revived__told_as_cancelled_then_done():
    async def scene(operation: Operation) -> tuple[Phase, Phase]:
        operation.cancel()
        first = await to_its_end(operation)
        while operation.finished_how is None:
            await asyncio.sleep(0.01)
        return first, operation.phase

    operation, over, phases = after(scene, "never_ending=1 cancel=revived:0.05", RESPONSES)
    assert phases == (Phase.CANCELLED, Phase.SUCCEEDED)
    assert (operation.finished_how, operation.made, over) == ("completed", 10, [operation])


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("refused", [400, 400, 400]),
        ("unsupported", [501, 501, 501]),
        ("throttled:2", [429, 429, 200]),
        ("failing:1", [500, 200, 200]),
    ],
)
def test_a_cancel_that_is_declined__changes_nothing(word: str, statuses: list[int]):
    async def scene(operation: Operation) -> list[int]:
        answers = []
        for _ in range(3):
            try:
                operation.cancel()
            except Declined as declined:
                answers.append(declined.status)
                assert operation.phase is Phase.RUNNING
            else:
                answers.append(200)
        return answers

    _, _, answers = after(scene, f"never_ending=1 cancel={word}")
    assert answers == statuses


def test_a_cancel_of_what_has_ended__is_the_dialects_affair():
    async def scene(operation: Operation) -> None:
        await operation.over()
        operation.cancel()

    after(scene, "seconds=0", RESPONSES)
    with pytest.raises(Declined, match="still running"):
        after(scene, "seconds=0", INTERACTIONS)


@pytest.mark.parametrize(("word", "known_while_it_runs"), [("forget=0", True), ("forget_from_start=0", False)])
def test_forgotten__from_its_end_or_from_its_start(word: str, known_while_it_runs: bool):
    async def scene(operation: Operation) -> tuple[bool, bool]:
        while_it_runs = operation.is_forgotten
        operation.release()
        await operation.over()
        return while_it_runs, operation.is_forgotten

    operation, _, forgotten = after(scene, f"seconds=0 hold=1 {word}")
    assert forgotten == (not known_while_it_runs, True)
    assert operation.finished_how == "completed"


def test_status_lag__tells_what_was():
    async def scene(operation: Operation) -> tuple[Phase, Phase, Phase]:
        operation.cancel()
        at_once = operation.view().phase
        await asyncio.sleep(0.06)
        return operation.phase, at_once, operation.view().phase

    _, _, phases = after(scene, "never_ending=1 status_lag=0.05", RESPONSES)
    assert phases == (Phase.CANCELLED, Phase.QUEUED, Phase.CANCELLED)


def test_queued__until_it_has_thought():
    async def scene(operation: Operation) -> tuple[Phase, Any]:
        operation.cancel()
        return operation.view().phase, operation.view().used.counts()

    _, _, told = after(scene, "think=5 seconds=9", RESPONSES)
    assert told == (Phase.CANCELLED, {})


def test_stopped__with_the_simulator():
    async def scene(operation: Operation) -> None:
        operation.stop()
        operation.stop()

    operation, over, _ = after(scene, "never_ending=1")
    assert (operation.finished_how, over) == ("stopped", [operation])


def test_waiting_for_a_step__ends_when_it_will_never_be_made():
    async def scene(operation: Operation) -> tuple[bool, bool]:
        made = await operation.reached(2)
        waiting = asyncio.create_task(operation.reached(3))
        await asyncio.sleep(0)
        operation.cancel()
        return made, await waiting

    _, _, reached = after(scene, "seconds=0 hold=2", RESPONSES)
    assert reached == (True, False)
