"""Standing by the command while it lives: signals are passed on, its stops are shared, its end is seen.

And after its end: who wants no more of the wait.
"""

import asyncio
import os
import signal
from contextlib import suppress
from typing import Final

from sidecar.clock import SystemClock
from sidecar.companion.command import End, end_of, is_stopped
from sidecar.companion.family import Family
from sidecar.companion.signals import PASSED_ON, Signal, Signals

ENDING: Final = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP})
HURRYING: Final = frozenset({signal.SIGTERM, signal.SIGHUP})
SAME_KEY_SECONDS: Final = 0.3
"""The first Ctrl-C, where it is heard so soon after the command's end, is the one that ended it."""
STOP_SECONDS: Final = 0.05
LATE_SECONDS: Final = 0.03


class Attendance:
    """One per run. Belongs to the event loop's thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, signals: Signals, family: Family) -> None:
        self._loop, self._family, self._clock = loop, family, SystemClock()
        self._pid: int | None = None
        self._end: End | None = None
        self._ended_at = 0.0
        self._has_ended = asyncio.Event()
        self._has_heard_key = False
        self.is_over = asyncio.Event()
        """Somebody wants us to end: after the command, that is."""
        self.is_hurried = False
        """The command and we were told to end by somebody who won't wait long."""
        self.asked: int | None = None
        """The signal that came before there was a command."""
        signals.listen(loop, self._hear)

    async def was_asked_to_end(self) -> bool:
        """Whether somebody wanted us to end while we started: then no command is run."""
        await asyncio.sleep(0.001)  # what has come is read by the loop's next turn
        return self.asked is not None

    def attend(self, pid: int) -> None:
        """Here it is."""
        self._pid = pid
        self._look()

    async def ended(self) -> End:
        """Wait for the command's end."""
        await self._has_ended.wait()
        assert self._end is not None
        return self._end

    def _hear(self, heard: Signal) -> None:
        if heard.number == signal.SIGCHLD:
            self._look()
            self._family.child_ended()
        elif self._pid is None:
            self.asked = heard.number if heard.number in ENDING else self.asked
        elif self._end is None:
            self.is_hurried = self.is_hurried or heard.number in HURRYING
            self._has_heard_key = self._has_heard_key or heard.number == signal.SIGINT
            if heard.is_by_process and heard.number in PASSED_ON:
                with suppress(ProcessLookupError):
                    os.kill(self._pid, heard.number)
        elif heard.number in ENDING:
            self._want_end(heard)

    def _want_end(self, heard: Signal) -> None:
        is_new = self._has_heard_key or self._now() - self._ended_at >= SAME_KEY_SECONDS
        if heard.number == signal.SIGINT and not heard.is_by_process and not is_new:
            self._has_heard_key = True
            return
        if self.is_over.is_set():
            os._exit(128 + heard.number)  # not even the end is waited for
        self.is_over.set()

    def _look(self) -> None:
        """Something has happened to a child of ours, perhaps to this one."""
        if self._pid is None or self._end is not None:
            return
        self._end = end_of(self._pid)
        if self._end is not None:
            self._ended_at = self._now()
            self._has_ended.set()
        elif is_stopped(self._pid):
            self._loop.call_later(STOP_SECONDS, self._stop_too, self._now() + STOP_SECONDS)

    def _stop_too(self, due_at: float) -> None:
        """Stop with the command, where it stopped alone: so the shell sees its job stopped, as it would without us.

        Mostly the terminal has stopped both. Then this runs late, when we are both being continued, and the command may be so a
        moment after us: it is looked at once more.
        """
        if self._pid is None or self._end is not None or not is_stopped(self._pid):
            return
        if self._now() - due_at > LATE_SECONDS:
            self._loop.call_later(STOP_SECONDS, self._stop_too, self._now() + STOP_SECONDS)
            return
        os.kill(os.getpid(), signal.SIGSTOP)
        with suppress(ProcessLookupError):  # somebody has continued us: the shell both, or `kill -CONT` us alone
            os.kill(self._pid, signal.SIGCONT)

    def _now(self) -> float:
        return self._clock.monotonic_ns() / 1e9
