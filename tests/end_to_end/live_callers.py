"""Callers of the live test, with plain sockets and each at the cost of a thread: an SDK's client takes half a second of CPU."""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sidecar.simulator.milestones import Milestone
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.leaving_scene import eventually
from tests.end_to_end.raw_calls import Request
from tests.end_to_end.rig import RunningSidecar

PATIENCE_SECONDS = 30.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
SMALL_BUFFER = 4096
CREDENTIALS = {"x-goog-api-key": "a-key", "x-api-key": "a-key", "Authorization": "Bearer a-key"}
"""Each provider looks for its own."""


class Caller(NamedTuple):
    """Somebody with something to ask through a sidecar."""

    sidecar: RunningSidecar
    simulator: RunningSimulator
    name: str
    """Its `X-Sidecar-Caller`, and its tag at the provider."""
    script: str
    request: Request

    @property
    def headers(self) -> dict[str, str]:
        """What the sidecar and the simulator are told, and a credential."""
        told = {"X-Sidecar-Caller": self.name, "X-Simulator-Call": self.name, "X-Simulator": self.script}
        return {"Content-Type": "application/json", **CREDENTIALS, **told, **self.request.headers}

    @property
    def target(self) -> str:
        """The path at the sidecar."""
        return f"/{self.request.upstream}{self.request.target}"

    @property
    def place(self) -> str:
        """Host and port of the sidecar's proxy."""
        return urlsplit(self.sidecar.proxy).netloc

    @property
    def address(self) -> tuple[str, int]:
        """The same for sockets."""
        host, _, port = self.place.partition(":")
        return host, int(port)

    def having(self, **headers: str) -> "Caller":
        """The same caller with other header fields."""
        return self._replace(request=self.request.having(**headers))

    @contextmanager
    def connected(self) -> Iterator[HTTPConnection]:
        """A connection, closed in the end."""
        connection = HTTPConnection(self.place, timeout=PATIENCE_SECONDS)
        try:
            yield connection
        finally:
            connection.close()

    def sent(self, connection: HTTPConnection) -> None:
        """Send the request, head and body in one piece: who can't be reached may be found out between the two."""
        if connection.sock is None:
            connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        connection.request("POST", self.target, json.dumps(self.request.body), self.headers)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)

    def opened(self) -> str:
        """Send the request, which opens an operation; the provider's id of it."""
        with self.connected() as connection:
            self.sent(connection)
            return str(_document(connection)["id"])

    def asked(self, method: str, id: str, verb: str = "") -> dict[str, Any]:
        """What the provider answers about an operation."""
        with self.connected() as connection:
            connection.request(method, f"{self.target}/{id}{verb}", headers=self.headers)
            return _document(connection)


def _document(connection: HTTPConnection) -> dict[str, Any]:
    return dict(json.loads(connection.getresponse().read()))


Life = Callable[[Caller], None]


def stays(caller: Caller) -> None:
    """Asks, and reads what comes to its end, however that is."""
    with caller.connected() as connection:
        caller.sent(connection)
        try:
            connection.getresponse().read()
        except (OSError, HTTPException):
            return  # broken off, as the scene wants it


def leaves(caller: Caller) -> None:
    """Asks, and closes its connection when the provider has the request."""
    with caller.connected() as connection:
        caller.sent(connection)
        caller.simulator.reached(caller.name, Milestone.RECEIVED)


def comes_back(caller: Caller) -> None:
    """Leaves, and asks the same again."""
    leaves(caller)
    stays(caller)


def comes_back_at_its_end(caller: Caller) -> None:
    """Leaves, and asks the same again when the provider has come to the end of its answer."""
    leaves(caller)
    caller.simulator.reached(caller.name, Milestone.BILLED)
    stays(caller)


def comes_back_for_too_much(caller: Caller) -> None:
    """Leaves, and asks the same again when the answer has grown larger than what is kept."""
    leaves(caller)
    eventually(lambda: caller.sidecar.total("limits_reached_total", limit="rescue.max_answer_bytes") > 0)
    stays(caller)


def resets(caller: Caller) -> None:
    """Leaves by a reset, in the middle of its answer."""
    with caller.connected() as connection:
        caller.sent(connection)
        connection.sock.recv(1)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)


def reads_nothing(caller: Caller) -> None:
    """Asks, and takes nothing of the answer, until it is thought gone."""
    with caller.connected() as connection:
        connection.sock = socket.socket()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
        connection.sock.connect(caller.address)
        caller.sent(connection)
        caller.sidecar.settled(caller.name)


def leaves_while_sending(caller: Caller) -> None:
    """Closes its connection in the middle of its request."""
    with socket.create_connection(caller.address, PATIENCE_SECONDS) as connection:
        connection.sendall(_half(caller))


def stops_sending(caller: Caller) -> None:
    """Sends half of its request, and waits for the answer."""
    with socket.create_connection(caller.address, PATIENCE_SECONDS) as connection:
        connection.sendall(_half(caller))
        while connection.recv(SMALL_BUFFER):
            pass


def _half(caller: Caller) -> bytes:
    body = json.dumps(caller.request.body).encode()
    fields = {**caller.headers, "Host": "sidecar", "Content-Length": str(len(body))}
    lines = [f"POST {caller.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode() + body[: len(body) // 2]
