"""The end of the proxy: no new calls, the living may end, what is left is cut and settled with what is known."""

import asyncio
import contextlib

from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.policy import DRAIN
from sidecar.proxy.context import Context

LAST_SECONDS = 1.0
"""For the answers to cut calls to be handed over."""


async def drain(context: Context, deadline_seconds: float) -> int:
    """Let live exchanges end, orphans included, then cut the rest; returns how many were cut.

    Afterwards every exchange has settled and every caller's connection is closed.
    """
    context.is_draining = True
    context.shelf.close()
    for downstream in list(context.downstreams):
        downstream.close_if_idle(context.clock.monotonic_ns())
    await _until_idle(context, deadline_seconds)
    late = list(context.live)
    for exchange in late:
        exchange.cut(DRAIN)
    await _until_idle(context, LAST_SECONDS)
    for exchange in list(context.live):
        exchange.departure.left(LeftReason.WRITE_STALLED)
    for inquiry in list(context.inquiries):
        inquiry.end(None)
    for downstream in list(context.downstreams):
        downstream.leave()
    return len(late)


async def _until_idle(context: Context, seconds: float) -> None:
    if not context.live:
        return
    context.is_idle.clear()
    with contextlib.suppress(TimeoutError):  # what is left is cut next
        async with asyncio.timeout(seconds):
            await context.is_idle.wait()
