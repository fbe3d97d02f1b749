"""One round of the pods' campaign, played: a pod, its application, what befalls them, and what their books say afterwards."""

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from sidecar.simulator.server import RunningSimulator
from tests.bench.pod_life_plan import Crash, Plan
from tests.end_to_end.pod import Pod, Started, running_pod
from tests.end_to_end.pod_app import App, Apps, OnSigterm
from tests.end_to_end.pod_books import Books, books_of
from tests.end_to_end.pod_end import Deletion, Ending
from tests.end_to_end.pod_stage import SECRET, config

HAS_SETTLED_SECONDS = 0.5
"""Work that was cut short at the provider is on its bill by then."""


class Played(msgspec.Struct, frozen=True):
    """What is left of a round."""

    plan: Plan
    pod: Pod
    ending: Ending
    answered: frozenset[str]
    """Calls of which the application has the whole answer."""
    books: Books
    """At the end of the pod."""
    after: Books
    """At the end of another process on the same volume, where the first has left something to do; else the same."""
    after_ending: Ending | None
    start_seconds: tuple[float, ...]


def play(plan: Plan, simulator: RunningSimulator, apps: Apps, directory: Path) -> Played:
    """Play it. The directory is the pod's own."""
    asked = Started(config(simulator.url), SECRET, plan.grace_seconds)
    with running_pod(directory, asked) as pod:
        starts = [_start_seconds(pod)]
        with apps.app(pod.proxy, plan.errands, plan.on_sigterm, plan.last) as app:
            _serve(plan, pod, starts)
            ending = _end(plan, pod, app, starts)
            app.send(signal.SIGKILL)
            told = app.last_words()
        books = after = books_of(pod, directory / "at the end")
        after_ending = None
        if has_something_to_do(books):
            _start(pod, starts)
            after_ending = Deletion(pod, None).run()
            after = books_of(pod, directory / "after that")
    time.sleep(HAS_SETTLED_SECONDS)
    answered = frozenset(each.name for each in told if each.what == "answered")
    return Played(plan, pod, ending, answered, books, after, after_ending, tuple(starts))


def has_something_to_do(books: Books) -> bool:
    """Whether there is an operation that is being cancelled, or has not been judged, or a call that is open."""
    states = {operation.state for found in books.operations.values() for operation in found}
    has_open_call = any(call.outcome is None for found in books.calls.values() for call in found)
    return has_open_call or bool(states & {"opening", "running", "cancelling"})


def _start_seconds(pod: Pod) -> float:
    return (pod.up_at - pod.started_at[-1]) / 1e6


def _start(pod: Pod, starts: list[float]) -> None:
    pod.start()
    pod.started_up()
    starts.append(_start_seconds(pod))


def _serve(plan: Plan, pod: Pod, starts: list[float]) -> None:
    if plan.crash is not Crash.SERVING:
        time.sleep(plan.serves_seconds)
        return
    time.sleep(plan.crash_seconds)
    pod.crash()
    _start(pod, starts)
    time.sleep(plan.serves_seconds)


def _end(plan: Plan, pod: Pod, app: App, starts: list[float]) -> Ending:
    def between() -> None:
        if plan.crash is Crash.DRAINING:
            time.sleep(plan.crash_seconds)
            pod.crash()
            _start(pod, starts)
        if plan.on_sigterm is OnSigterm.IS_DEAF and plan.app_lives_seconds is not None:
            time.sleep(plan.app_lives_seconds)
            app.send(signal.SIGKILL)

    deletion = Deletion(pod, app, between)
    if plan.crash is not Crash.SETTLING:
        return deletion.run()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_kill_after_sigterm, pod, deletion, plan.crash_seconds)
        return deletion.run()


def _kill_after_sigterm(pod: Pod, deletion: Deletion, seconds: float) -> None:
    while deletion.told_at is None and pod.is_alive():
        time.sleep(0.005)
    time.sleep(seconds)
    pod.send(signal.SIGKILL)
