"""What the campaign is made of: a fault, the stage that it is played on, and the verdict."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

Thing = TypeVar("Thing")


class Verdict(NamedTuple):
    """What came of one fault. Everything found is a sentence, so that a failure can be read."""

    tried: int
    """How many times it struck: calls, kills, places."""
    lost: tuple[str, ...] = ()
    """What should have gone on and did not: bytes of an answer, rows that no counter told of, operations."""
    wrong: tuple[str, ...] = ()
    """Figures that differ from the provider's bill and do not say so, and cancels that nobody should have sent."""
    leaked: tuple[str, ...] = ()
    """What is still held when all is over: calls in flight, connections, descriptors, memory; and secrets that got out."""
    recovered_seconds: float | None = None
    """From the fault's end to the first call, row or figure that is as ever; None where nothing had to recover."""
    remark: str = ""
    """What the figures alone do not say: what was counted as dropped, what callers were told."""

    def findings(self) -> list[str]:
        """All that is not as it should be."""
        return [
            f"{kind}: {sentence}"
            for kind, sentences in (("lost", self.lost), ("wrong", self.wrong), ("leaked", self.leaked))
            for sentence in sentences
        ]


class Stage(NamedTuple):
    """Where a fault is played."""

    directory: Path
    """Empty, and the fault's own."""
    is_full: bool = False
    """Whether every place is tried, as `make faults` does, or a few of them, as `make test` does."""

    def some(self, places: Sequence[Thing], most: int) -> Sequence[Thing]:
        """All of the places, or so many of them, the first and the last among them."""
        if self.is_full or len(places) <= most:
            return places
        last = len(places) - 1
        return [places[number * last // (most - 1)] for number in range(most)]


class Fault(NamedTuple):
    """One thing that goes wrong."""

    name: str
    """A few words, as the table has them: `accepts and hangs`."""
    right: str
    """What the sidecar has to do, in a sentence."""
    play: Callable[[Stage], Verdict]
    needs: tuple[str, ...] = ()
    """Programs of `tests/parts.py` without which it can't be played."""
    is_alone: bool = False
    """Whether it fills the machine, or is measured by its seconds."""

    def __str__(self) -> str:
        return self.name
