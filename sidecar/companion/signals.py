"""Signals as events of the loop that say who sent them: the terminal, to everybody in the foreground, or a process, to us alone.

Who runs `env CMD` sends signals to CMD; here they reach us. What the terminal sends (Ctrl-C, a new window size, its end) comes to
the command by itself, because it is in the same process group, and must not reach it twice; what a process sends (`kill`, a
container's runtime) has to be passed on. Python's handlers are not told which it was; signalfd(2) is. A `kill` of the whole group
can't be told from one of ours alone: the command then gets it twice, mostly merged into one by the kernel.
"""

import asyncio
import ctypes
import os
import signal
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

PASSED_ON: Final = frozenset(
    {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH, signal.SIGUSR1, signal.SIGUSR2}
)
"""SIGTSTP and its like are not among them: the terminal stops us together with the command, and a shell continues both."""
HEARD: Final = PASSED_ON | {signal.SIGCHLD}
OF_THE_TERMINAL: Final = frozenset({signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH})
"""Taken for sent by the terminal where nobody can tell."""
INFO: Final = struct.Struct("=IiiI112x")
"""struct signalfd_siginfo: number, errno, code, pid, and more."""
SET_BYTES: Final = 128
"""sizeof(sigset_t) of glibc and of musl."""


class Signal(NamedTuple):
    """A signal that has come."""

    number: int
    is_by_process: bool
    """A process sent it, to us; otherwise the kernel did, to everybody whom it concerns."""


Hear = Callable[[Signal], None]


class Signals:
    """From here on signals end nobody here, and wait until `listen` hears them. Make it before any thread is started."""

    def __init__(self) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # somebody may have had it ignored: then no child leaves a status
        self.mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        """The signal mask that the command is to have."""
        self._descriptor = _signal_descriptor()
        self._loop: asyncio.AbstractEventLoop | None = None

    def listen(self, loop: asyncio.AbstractEventLoop, hear: Hear) -> None:
        """Tell of every signal, from those on that have come before."""
        self._loop = loop
        if self._descriptor is not None:
            loop.add_reader(self._descriptor, self._read, hear)
            return
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask_before)
        for number in HEARD:
            heard = Signal(number, number not in OF_THE_TERMINAL)
            if signal.getsignal(number) is not signal.SIG_IGN:
                loop.add_signal_handler(number, hear, heard)

    def close(self) -> None:
        """Hear no more. The signals stay blocked: whoever is about to leave is not to be hurried by them."""
        if self._descriptor is not None:
            if self._loop is not None:
                self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _read(self, hear: Hear) -> None:
        assert self._descriptor is not None
        try:
            data = os.read(self._descriptor, 16 * INFO.size)
        except BlockingIOError:
            return
        for number, _, code, _ in INFO.iter_unpack(data):
            hear(Signal(number, code <= 0))  # SI_USER is 0, SI_TKILL and SI_QUEUE are below; all of the kernel's above


def _signal_descriptor() -> int | None:
    """What the blocked signals are read from; None where the system has no such thing."""
    words = (ctypes.c_ulong * (SET_BYTES // ctypes.sizeof(ctypes.c_ulong)))()
    bits = 8 * ctypes.sizeof(ctypes.c_ulong)
    for number in HEARD:
        words[(number - 1) // bits] |= 1 << ((number - 1) % bits)
    try:
        made = int(ctypes.CDLL(None, use_errno=True).signalfd(-1, words, os.O_CLOEXEC | os.O_NONBLOCK))
    except (AttributeError, OSError):
        return None
    return made if made >= 0 else None
