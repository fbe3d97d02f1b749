"""Callers of inference APIs: some stay, some leave, some come back, and some open work that outlives their request.

Each function here is the whole life of one caller and blocks until it is over. They speak HTTP themselves: a real SDK in a
process of its own for each of a thousand callers would want more processors than the machine that draws pictures has.
"""

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 1.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
KEYS = {"x-goog-api-key": "demo", "Authorization": "Bearer demo", "x-api-key": "demo"}
"""Each provider looks for its own."""
ONE_REQUEST = """
import json, sys
from http.client import HTTPConnection
place, target, body, headers = sys.argv[1:]
connection = HTTPConnection(place)
connection.request("POST", target, body, json.loads(headers))
connection.getresponse().read()
"""
"""A program that makes one request and ends."""


class Request(NamedTuple):
    """A request, the same however often it is sent: a retry is told by being the same."""

    target: str
    body: Mapping[str, Any]
    script: str
    """What the simulated provider does with it, in the grammar of `sidecar.simulator.script`."""
    lease: str = ""

    def headers(self, attempt: int = 0) -> dict[str, str]:
        """Of this attempt, from 0 on. OpenAI's and Anthropic's SDKs say which it is; Google's does not."""
        told = {"Content-Type": "application/json", "X-Simulator": self.script, **KEYS}
        if not self.target.startswith("/gemini"):
            told |= {"X-Stainless-Lang": "python", "X-Stainless-Retry-Count": str(attempt)}
        return told | ({"X-Sidecar-Lease": self.lease} if self.lease else {})


class Leaving(NamedTuple):
    """How a caller gives up."""

    after_seconds: float
    is_reset: bool = False
    """By RST, as a program that is killed with bytes unread; else by FIN."""
    comes_back_after: float | None = None
    """A retry, after so many seconds."""


@contextmanager
def _connection(base_url: str) -> Iterator[HTTPConnection]:
    place = urlsplit(base_url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def stay(base_url: str, request: Request, attempt: int = 0) -> int:
    """Ask and read the answer to its end; returns the HTTP status, 0 where the connection broke."""
    try:
        with _connection(base_url) as connection:
            connection.request("POST", request.target, json.dumps(request.body), request.headers(attempt))
            reply = connection.getresponse()
            reply.read()
            return reply.status
    except (OSError, HTTPException):
        return 0


def leave(base_url: str, request: Request, leaving: Leaving) -> None:
    """Ask, give up after a while, and perhaps ask again."""
    with _connection(base_url) as connection:
        connection.connect()
        until = time.monotonic() + leaving.after_seconds
        connection.request("POST", request.target, json.dumps(request.body), request.headers())
        _read_until(connection.sock, until)
        if leaving.is_reset:
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    if leaving.comes_back_after is not None:
        time.sleep(leaving.comes_back_after)
        stay(base_url, request, attempt=1)


def _read_until(sock: socket.socket, until: float) -> None:
    """Take what comes until a moment, or until nothing more does."""
    while (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            if not sock.recv(65_536):
                return
        except OSError:
            return  # its time is over, or the connection broke before


class Course(NamedTuple):
    """What the program that opens an operation does then."""

    polls: int
    """So many at most, one a second; fewer when the work has ended before. 0: it is gone at once."""
    returns_after: float | None = None
    """It asks again, so many seconds after its last poll."""
    cancels: bool = False
    """It cancels its work itself, after its last poll."""


def operate(base_url: str, request: Request, course: Course) -> None:
    """Open an operation and ask how it stands."""
    try:
        with _connection(base_url) as connection:
            opened = _json(connection, "POST", request.target, request)
            place = f"{request.target}/{opened['id']}"
            if _poll(connection, place, request, course.polls) == "ended":
                _results(connection, place, request)
            if course.cancels:
                _json(connection, "POST", f"{place}/cancel", request)
            if course.returns_after is not None:
                time.sleep(course.returns_after)
                _poll(connection, place, request, 2)
    except (OSError, HTTPException, KeyError, ValueError):
        return  # the provider declined, as some of them are told to


def _poll(connection: HTTPConnection, place: str, request: Request, times: int) -> str:
    """Ask until the work has ended, at most so many times; its last state."""
    state = ""
    for _ in range(times):
        time.sleep(POLL_SECONDS)
        told = _json(connection, "GET", place, request)
        state = str(told.get("status") or told.get("processing_status"))
        if state not in ("queued", "in_progress", "canceling"):
            break
    return state


def _results(connection: HTTPConnection, place: str, request: Request) -> None:
    """What a batch has made is at a place of its own."""
    connection.request("GET", f"{place}/results", headers=request.headers())
    connection.getresponse().read()


def _json(connection: HTTPConnection, method: str, target: str, request: Request) -> dict[str, Any]:
    body = json.dumps(request.body) if target == request.target else None
    connection.request(method, target, body, request.headers())
    return dict(json.loads(connection.getresponse().read()))


def open_and_end(base_url: str, request: Request) -> None:
    """A process that opens an operation and ends: its end is seen at once, where one may look at processes."""
    arguments = (urlsplit(base_url).netloc, request.target, json.dumps(request.body), json.dumps(request.headers()))
    subprocess.run([sys.executable, "-S", "-c", ONE_REQUEST, *arguments], check=False)  # noqa: S603  our own program
