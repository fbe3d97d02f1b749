"""The arithmetic of the benchmark, and the figures that were promised. Pure; `test_figures.py` checks it."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

Measured = dict[str, float]
"""What one round found, by name; the unit is the name's end."""
Rounds = Mapping[str, Sequence[Measured]]
"""Contender -> a measurement a round, in the order of the rounds."""
Results = Mapping[str, Rounds]
"""Scenario -> its rounds."""

SMALL_RATIO = 0.1
SIDECAR, ENFORCING, DIRECT = "sidecar", "enforcing", "direct"
INTERCEPTING = "intercepting"
OURS = (SIDECAR, ENFORCING, INTERCEPTING)
"""The sidecar as it is without a setting, in `mode: enforce`, and as an explicit proxy."""


class Goal(NamedTuple):
    """A figure and what it may be at most."""

    figure: str
    scenario: str
    key: str
    """Of what is measured."""
    most: float
    unit: str = ""
    against: str = ""
    """A peer's name makes the figure a ratio to it."""
    is_added: bool = False
    """The ratio is of what is added to a direct call, not of the whole."""
    is_below: bool = False
    """Reaching `most` is missing it."""
    beyond: str = ""
    """A contender's name makes the figure one of the enforcing sidecar: how much more than that one's it is."""

    @property
    def target(self) -> str:
        """As people read it."""
        sign = "<" if self.is_below else "<="
        return f"{sign} {self.shown(self.most)}"

    def shown(self, value: float) -> str:
        """A value of this figure, as people read it; a small ratio as one over a number."""
        if not self.against:
            return f"{_shown(value)} {self.unit}"
        return f"{f'1/{1 / value:,.0f}' if 0 < value < SMALL_RATIO else _shown(value)} x {self.against}"

    def measured(self, results: Results) -> float | None:
        """The figure; None when it can't be told, because something it needs was not measured or nothing was added."""
        rounds = results.get(self.scenario, {})
        if self.beyond:
            return difference(_values(rounds, ENFORCING, self.key), _values(rounds, self.beyond, self.key))
        if not self.against:
            return median(rounds, SIDECAR, self.key)
        if self.is_added:
            return ratio(_added(rounds, SIDECAR, self.key), _added(rounds, self.against, self.key))
        return ratio(_values(rounds, SIDECAR, self.key), _values(rounds, self.against, self.key))

    def is_met(self, value: float) -> bool:
        """Whether this much is little enough."""
        return value < self.most if self.is_below else value <= self.most


def median(rounds: Rounds, contender: str, key: str) -> float | None:
    """The middle of what a contender's rounds found; None when they found nothing of that name."""
    values = _values(rounds, contender, key)
    return statistics.median(values) if values else None


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The median of the rounds' ratios.

    Each round is compared with itself: what disturbs the machine for a while disturbs both. Rounds in which theirs is
    nothing are passed over.
    """
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=False) if other > 0]
    return statistics.median(ratios) if ratios else None


def difference(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The median of the rounds' differences, each round again compared with itself."""
    differences = [mine - other for mine, other in zip(ours, theirs, strict=False)]
    return statistics.median(differences) if differences else None


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent do not exceed; 0.0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def _values(rounds: Rounds, contender: str, key: str) -> list[float]:
    return [measured[key] for measured in rounds.get(contender, ()) if key in measured]


def _added(rounds: Rounds, contender: str, key: str) -> list[float]:
    whole, bare = _values(rounds, contender, key), _values(rounds, DIRECT, key)
    return [value - own for value, own in zip(whole, bare, strict=False)]


ONE, MANY, SSE = "unary, 1 at a time", "unary, 64 at once", "200 streams, 20 ms a chunk"
DELAYED, TLS = "unary, 64 at once, 200 ms upstream", "unary, 64 at once, TLS upstream"
UPLOAD, STARTUP, DEPARTURES = "upload of 20 MB", "start and idle", "departures, 1,000 calls open"
SECURE_KEPT, SECURE_NEW = "TLS callers, connections kept", "TLS callers, a handshake for each call"
BOTH_KEPT, BOTH_NEW = (
    "TLS callers and provider, connections kept",
    "TLS callers and provider, a handshake for each call",
)
SECURE = (SECURE_KEPT, SECURE_NEW, BOTH_KEPT, BOTH_NEW)
FEW_OPEN, MANY_OPEN = "2,000 open streams", "10,000 open streams"

GOALS = (
    Goal("CPU per unary call, 64 at once", MANY, "cpu_us", 1.0, against="envoy"),
    Goal("CPU per unary call, 64 at once", MANY, "cpu_us", 2.0, against="nginx"),
    Goal("CPU per unary call, 64 at once", MANY, "cpu_us", 1 / 100, against="litellm"),
    Goal("CPU per unary call, 64 at once", MANY, "cpu_us", 1 / 20, against="portkey"),
    Goal("CPU per unary call, more in enforce", MANY, "cpu_us", 2.0, "us", beyond=SIDECAR),
    Goal("added latency p50, 1 at a time", ONE, "p50_us", 1.3, against="nginx", is_added=True),
    Goal("added latency p99, 1 at a time", ONE, "p99_us", 2.0, against="nginx", is_added=True),
    Goal("CPU per SSE chunk", SSE, "cpu_us", 1.0, against="envoy"),
    Goal("CPU per SSE chunk", SSE, "cpu_us", 1.3, against="nginx"),
    Goal("memory per open stream at 10,000", MANY_OPEN, "kib_per_stream", 12, "KiB"),
    Goal("20 MB upload, CPU", UPLOAD, "cpu_ms", 1.0, against="nginx"),
    Goal("20 MB upload, resident growth", UPLOAD, "growth_mib", 2, "MiB", is_below=True),
    Goal("idle memory, everything imported", STARTUP, "idle_mib", 90, "MiB"),
    Goal("start to ready", STARTUP, "seconds", 1.0, "s"),
    Goal("FIN arrived -> departure recorded, p99", DEPARTURES, "fin_p99_ms", 5, "ms"),
    Goal("RST arrived -> departure recorded, p99", DEPARTURES, "rst_p99_ms", 5, "ms"),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table that is also readable as it stands."""
    lines = [list(head), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def scenario_table(rounds: Rounds) -> str:
    """The medians of one scenario, a contender a line; a dash where a contender has no such figure."""
    keys = list(dict.fromkeys(key for measured in rounds.values() for one in measured for key in one))
    medians = {name: [median(rounds, name, key) for key in keys] for name in rounds}
    return table(["", *keys], [[name, *map(_shown, values)] for name, values in medians.items()])


def summary_table(results: Results, goals: Iterable[Goal] = GOALS) -> str:
    """Figure, target, what was measured, and whether that is little enough; of the scenarios that were run."""
    rows = []
    for goal in goals:
        if goal.scenario not in results:
            continue
        value = goal.measured(results)
        met = "not measured" if value is None else "yes" if goal.is_met(value) else "NO"
        rows.append([goal.figure, goal.target, "-" if value is None else goal.shown(value), met])
    return table(["figure", "target", "measured", "met?"], rows)


def beside_table(results: Results, scenarios: Iterable[str], key: str, against: str) -> str:
    """How much more of something everybody takes than one of them does: by scenario, the medians of the rounds' ratios."""
    names = list(dict.fromkeys(name for scenario in scenarios for name in results.get(scenario, {}) if name != against))
    rows = []
    for scenario in scenarios:
        rounds = results.get(scenario, {})
        ratios = [ratio(_values(rounds, name, key), _values(rounds, against, key)) for name in names]
        if rounds:
            rows.append([scenario, *("-" if each is None else f"{_shown(each)} x" for each in ratios)])
    return table([f"{key}, beside {against}", *names], rows)


def _shown(value: float | None) -> str:
    """Three digits that matter, more where the whole part has more."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
