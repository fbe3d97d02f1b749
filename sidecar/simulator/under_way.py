"""What is being worked on: who waits for it to be over, stops it, or lets it go on. And the numbers of all that is asked."""

import asyncio
from typing import Protocol


class Underway(Protocol):
    """A call that is being worked on."""

    @property
    def tag(self) -> str:
        """What its caller calls it."""
        ...

    def release(self) -> None:
        """Let its work go on that is held."""
        ...

    def stop(self) -> None:
        """End its work now."""
        ...


class UnderWay:
    """All calls that are being worked on, whether a request asked for them or a message in a socket."""

    def __init__(self) -> None:
        self._calls: set[Underway] = set()
        self._asked = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._calls)

    def number(self) -> int:
        """The next number: 1 for the first."""
        self._asked += 1
        return self._asked

    def add(self, call: Underway) -> None:
        """From now on it is worked on."""
        self._calls.add(call)
        self._idle.clear()

    def discard(self, call: Underway) -> None:
        """It is over, and on the bill."""
        self._calls.discard(call)
        if not self._calls:
            self._idle.set()

    async def settled(self) -> None:
        """Return when there is none."""
        await self._idle.wait()

    def release(self, tag: str) -> int:
        """Let the held work of these calls go on; returns how many there are of that tag."""
        named = [call for call in self._calls if call.tag == tag]
        for call in named:
            call.release()
        return len(named)

    def stop(self) -> None:
        """End all work now."""
        for call in tuple(self._calls):
            call.stop()
