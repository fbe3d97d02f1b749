"""The end of the proxy: no new calls, the living may end, what is left is cut and settled with what is known."""

import asyncio
import contextlib

from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import DRAIN
from sidecar.proxy.context import Context
from sidecar.proxy.live_ending import Sign

LAST_SECONDS = 1.0
"""For the answers to cut calls to be handed over."""


async def drain(context: Context, deadline_seconds: float, last_seconds: float = LAST_SECONDS) -> int:
    """Let live exchanges and answers in sockets end, orphans included, then cut the rest; returns how many were cut.

    The answers to those have `last_seconds`, at most `LAST_SECONDS`, to be handed over. Sockets without an answer under way are
    closed at once.

    Afterwards every exchange has settled and every caller's connection is closed.
    """
    context.is_draining = True
    context.shelf.close()
    context.resumptions.close()
    for downstream in list(context.downstreams):
        downstream.close_if_idle(context.clock.monotonic_ns())
    for live in list(context.sockets):
        live.drain()
    await _until_idle(context, deadline_seconds)
    late, turns = list(context.live), sum(call.is_running for live in context.sockets for call in live.calls)
    for exchange in late:
        exchange.cut(DRAIN)
    for live in list(context.sockets):
        live.sees(Sign.DRAIN_OVER)
    await _until_idle(context, min(last_seconds, LAST_SECONDS))
    for exchange in list(context.live):
        exchange.departure.left(LeftReason.WRITE_STALLED)
    for live in list(context.sockets):
        live.stop()
    for inquiry in list(context.inquiries):
        inquiry.end(None)
    for passage in list(context.passages):
        passage.end()
    for downstream in list(context.downstreams):
        downstream.leave()
    return len(late) + turns


async def _until_idle(context: Context, seconds: float) -> None:
    if context.is_at_rest:
        return
    context.is_idle.clear()
    with contextlib.suppress(TimeoutError):  # what is left is cut next
        async with asyncio.timeout(seconds):
            await context.is_idle.wait()
