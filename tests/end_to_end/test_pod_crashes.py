"""Our container is killed at several points of a pod's life and started again on the same volume: nothing accepted is lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.pod_app import Apps
from tests.end_to_end.pod_books import SOUND
from tests.end_to_end.pod_crashes import CRASHES
from tests.end_to_end.pod_scraper import total
from tests.end_to_end.pod_stage import Stage, Story

Told = Callable[[str], Story]
WITH_CALLS = ["killed in service", "killed while draining"]


@pytest.fixture(scope="module")
def story(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story of a scene's name; all are played at the same time."""
    stage = Stage(simulator, Apps(), tmp_path_factory.mktemp("pods"))
    with ThreadPoolExecutor(len(CRASHES)) as pool:
        played: dict[str, Future[Story]] = {name: pool.submit(scene, stage, name) for name, scene in CRASHES.items()}
        yield lambda name: played[name].result()


@pytest.mark.parametrize("name", CRASHES)
def test_killed__the_file_is_whole_and_has_a_row_for_all_that_was_accepted(story: Told, name: str) -> None:
    played = story(name)
    left = played.notes["crashed"]
    assert left.integrity == played.books.integrity == SOUND
    accepted = {errand.name for errand in played.errands if " last " not in errand.name}
    assert accepted == set(left.calls) | set(left.operations)
    assert accepted <= set(played.books.calls) | set(played.books.operations)


@pytest.mark.parametrize("name", CRASHES)
def test_started_again__identities_hold_on_the_first_page_and_on_the_last(story: Told, name: str) -> None:
    for page in (story(name).notes["revived"], story(name).page):
        assert total(page, "calls_started_total") == total(page, "calls_settled_total") + total(page, "calls_in_flight")
        opened = total(page, "operations_opened_total")
        assert opened == total(page, "operations_settled_total") + total(page, "operations_open") == 4


@pytest.mark.parametrize("name", WITH_CALLS)
def test_calls_that_were_open_are_lost_and_say_so(story: Told, name: str) -> None:
    played = story(name)
    open_calls = [name for name in played.named("chat") if " last " not in name]
    assert {played.books.call(name).outcome for name in open_calls} == {"lost"}
    assert total(played.page, "calls_settled_total", outcome="lost") == len(open_calls) == 3


def test_started_again_in_service__the_application_is_served_on(story: Told) -> None:
    played = story("killed in service")
    late = [name for name in played.named("chat") if " last " in name]
    assert {played.told[name] for name in late} == {"answered"}
    assert {played.books.call(name).outcome for name in late} == {"delivered"}


@pytest.mark.parametrize("name", CRASHES)
def test_operations_are_gone_on_with_and_cancelled_by_the_next_process(story: Told, name: str) -> None:
    played = story(name)
    assert played.endings[-1].status == 0
    for operation in played.named("response"):
        assert played.provider[operation].finished_how == "cancelled"
        assert played.books.operation(operation).state == "cancelled"


def test_killed_between_cancel_and_end__the_intent_was_written_before_the_cancel_was_sent(story: Told) -> None:
    played = story("killed while settling")
    left = played.notes["crashed"]
    assert {left.operation(name).state for name in played.named("response")} == {"cancelling"}
    for name in played.named("response"):
        assert (left.operation(name).cancel_requested_at or 0) < played.provider[name].cancels[0].at
