"""What is done once, when the sockets accept: it would otherwise be done amid the first calls."""

import asyncio
import gc
from functools import partial
from typing import Final

from sidecar.proxy.context import Context
from sidecar.telemetry.price_lists import listed_at

YOUNG_OBJECTS: Final = 50_000
"""Allocations between looks of the garbage collector: some seconds of heavy traffic, a few MiB."""


def warm_up(context: Context) -> "asyncio.Future[None]":
    """Load the prices, in a thread, and tell the collector what stays for ever; the future is to be kept until it is done."""
    loading = context.loop.run_in_executor(None, partial(_load_prices, context))
    gc.collect()
    gc.freeze()  # what lives as long as the program is never looked at again by the collector
    gc.enable()
    gc.set_threshold(YOUNG_OBJECTS)  # a call leaves no rings behind, so looking for them often finds nothing
    return loading


def _load_prices(context: Context) -> None:
    context.prices.load()
    context.recorder.program.prices_listed_at = listed_at(context.clock.now())
