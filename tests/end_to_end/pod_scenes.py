"""Lives of pods whose container is never killed before its time: each is played from the first probe to the last line."""

import signal
import time
import urllib.request
from collections.abc import Collection
from typing import Any

from sidecar.simulator.milestones import Milestone
from tests.end_to_end.pod import Pod
from tests.end_to_end.pod_app import OPENS, App, Errand, OnSigterm
from tests.end_to_end.pod_end import Deletion
from tests.end_to_end.pod_provider import provider_that_hears_no_cancel
from tests.end_to_end.pod_scraper import Scraper, total
from tests.end_to_end.pod_stage import ENDLESS, Stage, Story, config, errands

SERVICE_LINKS = {"SIDECAR_PORT": "tcp://10.0.0.1:80", "SIDECAR_SERVICE_HOST": "10.0.0.1", "SIDECAR_SERVICE_PORT": "80"}
"""What kubelet adds where the namespace has a Service that is called `sidecar`."""
SLOW_CANCEL = f"{ENDLESS} cancel=slow:1"
MANY = 20
HOOK_LEAVES_SECONDS = 10.0


def under_way(stage: Stage, app: App, doing: Collection[Errand]) -> None:
    """Wait until the operations are open and the provider works on the calls."""
    app.until("opened", [errand.name for errand in doing if errand.doing in OPENS])
    for errand in doing:
        stage.simulator.reached(errand.name, Milestone.RECEIVED)


def announced(pod: Pod) -> float:
    """Ask as the hook does; seconds that the answer took."""
    began = time.monotonic()
    asked = urllib.request.Request(f"{pod.control}/api/drain", method="POST", headers={"X-Sidecar-Control": "true"})
    urllib.request.urlopen(asked, timeout=5).close()
    return time.monotonic() - began


def in_order(stage: Stage, name: str) -> Story:
    """The application finishes what it does, and does some more, when it is told to end."""
    first = errands(f"{name} first", "seconds=1.5 output=50 chunks=5", unary=1, stream=1, chat=1)
    last = [*errands(f"{name} last", "seconds=0.3 output=50", unary=1, chat=1), *errands(f"{name} last", response=1)]
    notes: dict[str, Any] = {}
    with stage.pod(name, stage.asked(grace_seconds=12, more=SERVICE_LINKS)) as (pod, scraper):
        notes["serving"] = pod.probes()
        with stage.apps.app(pod.proxy, first, OnSigterm.ENDS_IN_ORDER, last) as app:
            under_way(stage, app, first)

            def between() -> None:
                notes["alive after the hook"] = pod.is_alive()
                notes["announced"] = [announced(pod) for _ in range(5)]
                notes["draining"] = pod.probes()

            ending = Deletion(pod, app, between).run()
            told = {each.name: each.what for each in app.last_words()}
        notes["ended"] = pod.probes()
        return stage.story(pod, scraper, [*first, *last], [ending], told, notes)


def killed(stage: Stage, name: str, mode: str = "enforce") -> Story:
    """The application dies in the middle of all, when the hook has returned."""
    calls = errands(name, "seconds=1 output=300 chunks=30 hold=15", unary=1, stream=1, chat=1)
    doing = [*errands(name, SLOW_CANCEL, response=MANY), *errands(name, interaction=2, video=1, batch=1), *calls]
    notes: dict[str, Any] = {}
    with stage.pod(name, stage.asked(mode, grace_seconds=20)) as (pod, scraper):
        with stage.apps.app(pod.proxy, doing, OnSigterm.IS_DEAF) as app:
            under_way(stage, app, doing)

            def between() -> None:
                app.send(signal.SIGKILL)
                notes["departures"] = _departures(scraper, len(calls))
                for call in calls:
                    stage.simulator.release(call.name)

            ending = Deletion(pod, app, between).run()
        return stage.story(pod, scraper, doing, [ending], {}, notes)


def _departures(scraper: Scraper, count: int) -> dict[str, float]:
    """By reason, when there are so many."""
    reasons = ("pod_ending", "fin", "rst", "process_exited", "lease_lapsed")
    deadline = time.monotonic() + HOOK_LEAVES_SECONDS
    while True:
        scraper.scrape()
        found = {reason: total(scraper.samples(), "departures_total", reason=reason) for reason in reasons}
        if sum(found.values()) >= count or time.monotonic() > deadline:
            return {reason: departures for reason, departures in found.items() if departures}


def observed(stage: Stage, name: str) -> Story:
    """The same in `mode: observe`."""
    return killed(stage, name, "observe")


def hanging(stage: Stage, name: str) -> Story:
    """The application hears nothing; when the grace is over, two seconds are left."""
    doing = [
        *errands(name, response=8, interaction=2),
        *errands(name, "seconds=60 output=600 chunks=60", unary=1, stream=1),
    ]
    with stage.pod(name, stage.asked(grace_seconds=3)) as (pod, scraper):
        with stage.apps.app(pod.proxy, doing, OnSigterm.IS_DEAF) as app:
            under_way(stage, app, doing)
            ending = Deletion(pod, app).run()
        return stage.story(pod, scraper, doing, [ending], {})


def silent(stage: Stage, name: str) -> Story:
    """The provider answers everything but cancels, and hears them only when the sidecar has been started again."""
    doing = errands(name, response=4, interaction=1)
    with provider_that_hears_no_cancel(stage.simulator) as provider:
        asked = stage.asked(grace_seconds=7)._replace(config=config(provider.url))
        with stage.pod(name, asked) as (pod, scraper):
            with stage.apps.app(pod.proxy, doing) as app:
                under_way(stage, app, doing)
                first = Deletion(pod, app).run()
            provider.hears_again()
            pod.start()
            pod.started_up()
            _wait_for_cancels(stage, doing)
            return stage.story(pod, scraper, doing, [first, Deletion(pod, None).run()], {})


def _wait_for_cancels(stage: Stage, doing: Collection[Errand]) -> None:
    for errand in doing:
        stage.simulator.reached(errand.name, Milestone.CANCEL_ASKED)


def job(stage: Stage, name: str) -> Story:
    """The application ends by itself, and SIGTERM follows at once: no hook, no annotation, no other end than that."""
    doing = [*errands(name, response=3), *errands(name, "seconds=0.2 output=10", chat=2)]
    with stage.pod(name, stage.asked(is_annotated=False)) as (pod, scraper):
        with stage.apps.app(pod.proxy, doing, OnSigterm.ENDS_IN_ORDER) as app:
            under_way(stage, app, doing)
            app.send(signal.SIGTERM)
            app.last_words()
            ending = Deletion(pod, app).run(pre_stop=False)
            told = {each.name: each.what for each in app.told}
        return stage.story(pod, scraper, doing, [ending], told)


def told_twice(stage: Stage, name: str) -> Story:
    """Somebody who has no time sends a second SIGTERM while a call is live."""
    doing = errands(name, "seconds=20 output=100", chat=1)
    with stage.pod(name, stage.asked()) as (pod, scraper):
        with stage.apps.app(pod.proxy, doing, OnSigterm.IS_DEAF) as app:
            under_way(stage, app, doing)
            scraper.scrape()
            began = time.monotonic()
            pod.send(signal.SIGTERM)
            while not pod.logged("draining"):
                time.sleep(0.01)
            pod.send(signal.SIGTERM)
            notes = {"status": pod.ended(), "seconds": time.monotonic() - began}
        return stage.story(pod, scraper, doing, [], {}, notes)


SCENES = {
    "in order": in_order,
    "killed": killed,
    "observed": observed,
    "hanging": hanging,
    "silent": silent,
    "job": job,
    "told twice": told_twice,
}
