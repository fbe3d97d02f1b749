"""What became of a fleet in one scenario, and what it asked of others: the line of a table, and findings in sentences."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sidecar.lifecycle.operation import OPEN
from tests.scale.fleet import STARTING_SECONDS, Fleet

STATEMENTS: Final = ("presence", "dead", "read", "write", "renew")
"""What PostgreSQL is asked: being alive, who is dead and what they left, a row, a change, a lease. `connect` and `refused` are
counted apart."""


class Report(NamedTuple):
    """Figures of one scenario. Seconds, and per second."""

    pods: int
    operations: int
    """Opened in all."""
    left: int
    """Unsettled operations whose sidecar died, or ended before they did."""
    twice: int
    """Taken from somebody who lived, or again from the same dead."""
    lost: int
    """Held by nobody who lives."""
    false_cancels: int
    still_running: int
    """Their callers are long gone, and the provider still computes."""
    takeover: tuple[float, float, float]
    """From the death, or the goodbye, to the take-over: the median, the 99th percentile, the longest."""
    statements: Mapping[str, float]
    """On average, by what they are for (`STATEMENTS`)."""
    most_statements: int
    """In the busiest second."""
    entries_read: int
    """Of the index of unsettled operations, in looks for the dead; in the busiest second."""
    connects: int
    """In the busiest second, those included that were refused."""
    looks: int
    """At providers, in the busiest second."""
    cancels: tuple[int, int]
    """In the busiest second, and of all so many were answered 429."""
    suspicions: int
    """Breakers that tripped."""
    most_taken: int
    """By one sidecar."""

    def findings(self) -> list[str]:
        """What must not be, each a sentence."""
        bad = {
            f"{self.twice} operations were taken over twice, or from the living": self.twice,
            f"{self.lost} operations have no holder who lives": self.lost,
            f"{self.false_cancels} operations were cancelled whose caller was there": self.false_cancels,
            f"{self.still_running} operations still run although their callers are long gone": self.still_running,
        }
        return [sentence for sentence, count in bad.items() if count]


def report_of(fleet: Fleet, event_at: float = STARTING_SECONDS) -> Report:
    """The figures from `event_at` on."""
    asked, now = fleet.database.asked, fleet.loop.time()
    statements = _by_second([asked[what] for what in STATEMENTS], event_at, now)
    connects = _by_second([asked["connect"], asked["refused"]], event_at, now)
    looks = _by_second([fleet.provider.looks_asked], event_at, now)
    cancels = _by_second([fleet.provider.cancels_asked], event_at, now)
    taken, ended = fleet.database.taken, ended_at(fleet)
    waited = sorted(each.at - ended[each.former] for each in taken if each.former in ended)
    return Report(
        pods=len(fleet.living),
        operations=len(fleet.callers),
        left=len(taken),
        twice=_twice(fleet),
        lost=_lost(fleet),
        false_cancels=len(fleet.cancelled_falsely),
        still_running=_still_running(fleet),
        takeover=(_part(waited, 0.5), _part(waited, 0.99), _part(waited, 1.0)),
        statements={what: sum(_by_second([asked[what]], event_at, now)) / (now - event_at) for what in STATEMENTS},
        most_statements=max(statements),
        entries_read=max(_by_second([fleet.database.entries_read], event_at, now)),
        connects=max(connects),
        looks=max(looks),
        cancels=(max(cancels), fleet.provider.refusals),
        suspicions=sum(pod.silence.suspicions for pod in fleet.pods),
        most_taken=max(Counter(each.heir for each in taken).values(), default=0),
    )


def ended_at(fleet: Fleet) -> Mapping[str, float]:
    """When each that is not alive any more died, or said goodbye."""
    return {pod.name: pod.gone_at for pod in fleet.pods if pod.gone_at is not None}


def _by_second(counts: Iterable[Counter[int]], first: float, last: float) -> list[int]:
    counted = list(counts)
    return [sum(count[second] for count in counted) for second in range(int(first), int(last))]


def _part(ordered: list[float], part: float) -> float:
    return ordered[min(int(part * len(ordered)), len(ordered) - 1)] if ordered else 0.0


def _twice(fleet: Fleet) -> int:
    ended = ended_at(fleet)
    from_the_living = sum(each.at < ended.get(each.former, float("inf")) for each in fleet.database.taken)
    from_one_dead = Counter((each.operation, each.former) for each in fleet.database.taken)
    return from_the_living + sum(count - 1 for count in from_one_dead.values())


def _lost(fleet: Fleet) -> int:
    living = {pod.name for pod in fleet.living}
    return sum(row.settled_at is None and row.holder not in living for row in fleet.database.records.values())


def _still_running(fleet: Fleet) -> int:
    now, records = fleet.loop.time(), fleet.database.records
    gone = [each for each in fleet.callers.values() if each.gone_at is not None]
    long_ago = [each for each in gone if now - (each.gone_at or now) > fleet.long_ago_seconds and each.id in records]
    return sum(
        records[each.id].state in OPEN and fleet.provider.state_of(each.job.id) == "running" for each in long_ago
    )
