"""What a test does beside a running sidecar's control API: reads its event stream, makes a call and leaves it."""

import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

BODY = b'{"contents": [{"parts": [{"text": "Tell me about the sea."}]}]}'
STREAM = "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
PATIENCE_SECONDS = 20.0
Row = dict[str, Any]


class Stream:
    """A reader of `/api/events`, and what it knows by them: the same as the live page."""

    def __init__(self, connection: socket.socket) -> None:
        self._lines = connection.makefile("rb")
        self.state: Row = {}
        self.calls: dict[str, Row] = {}
        self.operations: dict[str, Row] = {}
        self.settled: dict[str, Row] = {}
        self.seen: list[Row] = []
        """Every version of every call in flight."""

    def until(self, claim: Callable[["Stream"], Any]) -> Any:
        """Read on until this is true of what is known; returns what it was."""
        while not (found := claim(self)):
            self._take(*self._event())
        return found

    def _event(self) -> tuple[str, Row]:
        name = ""
        while True:
            line = self._lines.readline()
            assert line, "the stream has ended"
            if line.startswith(b"event: "):
                name = line[7:].decode().strip()
            elif line.startswith(b"data: "):
                return name, json.loads(line[6:])

    def _take(self, name: str, data: Row) -> None:
        if name == "snapshot":
            self.calls = {row["id"]: row for row in data["calls"]}
            self.operations = {row["id"]: row for row in data["operations"]}
            self.settled = {row["id"]: row for row in data["recent"]}
        else:
            self.calls |= data.get("calls", {})
            self.operations |= data.get("operations", {})
            self.settled |= {row["id"]: row for row in data.get("settled", [])}
            for id in data.get("calls_gone", []):
                del self.calls[id]
            for id in data.get("operations_gone", []):
                del self.operations[id]
        self.state |= data.get("state", {})
        self.seen += [dict(row) for row in self.calls.values()]

    def close(self) -> None:
        self._lines.close()


@contextmanager
def watching(control: str, token: str = "") -> Iterator[Stream]:
    """The stream of the sidecar whose control socket is there."""
    with _connected(control) as connection:
        field = f"Authorization: Bearer {token}\r\n" if token else ""
        # HTTP/1.0: the reply has no framing but its end, so that its lines are those of the events
        connection.sendall(f"GET /api/events HTTP/1.0\r\nHost: localhost\r\n{field}\r\n".encode())
        stream = Stream(connection)
        try:
            yield stream
        finally:
            stream.close()


def _connected(address: str) -> socket.socket:
    if address.startswith("unix:"):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(PATIENCE_SECONDS)
        connection.connect(address.removeprefix("unix:"))
        return connection
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), PATIENCE_SECONDS)


class Caller:
    """A caller that has asked for a stream, and reads or leaves it."""

    def __init__(self, proxy: str, name: str, script: str) -> None:
        self._connection = _connected(proxy)
        fields = {
            "Host": "localhost", "X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script,
            "X-Goog-Api-Key": "k", "Content-Type": "application/json", "Content-Length": str(len(BODY)),
        }  # fmt: skip
        head = "".join(f"{field}: {text}\r\n" for field, text in fields.items())
        self._connection.sendall(f"POST {STREAM} HTTP/1.1\r\n{head}\r\n".encode() + BODY)

    def read(self) -> None:
        """Take the first pieces of the answer."""
        got = b""
        while b"usageMetadata" not in got:
            more = self._connection.recv(65_536)
            assert more
            got += more

    def read_all(self) -> None:
        """Take the whole answer, and go."""
        got = b""
        while not got.endswith(b"0\r\n\r\n"):
            more = self._connection.recv(65_536)
            assert more
            got += more
        self._connection.close()

    def leave(self) -> None:
        """Be gone, with a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()
