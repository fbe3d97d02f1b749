"""Two sidecars with a life behind them, and a Prometheus and an Alertmanager that have watched it from the first second."""

import signal
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.authority.authority import Authority
from sidecar.clock import SystemClock
from sidecar.config.settings import Settings as SidecarSettings
from sidecar.local_authority import hosts_of
from sidecar.simulator.catalog import CATALOG, catalog_of
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.prices import tokens
from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.end_to_end.alertmanager import Webhook, listening_webhook, running_alertmanager
from tests.end_to_end.live_scenes import (
    CALLS,
    EARLY,
    FIRST,
    LOST,
    OBSERVED,
    OPERATIONS,
    UNKNOWN_MODEL,
    UNREACHABLE,
    Scene,
)
from tests.end_to_end.live_ways import FAR_PORT
from tests.end_to_end.prometheus import Prometheus, Target, configuration, free_port, running_prometheus
from tests.end_to_end.quick_rules import MINUTES_AS_SECONDS, at_speed
from tests.end_to_end.rig import PATIENCE_SECONDS, RunningSidecar, running_sidecar

RULES = Path(__file__).parents[2] / "dashboards" / "rules"
SCRAPE_SECONDS = 0.5
ENFORCING, OBSERVING = "checkout", "nightly"
"""What the sidecars do for a living, and so the names of their pods."""
SIMULATED = ("OPENAI", "ANTHROPIC", "BEDROCK")
"""Upstreams that lead to the simulator, besides those that always do."""
OFFERED = CATALOG | catalog_of({str(UNKNOWN_MODEL.body["model"]): tokens(input="0.15", output="0.60", cached="0.075")})

SHORT_WAITS = {
    "OPERATIONS__LEASE_SECONDS": "2",
    "OPERATIONS__GRACE_SECONDS": "0.5",
    "OPERATIONS__CONFIRM_SECONDS": "0.5",
    "OPERATIONS__CLAIM_SECONDS": "1.5",
    "OPERATIONS__GIVE_UP_SECONDS": "4",
    "RESCUE__WINDOW_SECONDS": "1.5",
    "CALLS__FOLLOW__MAX_SECONDS": "3",
    "CALLS__WRITE_STALL_SECONDS": "1",
    "LIMITS__REQUEST_PROGRESS_SECONDS": "1",
}
"""What is a minute or more elsewhere."""
NARROW = {
    "LABELS__MAX_MODELS": "5",
    "LIMITS__BODY_BYTES": "100000",
    "RESCUE__MAX_ANSWER_BYTES": "1500000",
    "RESCUE__ON_REPEAT": "refuse",
    "UPSTREAMS__COHERE__URL": "http://127.0.0.1:1",
    "PROXY__CONNECT__INTERCEPT": "true",
    "PROXY__CONNECT__PORTS": f"[{FAR_PORT}]",
}
"""Bounds that the scenes reach, a provider that nobody reaches, and tunnels."""


def _shown_by(directory: Path) -> Mapping[str, str]:
    """Settings by which a sidecar speaks TLS and reads tunnels to upstreams, with an authority of its own."""
    authority, settings = directory / "ca", SidecarSettings()
    Authority.create(authority, hosts_of(settings), SystemClock(), variables={})
    return {"PROXY__CA_DIRECTORY": str(authority), "PROXY__TLS__LOCAL": "true"}


class Live(NamedTuple):
    """The end of it: everything has settled, and the last figures are scraped."""

    enforcing: RunningSidecar
    observing: RunningSidecar
    prometheus: Prometheus
    webhook: Webhook
    began_at: float
    ended_at: float
    """Seconds since the epoch."""

    def outcomes(self, name: str) -> tuple[str, ...]:
        """What became of a caller's calls and operations, sorted."""
        return tuple(sorted(outcomes_of(self.enforcing, name) + outcomes_of(self.observing, name)))


@contextmanager
def lived(directory: Path) -> Iterator[Live]:
    """Play all scenes, and hold still."""
    with ExitStack() as stack:
        simulator = stack.enter_context(running_simulator(Settings(catalog=OFFERED)))
        webhook = stack.enter_context(listening_webhook())
        alertmanager = stack.enter_context(running_alertmanager(directory, webhook))
        places = {name: f"127.0.0.1:{free_port()}" for name in (ENFORCING, OBSERVING)}
        prometheus, enforcing, doomed = _together(
            stack,
            running_prometheus(directory, _watching(directory, places, alertmanager)),
            _sidecar(
                directory,
                ENFORCING,
                places[ENFORCING],
                simulator,
                {"MODE": "enforce", **NARROW, **_shown_by(directory)},
            ),
            _sidecar(directory, OBSERVING, places[OBSERVING], simulator, {}),
        )
        began_at = time.time()
        prometheus.wait_for("sum(up)", len(places))
        with ThreadPoolExecutor(1) as pool:
            enforced = pool.submit(_enforcing_life, enforcing, simulator, prometheus)
            _doomed_life(doomed, simulator)
            observing = stack.enter_context(_sidecar(directory, OBSERVING, places[OBSERVING], simulator, {}))
            _play(observing, simulator, OBSERVED)
            enforced.result()
        rested_at = time.time()
        prometheus.wait_for("min(timestamp(up))", rested_at)
        yield Live(enforcing, observing, prometheus, webhook, began_at, time.time())


def _together(stack: ExitStack, *managers: AbstractContextManager[Any]) -> list[Any]:
    """Enter them at the same time: each takes seconds to start."""
    with ThreadPoolExecutor(len(managers)) as pool:
        return list(pool.map(stack.enter_context, managers))


def _sidecar(
    directory: Path, name: str, observe: str, simulator: RunningSimulator, settings: Mapping[str, str]
) -> AbstractContextManager[RunningSidecar]:
    """A sidecar whose ledger and whose page are at the same place in every process of it."""
    place = directory / name
    place.mkdir(exist_ok=True)
    urls = {f"UPSTREAMS__{upstream}__URL": simulator.url for upstream in SIMULATED}
    return running_sidecar(place, simulator, {"OBSERVE__LISTEN": observe, **SHORT_WAITS, **urls, **settings})


def _watching(directory: Path, places: Mapping[str, str], alertmanager: str) -> str:
    """Prometheus' settings: labels as a cluster gives them, and our rules at a test's speed."""
    quick = []
    for file in sorted(RULES.glob("*.yaml")):
        quick.append(directory / file.name)
        quick[-1].write_text(at_speed(file.read_text(), MINUTES_AS_SECONDS))
    targets = [
        Target(f"http://{place}", {"instance": name, "namespace": "shop", "pod": f"{name}-0"})
        for name, place in places.items()
    ]
    return configuration(targets, SCRAPE_SECONDS, quick, alertmanager)


def _enforcing_life(sidecar: RunningSidecar, simulator: RunningSimulator, prometheus: Prometheus) -> None:
    _play(sidecar, simulator, UNREACHABLE)
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(_play, sidecar, simulator, FIRST)
        for name in FIRST:
            simulator.reached(name, Milestone.HELD)
        scraped = f'sum(inference_sidecar_calls_in_flight{{instance="{ENFORCING}"}})'
        prometheus.wait_for(scraped, len(FIRST))
        for name in FIRST:
            simulator.release(name)
        playing.result()
    _play(sidecar, simulator, EARLY)
    _play(sidecar, simulator, CALLS | OPERATIONS)


def _doomed_life(sidecar: RunningSidecar, simulator: RunningSimulator) -> None:
    """It is killed while a call is under way."""
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(_play, sidecar, simulator, LOST)
        for name in LOST:
            simulator.reached(name, Milestone.RECEIVED)
        sidecar.end(signal.SIGKILL)
        playing.result()


def _play(sidecar: RunningSidecar, simulator: RunningSimulator, scenes: Mapping[str, Scene]) -> None:
    """Live all of these lives at once, and wait until what comes of them has settled."""
    with ThreadPoolExecutor(len(scenes)) as pool:
        lives = [pool.submit(scene.life, scene.caller(sidecar, simulator, name)) for name, scene in scenes.items()]
        for life in lives:
            life.result()
    awaited = {name: len(scene.ends) for name, scene in scenes.items()}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while open_still := [name for name, count in awaited.items() if len(outcomes_of(sidecar, name)) < count]:
        assert time.monotonic() < deadline, f"never settled: {open_still}; the log is {sidecar.log[-5:]}"
        time.sleep(0.05)


def outcomes_of(sidecar: RunningSidecar, name: str) -> list[str]:
    """What became of a caller's calls and operations, as far as they have settled."""
    settled = ("call_settled", "operation_settled")
    return [line["outcome"] for line in list(sidecar.log) if line["event"] in settled and line.get("caller") == name]
