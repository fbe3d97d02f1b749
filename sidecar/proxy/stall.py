"""Who stands still gives no event: only that a figure does not change says so."""

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Watched = TypeVar("Watched", bound=Hashable)


class Standstill(Generic[Watched]):
    """Remembers of each that is watched what its figure was at the last look, and since when. Looked at in sweeps."""

    def __init__(self, seconds: float) -> None:
        self._longest_ns = int(seconds * 1e9)
        self._seen: dict[Watched, tuple[int, int]] = {}

    def look(self, figures: Iterable[tuple[Watched, int]], now_ns: int) -> list[Watched]:
        """Those whose figure has not changed for the whole time. Who is not named any more is forgotten."""
        before, self._seen = self._seen, {}
        still = []
        for watched, figure in figures:
            seen = before.get(watched)
            since_ns = now_ns if seen is None or seen[0] != figure else seen[1]
            self._seen[watched] = (figure, since_ns)
            if now_ns - since_ns >= self._longest_ns:
                still.append(watched)
        return still
