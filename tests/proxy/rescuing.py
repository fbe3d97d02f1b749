"""A road on which abandoned answers are handed to retries, and the turns that its tests take."""

from typing import Any

import msgspec

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.proxy.limits import LIMITS
from tests.proxy.messages import PROMPT, STREAM, UNARY, request
from tests.proxy.road import Road
from tests.proxy.scripted import Connection
from tests.proxy.sockets import Caller

KEY = "X-Goog-Api-Key: k"
STAINLESS = "X-Stainless-Retry-Count: 0"
"""What the SDKs of OpenAI and Anthropic say with their first attempt: they come again within 1.5 s."""
SOON = 0.05
"""Seconds of a window that a test waits for."""
STOPS = {CallKind.STREAM: OnClose.STOPS, CallKind.UNARY: OnClose.STOPS}
"""What closing the connection does, where it ends the work."""


def rescue(**changes: Any) -> dict[str, Any]:
    """Limits under which answers are handed on."""
    return {"rescue": msgspec.structs.replace(LIMITS.rescue, **({"is_on": True} | changes))}


def call(*headers: str, target: str = UNARY, body: bytes = PROMPT) -> bytes:
    """A call; two of them are the same request where nothing else is said."""
    return request(target, body, KEY, *headers)


def stream(*headers: str) -> bytes:
    """The same of a stream."""
    return call(*headers, target=STREAM)


async def abandoned(road: Road, sent: bytes, *replied: bytes, on: Connection | None = None) -> Connection:
    """A caller sends this, gets so much of a reply, and leaves; returns the provider's end, which is read on.

    `on` is the connection that the provider has already, where it is used again.
    """
    before = road.context.followed
    caller = await road.caller(sent)
    connection = on or await road.provider.connection()
    await connection.request()
    await connection.send(*replied)
    for piece in replied:
        await caller.read(piece[-8:])
    caller.leave()
    await road.until(lambda: road.context.followed > before)
    return connection


async def joined(road: Road, sent: bytes) -> Caller:
    """A retry comes, and is waited for until it is known to be one."""
    before = len(road.context.live)
    caller = await road.caller(sent)
    await road.until(lambda: len(road.context.live) > before)
    return caller


async def rows(road: Road, count: int) -> list[CallRecord]:
    """So many calls, once they have settled, in the order of their beginning."""
    await road.settled(count)
    return sorted(road.log.records, key=lambda row: row.id)


async def outcomes(road: Road, count: int) -> list[str | None]:
    """How they ended."""
    return [row.outcome for row in await rows(road, count)]
