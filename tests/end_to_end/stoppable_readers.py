"""Callers in processes of their own that stop (SIGSTOP) while their answer comes, as in a debugger or a frozen container."""

import hashlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.program import Program, Programs

PATIENCE_SECONDS = 20.0
UNREAD = None
"""Stops before anything of the reply is read."""


class Reading(NamedTuple):
    """What a caller asks, and where it stops."""

    address: tuple[str, int]
    request: bytes
    stops: tuple[int | None, ...]
    """It stops each time when it has read so many bytes more of the answer."""
    receive_buffer: int | None = None
    """Of its kernel; None for the usual one, of hundreds of KiB."""


class Readers(Programs):
    """Starts callers."""

    def __init__(self) -> None:
        super().__init__("tests.end_to_end.stoppable_readers")

    @contextmanager
    def reader(self, reading: Reading) -> Iterator["Reader"]:
        """A caller that reads."""
        with self.started(_run, reading) as program:
            yield Reader(program)


class Reader:
    """A caller, from outside."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._pid: int = program.heard("started")

    def stopped(self) -> None:
        """Wait until it has stopped."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def go_on(self) -> None:
        """Continue it."""
        os.kill(self._pid, signal.SIGCONT)

    def got(self) -> tuple[int, str]:
        """Length and SHA-256 of its answer, which it got whole."""
        told: tuple[int, str] = self._program.heard("answer")
        return told

    def broken(self) -> None:
        """Its connection was broken before the answer was whole."""
        self._program.heard("broken")


def _run(say: Connection, reading: Reading) -> None:
    """The caller's program."""
    with socket.socket() as connection:
        if reading.receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, reading.receive_buffer)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(reading.address)
        connection.sendall(reading.request)
        say.send(("started", os.getpid()))
        try:
            say.send(("answer", _read(connection, reading.stops)))
        except (OSError, HTTPException) as error:
            say.send(("broken", type(error).__name__))


def _read(connection: socket.socket, stops: tuple[int | None, ...]) -> tuple[int, str]:
    if stops[:1] == (UNREAD,):
        os.kill(os.getpid(), signal.SIGSTOP)
        stops = stops[1:]
    reply = HTTPResponse(connection)
    reply.begin()
    pieces = []
    for stop in stops:
        pieces.append(reply.read(stop))
        os.kill(os.getpid(), signal.SIGSTOP)
    body = b"".join(pieces) + reply.read()
    return len(body), hashlib.sha256(body).hexdigest()
