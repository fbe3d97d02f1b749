"""Lives of pods whose container is killed and started again on the same volume, as kubelet does until it has sent SIGTERM."""

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tests.end_to_end.pod import Pod
from tests.end_to_end.pod_app import OnSigterm
from tests.end_to_end.pod_books import Books, books_of
from tests.end_to_end.pod_end import Deletion
from tests.end_to_end.pod_scenes import under_way
from tests.end_to_end.pod_scraper import Samples, Scraper
from tests.end_to_end.pod_stage import ENDLESS, Stage, Story, errands

COMMITTED_SECONDS = 0.1
"""A call's first row is in the next group commit, within 20 ms of its head; the machine may be busy."""
SLOW_CANCEL = f"{ENDLESS} cancel=slow:1.5"
"""So that there is a time between cancel and end in which to be killed."""


def crashed(pod: Pod) -> Books:
    """Kill the container; its ledger as it was left."""
    time.sleep(COMMITTED_SECONDS)
    pod.crash()
    return books_of(pod, pod.volume.with_name(f"copy {len(pod.killed_at)}"))


def revived(pod: Pod, scraper: Scraper) -> Samples:
    """Start the container anew; its first page."""
    pod.start()
    pod.started_up()
    scraper.scrape()
    return scraper.samples()


def in_service(stage: Stage, name: str, is_ending: bool = False) -> Story:
    """Killed once, with calls and operations open; when it is there again the application makes calls on."""
    first = [*errands(name, response=4), *errands(name, "seconds=20 output=100", chat=3)]
    last = errands(f"{name} last", "seconds=0.1 output=10", chat=3)
    notes: dict[str, Any] = {}
    with stage.pod(name, stage.asked(grace_seconds=12)) as (pod, scraper):
        with stage.apps.app(pod.proxy, first, OnSigterm.ENDS_IN_ORDER, [] if is_ending else last) as app:
            under_way(stage, app, first)

            def crash() -> None:
                notes["crashed"], notes["revived"] = crashed(pod), revived(pod, scraper)

            if not is_ending:
                crash()
            ending = Deletion(pod, app, crash if is_ending else None).run()
            told = {each.name: each.what for each in app.last_words()}
        return stage.story(pod, scraper, first if is_ending else [*first, *last], [ending], told, notes)


def while_settling(stage: Stage, name: str) -> Story:
    """Killed after SIGTERM, between cancels and their ends; whoever comes to the volume next goes on."""
    doing = errands(name, SLOW_CANCEL, response=4)
    notes: dict[str, Any] = {}
    with stage.pod(name, stage.asked(grace_seconds=12)) as (pod, scraper):
        with stage.apps.app(pod.proxy, doing) as app:
            under_way(stage, app, doing)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(_kill_when_cancels_are_sent, pod, len(doing))
                first = Deletion(pod, app).run()
        notes["crashed"] = books_of(pod, pod.volume.with_name("copy 1"))
        notes["revived"] = revived(pod, scraper)
        return stage.story(pod, scraper, doing, [first, Deletion(pod, None).run()], {}, notes)


def _kill_when_cancels_are_sent(pod: Pod, count: int) -> None:
    while len(pod.logged("operation_cancel_sent")) < count and pod.is_alive():
        time.sleep(0.02)
    pod.send(signal.SIGKILL)


CRASHES: dict[str, Callable[[Stage, str], Story]] = {
    "killed in service": in_service,
    "killed while draining": partial(in_service, is_ending=True),
    "killed while settling": while_settling,
}
