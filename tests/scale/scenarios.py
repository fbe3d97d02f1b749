"""What happens to a simulated fleet, one thing in each scenario."""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from sidecar.clock import SECOND
from sidecar.lifecycle.neighbors import Gap
from tests.scale.fleet import STARTING_SECONDS, ZONES, Fleet
from tests.scale.fleet_pod import Pod
from tests.scale.fleet_report import Report, report_of

WARM_SECONDS: Final = STARTING_SECONDS + 30.0
"""By then all are up, and may judge: a term has passed since the last one came."""
AFTERWARDS_SECONDS: Final = 330.0
"""By then what came of it is over."""
AWAY_SECONDS: Final = 300.0
ROLLING_SECONDS: Final = 600.0
CANCELS_OF_TEN_THOUSAND: Final = 50
"""A second: what a strict provider takes in the scenario of 429, from 10,000 pods; in proportion from fewer."""
GATEWAYS: Final = 0.001
"""Part of the pods that are gateways in the scenario of silence: their sidecars hold hundreds of operations each."""
OPERATIONS_OF_A_GATEWAY: Final = 200
GATEWAY_POLL_SECONDS: Final = 2.0
"""Between two polls of their callers. The breaker on mass suspicion counts what lapses within ten seconds
(`lifecycle/silence.py`): of callers that poll every 20 s it sees the silence too late for the first of them."""


class Scenario(NamedTuple):
    """One thing that happens, and for how long is looked on."""

    name: str
    play: Callable[[Fleet], None]


def steady(fleet: Fleet) -> None:
    """Nothing happens."""
    fleet.run(300)


def node_lost(fleet: Fleet) -> None:
    """All pods of a node die in one moment."""
    fleet.kill([pod for pod in fleet.pods if pod.node == 0])
    fleet.run(AFTERWARDS_SECONDS)


def zone_lost(fleet: Fleet) -> None:
    """A third of all pods die in one moment."""
    fleet.kill(_zone(fleet))
    fleet.run(AFTERWARDS_SECONDS)


def rolling_update(fleet: Fleet) -> None:
    """Every pod is replaced, in ten minutes."""
    pods = list(fleet.pods)
    for number, pod in enumerate(pods):
        fleet.later(ROLLING_SECONDS * number / len(pods), partial(fleet.replace, pod))
    fleet.run(ROLLING_SECONDS + AFTERWARDS_SECONDS)


def database_away(fleet: Fleet) -> None:
    """PostgreSQL refuses every connection for five minutes, and is back."""
    fleet.database.is_away = True
    fleet.run(AWAY_SECONDS)
    fleet.database.is_away = False
    fleet.run(300)


def cancels_refused(fleet: Fleet) -> None:
    """A zone is lost, and the provider answers most of the cancels 429."""
    fleet.provider.cancels_a_second = max(1, CANCELS_OF_TEN_THOUSAND * len(fleet.pods) // 10_000)
    fleet.long_ago_seconds += 600
    fleet.kill(_zone(fleet))
    fleet.run(900)


def clock_leaps(fleet: Fleet) -> None:
    """PostgreSQL fails over to a server whose clock is an hour ahead, and back. Every pod's own clock is wrong all the time."""
    fleet.long_ago_seconds += (
        3_600  # rows that were renewed in that hour are taken for renewed then: late, and never false
    )
    fleet.database.leapt = 3_600 * SECOND
    fleet.run(150)
    fleet.database.leapt = 0
    fleet.run(AFTERWARDS_SECONDS)


def all_silent(fleet: Fleet) -> None:
    """No caller of the whole fleet is heard of for a lease and five seconds: the network between callers and sidecars stood."""
    _silence(fleet, 65.0)
    # Who leaves later had been silent for so long, and has a lease of five times that (`lifecycle/lease.py`).
    fleet.long_ago_seconds = AFTERWARDS_SECONDS
    fleet.run(AFTERWARDS_SECONDS)


def gateways_silent(fleet: Fleet) -> None:
    """Gateways, with hundreds of operations each, hear nobody for a lease and a half. All callers are there."""
    gateways = fleet.pods[: max(2, int(GATEWAYS * len(fleet.pods)))]
    for gateway in gateways:
        fleet.serve(gateway, OPERATIONS_OF_A_GATEWAY, GATEWAY_POLL_SECONDS)
    fleet.run(60)
    fleet.patience_seconds = 2 * fleet.patience_seconds
    gateways_hold = {pod.name for pod in gateways}
    _silence(fleet, 95.0, gateways_hold)
    fleet.run(AFTERWARDS_SECONDS)


def _silence(fleet: Fleet, seconds: float, holders: set[str] | None = None) -> None:
    for row in fleet.database.records.values():
        if holders is None or (row.holder in holders and fleet.callers[row.id].poll_seconds == GATEWAY_POLL_SECONDS):
            fleet.callers[row.id].silent_until = fleet.loop.time() + seconds


def _zone(fleet: Fleet) -> list[Pod]:
    return [pod for pod in fleet.pods if pod.node % ZONES == 0]


SCENARIOS: Final = (
    Scenario("nothing happens", steady),
    Scenario("a node is lost (30 pods)", node_lost),
    Scenario("a zone is lost (a third)", zone_lost),
    Scenario("rolling update in 10 minutes", rolling_update),
    Scenario("PostgreSQL away for 5 minutes", database_away),
    Scenario("a zone is lost, cancels are answered 429", cancels_refused),
    Scenario("PostgreSQL's clock leaps an hour, and back", clock_leaps),
    Scenario("all callers silent for 65 s", all_silent),
    Scenario("gateways hear nobody for 95 s", gateways_silent),
)


def everybody_looks_at_everything(fleet: Fleet) -> None:
    """As it was before each looked after his neighbors alone (`lifecycle/neighbors.py`)."""
    fleet.database.gap = lambda me, dead_before, reach: Gap(me, me)  # type: ignore[method-assign]


def play(scenario: Scenario, pods: int, seed: int = 1, prepare: Callable[[Fleet], None] = lambda _: None) -> Report:
    """One scenario with a fleet of its own, which is up when it begins. `prepare` may change the fleet before that."""
    fleet = Fleet(pods, seed=seed)
    try:
        prepare(fleet)
        fleet.run(WARM_SECONDS)
        scenario.play(fleet)
        report = report_of(fleet, WARM_SECONDS)
    finally:
        fleet.close()
    if fleet.loop.faults:
        raise AssertionError(f"nobody caught {fleet.loop.faults[:3]}")
    return report
