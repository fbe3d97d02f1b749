"""Callers on the bare wire, in processes of their own, which leave in every way there is: by their own doing or by a signal."""

import ctypes
import os
import re
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.program import Program, Programs

Address = tuple[str, int]
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""struct linger: on, 0 s."""
PATIENCE_SECONDS = 10.0
CLONE_NEWNET = 0x40000000
GO = signal.SIGUSR1
PIECE = 64 * 1024
BROKEN = b"broken"
"""Read by one whose connection was reset."""
CONTINUE = rb"100 Continue\r\n\r\n"


class Way(StrEnum):
    """How a caller leaves."""

    CLOSE = "close"
    """It closes its connection, and lives on."""
    EXIT = "exit"
    INTERRUPTED = "SIGINT"
    """As Ctrl-C does it: KeyboardInterrupt, whereupon the program ends in order."""
    KILLED = "SIGKILL"
    RESET = "reset"
    """SO_LINGER with 0 s, as a few clients abort."""
    UNREAD = "unread"
    """It is killed and had not read what had come: its kernel answers with a reset (RFC 9293 section 3.10.4)."""
    HALF = "half close"
    """It only says that it will send nothing more, and then reads the whole reply."""

    @property
    def sign(self) -> str:
        """What is seen of it on the wire."""
        return "rst" if self in (Way.RESET, Way.UNREAD) else "fin"


LEAVING = tuple(way for way in Way if way is not Way.HALF)


class Errand(NamedTuple):
    """What a caller does before it leaves."""

    address: Address
    head: bytes
    body: bytes
    until: bytes = b""
    """It waits until this regular expression is found in the reply; an UNREAD one lets that lie in its kernel."""
    lingers: bool = True
    """It leaves when it is told to; otherwise at once, when it has what it waits for."""
    namespace: str = ""
    """The file of the network namespace that it calls from; its own is the sidecar's."""


class Leavers(Programs):
    """Starts callers."""

    def __init__(self) -> None:
        super().__init__("tests.end_to_end.leavers", "tests.end_to_end.stainless_clients")

    @contextmanager
    def leaver(self, errand: Errand, way: Way) -> Iterator["Leaver"]:
        """A caller on its errand."""
        with self.started(_run, errand, way) as program:
            yield Leaver(program, way)


class Leaver:
    """A caller, from outside."""

    def __init__(self, program: Program, way: Way) -> None:
        self._program, self._way = program, way
        self.pid: int = program.heard("started")

    def there(self) -> None:
        """Wait until it has what it waits for."""
        self._program.heard("there")

    def leave(self) -> None:
        """Make it leave; returns when it has."""
        outer = {Way.KILLED: signal.SIGKILL, Way.UNREAD: signal.SIGKILL, Way.INTERRUPTED: signal.SIGINT}
        os.kill(self.pid, outer.get(self._way, GO))
        self.gone()

    def got(self) -> bytes:
        """All of the reply that one which only half-closed has read after that, to the end of the connection."""
        told: bytes = self._program.heard("got")
        return told

    def gone(self) -> None:
        """Wait until it has left."""
        if self._way in (Way.CLOSE, Way.RESET, Way.HALF):
            self._program.heard("left")
        else:
            self._program.ended()


def _run(say: Connection, errand: Errand, way: Way) -> None:
    """The caller's program."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {GO})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if errand.namespace:
        enter_network(errand.namespace)
    say.send(("started", os.getpid()))
    connection = socket.create_connection(errand.address, PATIENCE_SECONDS)
    try:
        receive = _peek if way is Way.UNREAD else _read
        connection.sendall(errand.head)
        if b"100-continue" in errand.head:
            receive(connection, CONTINUE)
        connection.sendall(errand.body)
        receive(connection, errand.until)
        if errand.lingers:
            say.send(("there", None))
            _await_word()
        WAYS[way](connection)
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    say.send(("left", None))
    if way is Way.HALF:
        say.send(("got", _rest(connection)))
    _await_word()  # it lives on


def run_client(say: Connection, client: Client, asking: Asking) -> None:
    """The program of a caller that asks through an SDK, and is interrupted by Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        say.send(("started", os.getpid()))
        for item in client(asking):
            say.send(("item", item))
        say.send(("done", None))
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _await_word() -> None:
    """Unlike `sigwait`, this one lets a KeyboardInterrupt through."""
    signal.sigwaitinfo({GO})


def _read(connection: socket.socket, until: bytes) -> None:
    raw = b""
    while not re.search(until, raw, re.DOTALL):
        piece = connection.recv(PIECE)
        assert piece, f"the reply ended after {raw[-200:]!r}"
        raw += piece


def _peek(connection: socket.socket, until: bytes) -> None:
    """Wait until this has come, without taking anything."""
    while not re.search(until, connection.recv(PIECE, socket.MSG_PEEK) if until else b"", re.DOTALL):
        pass


def _rest(connection: socket.socket) -> bytes:
    try:
        return b"".join(iter(lambda: connection.recv(PIECE), b""))
    except ConnectionResetError:
        return BROKEN


def enter_network(namespace: str) -> None:
    """Let this process make its sockets in another network namespace. (`os.setns` came with Python 3.12.)"""
    with Path(namespace).open() as entrance:
        if ctypes.CDLL(None, use_errno=True).setns(entrance.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"can't enter {namespace}")


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    connection.close()


def _end_by(number: int) -> Callable[[socket.socket], None]:
    def end(_: socket.socket) -> None:
        os.kill(os.getpid(), number)
        _await_word()  # a signal to oneself may take a moment

    return end


WAYS: dict[Way, Callable[[socket.socket], None]] = {
    Way.CLOSE: lambda connection: connection.close(),
    Way.EXIT: lambda _: os._exit(0),
    Way.INTERRUPTED: _end_by(signal.SIGINT),
    Way.KILLED: _end_by(signal.SIGKILL),
    Way.RESET: _reset,
    Way.UNREAD: _end_by(signal.SIGKILL),
    Way.HALF: lambda connection: connection.shutdown(socket.SHUT_WR),
}
