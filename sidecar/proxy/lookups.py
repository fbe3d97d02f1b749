"""From names to addresses. Asked anew for every connection, so that a changed answer is followed; never twice at a time."""

import asyncio
import socket

Found = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]
"""A family, and an address as sockets of that family take it."""


class Lookups:
    """The lookups that are going on. Whoever wants a name that is being looked up waits for the same answer.

    The system looks names up in a few threads that nothing can interrupt: a thousand calls to a host whose DNS hangs would
    keep them busy for everybody else.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._running: dict[tuple[str, int], asyncio.Task[list[Found]]] = {}

    async def find(self, host: str, port: int) -> list[Found]:
        """The addresses of a host, those of the two families taking turns (RFC 8305 section 4). Never empty.

        Raises:
            OSError: it has none, or nobody could say.
        """
        task = self._running.get((host, port))
        if task is None:
            task = self._loop.create_task(self._ask(host, port))
            self._running[host, port] = task
            task.add_done_callback(lambda done: self._ended((host, port), done))
        return await asyncio.shield(task)  # one that gives up must not end the lookup of the others

    def close(self) -> None:
        """Wait for nothing any more."""
        for task in self._running.values():
            task.cancel()

    async def _ask(self, host: str, port: int) -> list[Found]:
        answers = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return taking_turns([(family, address) for family, _, _, _, address in answers])

    def _ended(self, name: tuple[str, int], task: "asyncio.Task[list[Found]]") -> None:
        del self._running[name]
        if not task.cancelled():
            task.exception()  # looked at, or asyncio would complain of one that nobody waited for to the end


def taking_turns(found: list[Found]) -> list[Found]:
    """Addresses so ordered that the families alternate, beginning with the first one's; within a family order stays.

    Raises:
        OSError: there is none.
    """
    if not found:
        raise OSError("no address was found")
    first = [each for each in found if each[0] == found[0][0]]
    second = [each for each in found if each[0] != found[0][0]]
    ordered = [each for pair in zip(first, second, strict=False) for each in pair]
    return ordered + first[len(second) :] + second[len(first) :]
