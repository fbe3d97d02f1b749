"""Real connections over loopback, and callers that are real processes."""

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sidecar.callers.peer import Address

PATIENCE_SECONDS = 10.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""struct linger: on, 0 s."""

CALLER = """
import socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
print("connected", flush=True)
sys.stdin.read()
"""


FORKING_CALLER = """
import os, socket, sys
connection = socket.create_connection((sys.argv[1], int(sys.argv[2])))
child = os.fork()
if child:
    print(child, flush=True)
sys.stdin.read()
"""


class Connection(NamedTuple):
    """Both ends of one connection."""

    ours: socket.socket
    theirs: socket.socket

    @property
    def addresses(self) -> tuple[Address, Address]:
        """Ours and theirs, as we see them."""
        return self.ours.getsockname()[:2], self.ours.getpeername()[:2]

    def await_fin(self) -> None:
        """Read until the caller's FIN has arrived."""
        self.ours.settimeout(PATIENCE_SECONDS)
        while self.ours.recv(4096):
            pass

    def reset(self) -> None:
        """Close the caller's end with a reset."""
        self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.theirs.close()


@contextmanager
def connected(listen_on: str = "127.0.0.1", towards: str | None = None) -> Iterator[Connection]:
    """A connection of this process with itself."""
    with listening(listen_on) as listener:
        theirs = socket.create_connection((towards or listen_on, listener.getsockname()[1]))
        ours, _ = listener.accept()
    with ours, theirs:
        yield Connection(ours, theirs)


@contextmanager
def calling_process() -> Iterator[tuple[socket.socket, subprocess.Popen[str]]]:
    """Our end of a connection that another process has opened, and that process."""
    with listening("127.0.0.1") as listener:
        host, port = listener.getsockname()
        command = [sys.executable, "-c", CALLER, host, str(port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            ours, _ = listener.accept()
            assert process.stdout is not None
            process.stdout.readline()
            try:
                with ours:
                    yield ours, process
            finally:
                process.kill()


@contextmanager
def forking_process() -> Iterator[tuple[socket.socket, int, int]]:
    """Our end of a connection that a process has opened and handed down to its child, and the pids of both."""
    with listening("127.0.0.1") as listener:
        host, port = listener.getsockname()
        command = [sys.executable, "-c", FORKING_CALLER, host, str(port)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            ours, _ = listener.accept()
            assert process.stdout is not None
            child = int(process.stdout.readline())
            try:
                with ours:
                    yield ours, process.pid, child
            finally:
                process.kill()
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)


def listening(host: str) -> socket.socket:
    """A listener on a free port; on `::` it takes IPv4 as well."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")


def eventually(claim: Callable[[], bool]) -> bool:
    """Whether a claim about the kernel's state, of which there is no signal, comes true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not claim() and time.monotonic() < deadline:
        time.sleep(0.001)
    return claim()
