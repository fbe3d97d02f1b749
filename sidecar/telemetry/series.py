"""The numbers behind the families: cells that count.

The metrics library's own counters take a lock, check and dispatch at every step: 0.3 to 0.5 us, and a call takes some
fifteen steps. A cell is a plain attribute (0.04 us), written from the event loop alone. Its other gain is the page:
all cells are copied in one go on that same loop (`frozen`), so every scrape adds up to the unit, and only the copy is
rendered in a thread. What goes out is still made by the library (`page.py`).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec
from prometheus_client.samples import Exemplar

from sidecar.telemetry.exemplar import exemplar_of
from sidecar.telemetry.family import Family

INFINITY = float("inf")


class FrozenDistribution(msgspec.Struct, frozen=True):
    """What a histogram held at one instant: a count for each bucket and one for the infinite one, and the sum."""

    counts: tuple[int, ...]
    total: float
    exemplars: dict[int, Exemplar]


class FrozenFamily(msgspec.Struct, frozen=True):
    """A family and its children at one instant, by their label values."""

    family: Family
    children: list[tuple[tuple[str, ...], float | FrozenDistribution]]


class Number:
    """One counter or gauge. Add to `value` directly; a counter is only ever given amounts that are finite and >= 0."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def frozen(self) -> float:
        """The value now."""
        return self.value


class Distribution:
    """One histogram: how many amounts fell into each bucket, and their sum."""

    __slots__ = ("_bounds", "_counts", "_exemplars", "_total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0
        self._exemplars: dict[int, Exemplar] = {}

    def observe(self, amount: float) -> int:
        """Count one amount, and say in which bucket.

        What is not finite and >= 0 counts as 0: a NaN would spoil the sum for good.
        """
        if not 0 <= amount < INFINITY:
            amount = 0.0
        bucket = bisect_left(self._bounds, amount)
        self._counts[bucket] += 1
        self._total += amount
        return bucket

    def observe_with(self, amount: float, labels: dict[str, str], at_seconds: float) -> None:
        """Count one amount and keep it as the newest example of its bucket, under `labels`, unless that can't be scraped."""
        if not 0 <= amount < INFINITY:
            amount = 0.0  # the example must lie in the bucket that it stands at
        bucket = self.observe(amount)
        if (exemplar := exemplar_of(labels, amount, at_seconds)) is not None:
            self._exemplars[bucket] = exemplar

    def frozen(self) -> FrozenDistribution:
        """A copy of what is held now."""
        return FrozenDistribution(tuple(self._counts), self._total, self._exemplars.copy())


Cell = TypeVar("Cell", Number, Distribution)


class Series(Generic[Cell]):
    """The children of one family. `of` is for births: whoever counts often keeps the cell it was given."""

    __slots__ = ("_cells", "_make", "family")

    def __init__(self, family: Family, make: Callable[[], Cell]) -> None:
        self.family = family
        self._make: Callable[[], Cell] = make
        self._cells: dict[tuple[str, ...], Cell] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def of(self, *labels: str) -> Cell:
        """The child with these label values, born at 0 if there is none.

        Raises:
            ValueError: not as many values as the family has labels.
        """
        cell = self._cells.get(labels)
        if cell is None:
            if len(labels) != len(self.family.labels):
                raise ValueError(f"{self.family.name} has the labels {self.family.labels}, not {len(labels)}")
            cell = self._cells[tuple(map(str, labels))] = self._make()
        return cell

    def frozen(self) -> FrozenFamily:
        """A copy of every child; call it on the event loop."""
        return FrozenFamily(self.family, [(labels, cell.frozen()) for labels, cell in self._cells.items()])


def numbers(family: Family) -> Series[Number]:
    """Children that are single numbers."""
    return Series(family, Number)


def distributions(family: Family) -> Series[Distribution]:
    """Children that are histograms with the family's buckets."""
    return Series(family, lambda: Distribution(family.buckets))


class Branch(dict[str, Number]):
    """Children of one family that share their first labels, by the last one; an unforeseen one is born when asked for."""

    def __init__(self, series: Series[Number], shared: tuple[str, ...], born: Iterable[str]) -> None:
        super().__init__((value, series.of(*shared, value)) for value in born)
        self._series, self._shared = series, shared

    def __missing__(self, value: str) -> Number:
        number = self[value] = self._series.of(*self._shared, value)
        return number
