"""Programs that know nothing of a sidecar: what leads them is their environment.

    python intercepted_clients.py LIBRARY '[{"url": ..., "headers": {...}, "body": {...}}, ...]'

Asks each of these in turn, and prints a JSON array of what came.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

Ask = dict[str, Any]
Told = dict[str, Any]


class Reading:
    """What comes of a reply, and how long after its first piece its last."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._moments: list[float] = []

    def take(self, piece: bytes) -> None:
        """The next piece."""
        self._pieces.append(piece)
        self._moments.append(time.monotonic())

    def told(self, status: int) -> Told:
        """As a test wants it."""
        seconds = self._moments[-1] - self._moments[0] if self._moments else 0.0
        return {"status": status, "body": b"".join(self._pieces).decode("latin-1"), "seconds": seconds}


def with_httpx2(asked: list[Ask]) -> Iterator[Told]:
    """One client for all."""
    import httpx2

    with httpx2.Client() as client:
        for ask in asked:
            with client.stream("POST", ask["url"], headers=ask["headers"], json=ask["body"]) as reply:
                yield _read(reply.status_code, reply.iter_raw())


def with_requests(asked: list[Ask]) -> Iterator[Told]:
    """One session for all."""
    import requests

    with requests.Session() as session:
        for ask in asked:
            reply = session.post(ask["url"], headers=ask["headers"], json=ask["body"], stream=True)
            yield _read(reply.status_code, reply.iter_content(None))


def with_aiohttp(asked: list[Ask]) -> Iterator[Told]:
    """One session for all; it heeds its environment only if it is told to."""
    import aiohttp

    async def ask_all() -> list[Told]:
        found = []
        async with aiohttp.ClientSession(trust_env=True) as session:
            for ask in asked:
                async with session.post(ask["url"], headers=ask["headers"], json=ask["body"]) as reply:
                    found.append(await _read_async(reply.status, reply.content.iter_any()))
        return found

    yield from asyncio.run(ask_all())


def _read(status: int, pieces: Iterator[bytes]) -> Told:
    reading = Reading()
    for piece in pieces:
        reading.take(piece)
    return reading.told(status)


async def _read_async(status: int, pieces: AsyncIterator[bytes]) -> Told:
    reading = Reading()
    async for piece in pieces:
        reading.take(piece)
    return reading.told(status)


LIBRARIES: dict[str, Callable[[list[Ask]], Iterator[Told]]] = {
    "httpx2": with_httpx2, "requests": with_requests, "aiohttp": with_aiohttp,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(list(LIBRARIES[sys.argv[1]](json.loads(sys.argv[2])))))
