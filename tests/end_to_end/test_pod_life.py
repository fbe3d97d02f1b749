"""The life of a pod from its first probe to its last line, played without a cluster: see `pod.py`, `pod_end.py`, `pod_scenes.py`.

All scenes are played beside each other, two or three at a time, and looked at one by one.
"""

import json
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from sidecar.simulator.server import RunningSimulator
from tests.end_to_end import pod_alone
from tests.end_to_end.other_namespace import is_possible
from tests.end_to_end.pod import Started, now, running_pod
from tests.end_to_end.pod_app import OPENS, Apps
from tests.end_to_end.pod_books import SOUND
from tests.end_to_end.pod_end import LAST_SECONDS
from tests.end_to_end.pod_scenes import MANY, SCENES
from tests.end_to_end.pod_scraper import total
from tests.end_to_end.pod_stage import SECRET, Stage, Story

AT_ONCE = 3
"""Pods that live at the same time: more would have to wait for the processor and not for each other."""
SPARE_SECONDS = 3.0
"""All is done so long before the grace is over."""
GENEROUS_SECONDS = 8.0
"""What takes half a second or one takes no longer than this on a machine that is busy with other things."""
MOST_MESSAGE_BYTES = 4096
Told = Callable[[str], Story]


@pytest.fixture(scope="module")
def story(simulator: RunningSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story of a scene's name."""
    stage = Stage(simulator, Apps(), tmp_path_factory.mktemp("pods"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        played: dict[str, Future[Story]] = {name: pool.submit(scene, stage, name) for name, scene in SCENES.items()}
        yield lambda name: played[name].result()


# === every pod that ends with an exit status of its own ===


@pytest.mark.parametrize("name", ["in order", "killed", "observed", "hanging", "silent", "job"])
def test_the_container_is_done_before_anybody_has_to_kill_it(story: Told, name: str) -> None:
    assert [ending.status for ending in story(name).endings] == [0] * len(story(name).endings)


@pytest.mark.parametrize("name", ["in order", "killed", "observed", "silent"])
def test_all_is_over_three_seconds_before_the_grace_is(story: Told, name: str) -> None:
    played = story(name)
    assert played.endings[0].all_seconds < played.pod.asked.grace_seconds - SPARE_SECONDS + 1.5


@pytest.mark.parametrize("name", SCENES)
def test_the_ledger_is_whole_and_has_every_call_and_operation(story: Told, name: str) -> None:
    played = story(name)
    assert played.books.integrity == SOUND
    rows = [call.caller for found in played.books.calls.values() for call in found]
    rows += [operation.caller for found in played.books.operations.values() for operation in found]
    assert sorted(map(str, rows)) == sorted(errand.name for errand in played.errands)


@pytest.mark.parametrize("name", SCENES)
def test_neither_secrets_nor_prompts_are_written_anywhere(story: Told, name: str) -> None:
    written = story(name).pod.written()
    for secret in (*SECRET.values(), "an-app-key", "a-token", '"hi"'):
        assert secret.encode() not in written


@pytest.mark.parametrize("name", ["in order", "killed", "observed", "hanging", "silent", "job"])
def test_the_last_figures_are_in_the_log_and_in_the_pods_status(story: Told, name: str) -> None:
    pod = story(name).pod
    totals, message = pod.logged("final_totals")[-1], pod.message.read_bytes()
    assert 0 < len(message) <= MOST_MESSAGE_BYTES
    assert message.count(b"\n") <= 1
    assert json.loads(message).items() <= totals.items()
    assert totals["calls_in_flight"] == 0


@pytest.mark.parametrize("name", SCENES)
def test_what_was_started_has_settled_or_is_open(story: Told, name: str) -> None:
    page = story(name).page
    assert total(page, "calls_started_total") == total(page, "calls_settled_total") + total(page, "calls_in_flight")
    opened = total(page, "operations_opened_total")
    assert opened == total(page, "operations_settled_total") + total(page, "operations_open")


# === an application that ends in order ===


def test_probes_say_what_the_container_does(story: Told) -> None:
    notes = story("in order").notes
    assert notes["serving"] == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 200}
    assert notes["draining"] == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 503}
    assert set(notes["ended"].values()) == {None}


def test_the_hook_ends_nothing_and_is_answered_in_milliseconds(story: Told) -> None:
    played = story("in order")
    assert played.notes["alive after the hook"]
    assert min(played.notes["announced"]) < 0.05
    assert played.ending.pre_stop_seconds < GENEROUS_SECONDS  # a process of Python's, which starts and ends


def test_calls_that_the_application_still_makes_when_the_pod_is_ending_are_served(story: Told) -> None:
    played = story("in order")
    calls = played.named("unary", "stream", "chat")
    assert {played.told[name] for name in calls} == {"answered"}
    assert {played.books.call(name).outcome for name in calls} == {"delivered"}


def test_an_operation_opened_after_the_hook_is_cancelled_as_the_others_are(story: Told) -> None:
    played = story("in order")
    (late,) = played.named("response")
    assert played.provider[late].finished_how == "cancelled"


def test_a_service_that_is_called_sidecar_does_no_harm(story: Told) -> None:
    assert story("in order").pod.asked.more["SIDECAR_SERVICE_HOST"]
    assert story("in order").pod.logged("serving")


# === an application that is killed in the middle of all ===


def test_calls_whose_application_was_killed_left_because_the_pod_ends(story: Told) -> None:
    played = story("killed")
    calls = played.named("unary", "stream", "chat")
    assert {played.books.call(name).left_reason for name in calls} == {"pod_ending"}
    assert played.notes["departures"] == {"pod_ending": len(calls)}
    assert {played.books.call(name).outcome for name in calls} == {"orphan_finished"}  # they had time


def test_every_operation_that_can_be_cancelled_is_and_says_why(story: Told) -> None:
    played = story("killed")
    for name in played.named("response", "interaction"):
        row = played.books.operation(name)
        assert (row.state, row.gone_reason, row.cancel_result) == ("cancelled", "pod_ending", "confirmed")
        assert [cancel.answer for cancel in played.provider[name].cancels] == [200]


def test_twenty_operations_are_cancelled_at_once_and_not_one_after_the_other(story: Told) -> None:
    played = story("killed")
    sent = played.cancels(played.named("response"))
    assert len(sent) == MANY
    assert max(sent) - min(sent) < MANY / 4  # each takes its provider a second
    assert played.ending.seconds < MANY / 2


def test_what_cannot_be_cancelled_says_so_and_what_is_only_watched_is_left_alone(story: Told) -> None:
    played = story("killed")
    (video,), (batch,) = played.named("video"), played.named("batch")
    assert played.books.operation(video).cancel_result == "unsupported"
    assert (played.books.operation(batch).state, played.books.operation(batch).cancel_result) == ("orphaned", None)
    assert played.provider[video].cancels == played.provider[batch].cancels == ()


def test_what_was_cancelled_at_the_end_is_in_the_last_figures(story: Told) -> None:
    played = story("killed")
    cancelled = len(played.named("response", "interaction"))
    assert total(played.page, "operations_settled_total", outcome="cancelled") == cancelled
    assert total(played.page, "cancel_requests_total", result="confirmed") == cancelled


def test_in_observe_nothing_is_cancelled_and_what_would_have_been_is_counted(story: Told) -> None:
    played = story("observed")
    doomed = played.named("response", "interaction")
    assert played.cancels([*doomed, *played.named("video", "batch")]) == []
    assert {played.books.operation(name).cancel_result for name in doomed} == {"would_cancel"}
    assert total(played.page, "cancel_requests_total", result="would_cancel") == len(doomed)


# === the grace is not enough, or the provider is not there ===


def test_the_application_hangs_until_the_grace_is_over__cancels_are_still_sent(story: Told) -> None:
    played = story("hanging")
    assert (played.ending.app_ended_at or 0) > (played.ending.told_at or 0)
    assert len(played.cancels(played.named("response", "interaction"))) == len(played.named("response", "interaction"))
    assert played.ending.seconds < LAST_SECONDS


def test_the_application_hangs_until_the_grace_is_over__its_calls_are_cut_and_settled(story: Told) -> None:
    played = story("hanging")
    assert {played.books.call(name).outcome for name in played.named("unary", "stream")} == {"cut_short"}


def test_the_provider_does_not_hear_a_cancel__whoever_starts_next_sends_it_again(story: Told) -> None:
    played = story("silent")
    names = [errand.name for errand in played.errands if errand.doing in OPENS]
    began = (played.pod.started_at[1] - (played.endings[0].told_at or 0)) / 1e6
    assert all(sent > began for sent in played.cancels(names))
    assert {played.books.operation(name).state for name in names} == {"cancelled"}


# === a Job, and somebody who has no time ===


def test_a_job_ends__its_sidecar_ends_soon_without_a_hook_and_nothing_is_left_running(story: Told) -> None:
    played = story("job")
    assert played.ending.seconds < GENEROUS_SECONDS
    assert {played.provider[name].finished_how for name in played.named("response")} == {"cancelled"}
    assert {played.told[name] for name in played.named("chat")} == {"answered"}


def test_second_signal_ends_it_at_once(story: Told) -> None:
    notes = story("told twice").notes
    assert notes["status"] == 143
    assert notes["seconds"] < GENEROUS_SECONDS


def test_signal_while_it_starts_ends_it__though_process_1_hears_none_without_a_handler(tmp_path: Path) -> None:
    with running_pod(tmp_path, Started("mode: enforce\n")) as pod:
        start_seconds = (pod.up_at - pod.started_at[0]) / 1e6
        pod.crash()
        pod.start()
        while not pod.hears(signal.SIGTERM):
            time.sleep(0.005)
        deaf_seconds = (now() - pod.started_at[1]) / 1e6
        pod.send(signal.SIGTERM)
        assert pod.ended(GENEROUS_SECONDS) in (0, 143)
    assert deaf_seconds < start_seconds / 2  # Python's own start; what is imported takes most of the time


# === no network ===


@pytest.mark.skipif(bool(is_possible()), reason=f"no network namespaces here: {is_possible()}")
def test_a_pod_without_a_network_starts_serves_and_ends(tmp_path: Path) -> None:
    alone = pod_alone.played(tmp_path)
    assert alone.routes == ""
    assert alone.start_seconds < GENEROUS_SECONDS
    assert alone.probes == {"startupProbe": 200, "livenessProbe": 200, "readinessProbe": 200}
    assert alone.call_status == 502
    assert (alone.status, alone.end_seconds < GENEROUS_SECONDS) == (0, True)
