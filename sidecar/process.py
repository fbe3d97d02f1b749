"""The process around a sidecar: its loop, its descriptors, the signals that end it, its exit status."""

import asyncio
import os
import resource
import signal
from collections.abc import Callable, Mapping

import uvloop

from sidecar.app import Application
from sidecar.config.load import Loaded
from sidecar.reloading import Load

Announce = Callable[[Mapping[str, str]], None]
"""Told the bound addresses (`proxy`, `control`, `observe` -> URL) once all sockets accept."""

KILLED_AGAIN = 128 + signal.SIGTERM
"""Exit status after a second SIGTERM."""
ROWS_LOST = 1
"""Exit status when the ledger could not take all that was to be written."""


def serve(loaded: Loaded, load: Load, announce: Announce = lambda _addresses: None) -> int:
    """Run a sidecar until SIGTERM, SIGINT, or somebody's word on the control socket; returns the exit status.

    `load` reads the settings again: on SIGHUP, and when their file changes.

    Raises:
        SettingsError: an address can't be bound.
        LedgerError: the ledger can't be opened.
    """
    _allow_many_connections()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(loaded, load, announce))


def _allow_many_connections() -> None:
    """Use as many file descriptors as the system lets us; the usual soft limit of 1,024 is 500 calls."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


async def _serve(loaded: Loaded, load: Load, announce: Announce) -> int:
    application, signaled = Application(loaded.settings), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        application.loop.add_signal_handler(number, _end_or_exit, application, signaled)
    application.loop.add_signal_handler(signal.SIGHUP, _reload_or_end, application, signaled, _terminals())
    try:
        announce(await application.start())
        application.reloading.begin(loaded, load)
        await application.asked_to_end.wait()
    finally:
        await application.reloading.stop()
        await application.stop()
    status = ROWS_LOST if application.rows_unwritten() else 0
    if application.is_counted:
        os._exit(status)  # tidying up an interpreter takes up to a second on a busy machine
    return status


def _end_or_exit(application: Application, signaled: asyncio.Event) -> None:
    """The first signal drains, also behind a word on the control socket; who sends a second does not want to wait at all."""
    if signaled.is_set():
        os._exit(KILLED_AGAIN)
    signaled.set()
    application.asked_to_end.set()


def _terminals() -> tuple[int, ...]:
    """The standard descriptors that are a terminal; none where we run in the background, or under nohup."""
    return tuple(number for number in (0, 1, 2) if os.isatty(number))


def _reload_or_end(application: Application, signaled: asyncio.Event, terminals: tuple[int, ...]) -> None:
    """SIGHUP has two meanings: read the settings again, and that the terminal is gone in which we ran (signal(7))."""
    if all(map(os.isatty, terminals)):
        application.reloading.ask()
    elif not signaled.is_set():  # the kernel says it, and the shell says it once more
        _end_or_exit(application, signaled)
