"""Three sidecars share one PostgreSQL ledger; one is killed, then another. The last one does what all three had to do."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from sidecar.simulator.journal import Seen
from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.postgres import PostgresServer

pytestmark = pytest.mark.part("postgresql")

OPERATIONS = 200
LEASE_SECONDS = 8
"""Longer than it takes to open all of them, so that the ones who die have not begun to cancel."""
KEY, VARIABLE = "a-key-of-the-caller", "KEY_OF_THE_TESTS"
"""The key of a dead sidecar's callers has died with it: the survivor has the configured one."""
ANSWERED_AT_ONCE = 8
BODY = json.dumps({"model": "gpt-5-mini", "input": "hi", "background": True})


class Opened(NamedTuple):
    """An operation as its caller knows it."""

    tag: str
    id: str


class Aftermath(NamedTuple):
    """What the provider and the last sidecar know when all is over."""

    orphans: list[Seen]
    living: list[Seen]
    settled: Counter[str]
    takeover_seconds: float


def asked(sidecar: RunningSidecar, method: str, target: str, tag: str) -> dict[str, str]:
    """One request of a caller."""
    body = BODY if method == "POST" else None
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json", "X-Sidecar-Caller": tag}
    headers |= {"X-Simulator-Call": tag, "X-Simulator": "never_ending=1 seconds=600"}
    with closing(http.client.HTTPConnection(urlsplit(sidecar.proxy).netloc, timeout=30)) as connection:
        connection.request(method, target, body, headers)
        return dict(json.loads(connection.getresponse().read()))


def open_operations(sidecars: list[RunningSidecar], kind: str, count: int, living: list[Opened]) -> None:
    """Open operations through all of the sidecars in turn; each stands in `living` as soon as it is there."""

    def one(number: int) -> None:
        tag = f"{kind}-{number}"
        living.append(Opened(tag, asked(sidecars[number % len(sidecars)], "POST", "/openai/v1/responses", tag)["id"]))

    with ThreadPoolExecutor(ANSWERED_AT_ONCE) as pool:
        list(pool.map(one, range(count)))


class Pollers:
    """Callers that are there, and ask for what they opened through a sidecar that lives."""

    def __init__(self, sidecar: RunningSidecar, living: list[Opened]) -> None:
        self._sidecar, self._living = sidecar, living
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._poll, args=(part,)) for part in range(ANSWERED_AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _poll(self, part: int) -> None:
        while not self._is_over.wait(0.5):
            for tag, id in tuple(self._living)[part::ANSWERED_AT_ONCE]:
                asked(self._sidecar, "GET", f"/openai/v1/responses/{id}", tag)


@pytest.fixture(scope="module")
def aftermath(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    with ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, KEY)
        simulator = stack.enter_context(running_simulator(Settings(keys=frozenset({KEY}))))
        url = stack.enter_context(postgres.new_place())
        sidecars = [
            stack.enter_context(running_sidecar(tmp_path_factory.mktemp(name), simulator, settings(simulator, url)))
            for name in ("first", "second", "third")
        ]
        yield what_came_of_it(stack, simulator, sidecars)


def settings(simulator: RunningSimulator, url: str) -> dict[str, str]:
    return {
        "UPSTREAMS__OPENAI__URL": simulator.url,
        "UPSTREAMS__OPENAI__CREDENTIAL__ENV": VARIABLE,
        "MODE": "enforce",
        "LEDGER__URL": url,
        "OPERATIONS__LEASE_SECONDS": str(LEASE_SECONDS),
        "OPERATIONS__GRACE_SECONDS": "0.5",
        "OPERATIONS__CONFIRM_SECONDS": "0.5",
    }


def what_came_of_it(stack: ExitStack, simulator: RunningSimulator, sidecars: list[RunningSidecar]) -> Aftermath:
    first, second, third = sidecars
    living: list[Opened] = []
    pollers = Pollers(third, living)
    stack.callback(pollers.stop)
    open_operations(sidecars, "living", OPERATIONS // 2, living)
    open_operations(sidecars, "orphan", OPERATIONS // 2, [])
    first.process.kill()
    killed_at = time.monotonic()
    time.sleep(0.5)
    second.process.kill()
    deadline = killed_at + 60
    while uncancelled(simulator) and time.monotonic() < deadline:
        time.sleep(0.1)
    took = time.monotonic() - killed_at
    time.sleep(LEASE_SECONDS + 2)  # whoever would touch the living has had the time, and the rest has settled
    pollers.stop()
    seen = simulator.operations
    settled = Counter(line["outcome"] for line in third.log if line["event"] == "operation_settled")
    print(f"all orphans of two dead sidecars and a living one were cancelled {took:.1f} s after the first death")
    return Aftermath(of(seen, "orphan"), of(seen, "living"), settled, took)


def uncancelled(simulator: RunningSimulator) -> list[Seen]:
    return [seen for seen in of(simulator.operations, "orphan") if seen.finished_how != "cancelled"]


def of(seen: tuple[Seen, ...], kind: str) -> list[Seen]:
    return [each for each in seen if each.tag.startswith(kind)]


def test_every_orphan_is_cancelled_once(aftermath: Aftermath) -> None:
    assert len(aftermath.orphans) == OPERATIONS // 2
    assert Counter(len(seen.cancels) for seen in aftermath.orphans) == {1: OPERATIONS // 2}


def test_no_operation_of_a_living_caller_is_touched(aftermath: Aftermath) -> None:
    assert len(aftermath.living) == OPERATIONS // 2
    assert [seen.tag for seen in aftermath.living if seen.cancels] == []


def test_every_orphan_settles_as_cancelled_in_the_one_that_is_left(aftermath: Aftermath) -> None:
    assert aftermath.settled == {"cancelled": OPERATIONS // 2}


def test_taking_over_takes_no_longer_than_the_leases_say(aftermath: Aftermath) -> None:
    """One term until the dead are known to be dead, one lease for every caller to be heard of, a grace; and the work itself.

    What that takes hangs on the machine: there is room for one that is busy with something else.
    """
    assert aftermath.takeover_seconds < 3 * LEASE_SECONDS + 30
