"""How many connections an endpoint may have, and who waits in line for one. Pure: it is told the time, and opens nothing."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Where = TypeVar("Where", bound=Hashable)
Waiter = TypeVar("Waiter", bound=Hashable)


class Places(Generic[Where]):
    """Counts the connections to each endpoint, from the first step of making one to its end."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken: dict[Where, int] = {}
        """By endpoint; those without any are not in it."""

    def take(self, where: Where) -> bool:
        """Take a place; False if all are taken."""
        taken = self.taken.get(where, 0)
        if taken >= self._most:
            return False
        self.taken[where] = taken + 1
        return True

    def free(self, where: Where) -> None:
        """Give one back."""
        self.taken[where] -= 1
        if not self.taken[where]:
            del self.taken[where]


class Line(Generic[Waiter, Where]):
    """Who waits, first come first served at each endpoint. All wait equally long, so the first to come is the first late."""

    def __init__(self) -> None:
        self._waits: OrderedDict[Waiter, tuple[Where, int]] = OrderedDict()
        self._at: dict[Where, OrderedDict[Waiter, None]] = {}

    def __len__(self) -> int:
        return len(self._waits)

    def at(self, where: Where) -> int:
        """How many wait there."""
        return len(self._at.get(where, ()))

    def add(self, waiter: Waiter, where: Where, until_ns: int) -> None:
        """Come last."""
        self._waits[waiter] = where, until_ns
        self._at.setdefault(where, OrderedDict())[waiter] = None

    def next(self, where: Where) -> Waiter | None:
        """Take the first one there out of the line; None if nobody waits."""
        waiting = self._at.get(where)
        if not waiting:
            return None
        waiter = next(iter(waiting))
        self.leave(waiter)
        return waiter

    def leave(self, waiter: Waiter) -> bool:
        """Wait no more; False if it did not."""
        where, _ = self._waits.pop(waiter, (None, 0))
        if where is None:
            return False
        del self._at[where][waiter]
        if not self._at[where]:
            del self._at[where]
        return True

    def late(self, now_ns: int) -> list[Waiter]:
        """Take out those whose time is over."""
        late = []
        while self._waits:
            waiter, (_, until_ns) = next(iter(self._waits.items()))
            if until_ns > now_ns:
                break
            self.leave(waiter)
            late.append(waiter)
        return late

    def next_late_ns(self) -> int | None:
        """When the next one's time is over; None if nobody waits."""
        return next((until_ns for _, until_ns in self._waits.values()), None)

    def clear(self) -> None:
        """Nobody waits any more."""
        self._waits.clear()
        self._at.clear()
