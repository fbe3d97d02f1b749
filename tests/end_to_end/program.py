"""Programs in processes of their own, so that they can be interrupted and killed. What they say comes through a pipe.

A fork server imports what they need once; each program is a fork of it, with its own sockets, loop and signals.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from sidecar.clock import Moment

PATIENCE_SECONDS = 30.0


class Program:
    """A process at work, from outside."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self._process, self._connection = process, connection

    def heard(self, word: str) -> Any:
        """Wait until the program says this; what it says with it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._connection.poll(max(0.0, deadline - time.monotonic())):
            said, detail = self._connection.recv()
            if said == word:
                return detail
            assert said != "error" or word == "error", detail
        raise AssertionError(f"the program never said {word}")

    def kill(self, number: int = signal.SIGKILL) -> Moment:
        """Send a signal, and wait for the end; the moment it was sent."""
        at = time.time_ns() // 1000
        assert self._process.pid is not None
        os.kill(self._process.pid, number)
        self.ended()
        return at

    def ended(self) -> None:
        """Wait until the process has ended."""
        self._process.join(PATIENCE_SECONDS)
        assert self._process.exitcode is not None


class Programs:
    """Starts programs; the fork server imports these modules."""

    def __init__(self, *modules: str) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(list(modules))

    @contextmanager
    def started(self, work: Callable[..., None], *arguments: object) -> Iterator[Program]:
        """A process that does this work, whose first argument is the connection to speak through: words and details."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=work, args=(theirs, *arguments))
        process.start()
        theirs.close()
        try:
            yield Program(process, ours)
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            process.close()
            ours.close()
