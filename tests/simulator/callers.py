"""Callers for the simulator's tests: one that asks and reads, and one that can vanish in the middle of it."""

import gzip
import http.client
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any, Self

import msgspec

from sidecar.simulator.server import RunningSimulator

FLASH = "/v1beta/models/gemini-2.5-flash"
UNARY = f"{FLASH}:generateContent"
STREAM = f"{FLASH}:streamGenerateContent?alt=sse"
VERTEX = "/v1beta1/projects/a-project/locations/us-central1/publishers/google/models"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def question(text: str = "Why is the sky blue?") -> bytes:
    """A body of `generateContent`: five tokens unless told otherwise."""
    return json.dumps({"contents": [{"role": "user", "parts": [{"text": text}]}]}).encode()


class Answer(msgspec.Struct):
    """A reply that came whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        """The body's JSON, its content coding undone."""
        coded = self.headers.get("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if coded else self.body)

    @property
    def frames(self) -> list[Any]:
        """What the events of a stream carry."""
        return [json.loads(event.removeprefix(b"data: ")) for event in self.body.split(b"\r\n\r\n") if event]


def ask(
    simulator: RunningSimulator,
    path: str,
    body: bytes | None = None,
    *,
    script: str = "",
    tag: str = "",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
) -> Answer:
    """Ask and read the whole reply.

    Raises:
        http.client.HTTPException: the reply was not whole.
    """
    connection = http.client.HTTPConnection(simulator.host, simulator.port, timeout=30)
    try:
        sent = {"X-Simulator": script, "X-Simulator-Call": tag, **(headers or {})}
        connection.request(method, path, question() if body is None and method == "POST" else body, sent)
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


class VanishingCaller:
    """Sends one request and reads as much of the reply as it is told to. Leaving the block without a word is leaving."""

    def __init__(
        self, simulator: RunningSimulator, path: str, *, script: str, tag: str = "a-call", more: str = ""
    ) -> None:
        self._connection = socket.create_connection((simulator.host, simulator.port), timeout=30)
        body = question()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: simulator\r\nContent-Length: {len(body)}\r\n"
            f"X-Simulator: {script}\r\nX-Simulator-Call: {tag}\r\n{more}\r\n"
        )
        self._connection.sendall(head.encode() + body)
        self.received = b""

    def read_until(self, mark: bytes, times: int = 1) -> bytes:
        """Read until a mark has been seen so often; everything read so far."""
        while self.received.count(mark) < times:
            self._read()
        return self.received

    def read_to(self, ending: bytes) -> bytes:
        """Read until what was read ends so; everything read so far."""
        while not self.received.endswith(ending):
            self._read()
        return self.received

    def _read(self) -> None:
        piece = self._connection.recv(1024 * 1024)
        assert piece, f"the connection ended too early, behind {self.received[-200:]!r}"
        self.received += piece

    def leave(self) -> None:
        """Close in order: FIN."""
        self._connection.close()

    def reset(self) -> None:
        """Close with RST, as the kernel does for a program that dies with unread bytes."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
