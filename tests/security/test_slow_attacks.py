"""Threat 10: who sends slowly, reads slowly or comes in crowds is ended with a clear answer, and keeps nobody else waiting."""

import contextlib
import http.client
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.rig import RunningSidecar, running_sidecar
from tests.security.listening import PATIENCE_SECONDS, Listening, pieces_of

ANSWER: Final = b"x" * (1024 * 1024)
LARGE: Final = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(ANSWER), ANSWER)
PATH: Final = "/gemini/v1beta/models"
GET: Final = f"GET {PATH} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
POST: Final = f"POST {PATH} HTTP/1.1\r\nHost: a\r\n".encode()
CROWD: Final = 20
"""Of each kind of attack, all at once."""
MOST: Final = 200
"""Connections; all crowds and those who mean well are fewer."""
SETTINGS: Final = {
    "LIMITS__MAX_CONNECTIONS": str(MOST),
    "LIMITS__REQUEST_HEAD_SECONDS": "1",
    "LIMITS__REQUEST_PROGRESS_SECONDS": "1",
    "LIMITS__DOWNSTREAM_IDLE_SECONDS": "2",
    "CALLS__WRITE_STALL_SECONDS": "1",
}


class Attack:
    """What each of a crowd sends at first, what it goes on with, and what it is told in the end."""

    def __init__(self, start: bytes, drop: bytes, told: bytes, *, reads: bool = True) -> None:
        self.start, self.drop, self.told, self.reads = start, drop, told, reads


ATTACKS: Final = {
    "slow heads": Attack(b"GET / HTTP/1.1\r\nX: ", b"a", b"limits.request_head_seconds"),
    "slow first lines": Attack(b"GET /", b"a", b"limits.request_head_seconds"),
    "bodies that stand still": Attack(POST + b"Content-Length: 10\r\n\r\nx", b"", b"limits.request_progress_seconds"),
    "chunk extensions without end": Attack(
        POST + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a", b"limits.request_progress_seconds"
    ),
    "handshakes that stand still": Attack(b"\x16\x03\x01\x02\x00", b"", b"TLS"),
    "nothing at all": Attack(b"", b"", b""),
    "empty lines": Attack(b"\r\n", b"\r\n", b""),
    "answers that nobody reads": Attack(GET * 8, b"", b"", reads=False),
}


class Patient(Listening):
    """Answers what is whole: here those that have no body."""

    def _take(self, raw: bytes) -> bool:
        return raw.startswith(b"GET") and super()._take(raw)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSidecar]:
    with Patient(LARGE) as provider:
        directory = tmp_path_factory.mktemp("slow")
        with running_sidecar(directory, f"http://127.0.0.1:{provider.port}", SETTINGS) as sidecar:
            yield sidecar


def place_of(sidecar: RunningSidecar) -> tuple[str, int]:
    parts = urlsplit(sidecar.proxy)
    return parts.hostname or "", int(parts.port or 0)


def joined(sidecar: RunningSidecar, stack: ExitStack, start: bytes, *, reads: bool = True) -> socket.socket:
    """One more connection."""
    connection = stack.enter_context(socket.socket())
    if not reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(PATIENCE_SECONDS)
    connection.connect(place_of(sidecar))
    if start:
        connection.sendall(start)
    return connection


def is_served(sidecar: RunningSidecar) -> bool:
    """Somebody who means well gets the whole answer, and so do probes and people."""
    connection = http.client.HTTPConnection(*place_of(sidecar), timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", PATH)
        answer = connection.getresponse()
        is_whole = (answer.status, answer.read()) == (200, ANSWER)
    finally:
        connection.close()
    for url in (f"{sidecar.observe}/livez", f"{sidecar.control}/api/state"):
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as reply:
            is_whole = is_whole and reply.status == 200
    return is_whole


def until(claim: Callable[[], bool], go_on: Callable[[], None] = lambda: None) -> None:
    """Go on with the attacks until something holds."""
    deadline = time.monotonic() + 2 * PATIENCE_SECONDS
    while not claim():
        assert time.monotonic() < deadline, "it goes on for ever"
        go_on()
        time.sleep(0.05)


def connections_there(sidecar: RunningSidecar) -> float:
    return sidecar.total("downstream_connections")


def test_crowds_of_slow_ones_of_every_kind__ended_and_others_are_served_meanwhile(running: RunningSidecar) -> None:
    with ExitStack() as stack:
        crowds = {
            name: [joined(running, stack, attack.start, reads=attack.reads) for _ in range(CROWD)]
            for name, attack in ATTACKS.items()
        }

        def go_on() -> None:
            for name, attack in ATTACKS.items():
                for connection in crowds[name] if attack.drop else ():
                    with contextlib.suppress(OSError):
                        connection.send(attack.drop)

        assert is_served(running)
        until(lambda: connections_there(running) < CROWD / 2, go_on)
        for name, attack in ATTACKS.items():
            told = [b"".join(pieces_of(connection)) for connection in crowds[name] if attack.reads]
            assert all(attack.told in each for each in told), (name, told[:2])
    assert is_served(running)


def test_more_connections_than_there_may_be__503_that_names_the_setting(running: RunningSidecar) -> None:
    with ExitStack() as stack:
        for _ in range(MOST):
            joined(running, stack, b"")
        one_more = b"".join(pieces_of(joined(running, stack, GET)))
    assert one_more.startswith(b"HTTP/1.1 503 ")
    assert b"limits.max_connections" in one_more
    assert b"retry-after: " in one_more
    until(lambda: connections_there(running) < 2)
    assert is_served(running)
