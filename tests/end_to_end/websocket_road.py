"""Both ends of a socket in the hands of one test, byte by byte, and a real sidecar in a process of its own between them.

The provider is a listener on loopback; what it answers is written by the test. Nothing here knows frames.
"""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.end_to_end.rig import PATIENCE_SECONDS, RunningSidecar, running_sidecar

METERED = "/gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
"""A route whose messages are read in passing."""
UNMETERED = "/gemini/ws/google.ai.generativelanguage.v1beta.SomethingNew.Nobody"
"""One of which nothing is known: nothing is read."""
on_both_routes = pytest.mark.parametrize("target", [METERED, UNMETERED], ids=["metered", "unmetered"])

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""Of RFC 6455 section 1.3."""
ASKING = (
    "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13"
)  # fmt: skip
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: " + ACCEPT.encode() + b"\r\n\r\n"
)
GOING_AWAY = (1001).to_bytes(2, "big")
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
QUIET_SECONDS = 0.05
"""Nothing that has not come for so long will."""
PLENTY_SECONDS = 0.25
"""Who has taken nothing for so long takes nothing more."""
ONE_READ = 1 << 18


def is_nothing_or_a_goodbye(rest: bytes) -> bool:
    """Whether nothing came behind what was sent, or one close frame of the sidecar's that says that the sender is going away.

    A provider whose caller has ended its connection without a word is told so, where a frame can stand.
    """
    head, mask, code = rest[:2], rest[2:6], rest[6:8]
    said = bytes(one ^ other for one, other in zip(code, mask, strict=False))
    return rest == b"" or (head, len(rest), said) == (b"\x88\x82", 8, GOING_AWAY)


class Head(NamedTuple):
    """A head as it came, and what came behind it with it."""

    start: str
    fields: tuple[str, ...]
    behind: bytes

    def values(self, name: str) -> list[str]:
        """What the fields of this name say, one by one."""
        split = (field.partition(":") for field in self.fields)
        return [value.strip() for given, _, value in split if given.lower() == name.lower()]


class End:
    """One end of a socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.settimeout(PATIENCE_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def sends(self, data: bytes | memoryview) -> None:
        """Write all of it."""
        self.connection.sendall(data)

    def sends_each(self, pieces: Iterable[bytes]) -> None:
        """Write pieces, each by itself."""
        for piece in pieces:
            self.sends(piece)

    @contextmanager
    def at_work(self, work: Callable[[], object]) -> Iterator[None]:
        """It does this while the block lasts, and has done it behind it."""
        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        yield
        worker.join(PATIENCE_SECONDS)
        assert not worker.is_alive()

    def takes(self, size: int) -> bytes:
        """So many bytes, or fewer where the connection ends before."""
        found = bytearray()
        while len(found) < size and (piece := self.connection.recv(min(ONE_READ, size - len(found)))):
            found += piece
        return bytes(found)

    def takes_head(self) -> Head:
        """One head."""
        found = b""
        while b"\r\n\r\n" not in found:
            piece = self.connection.recv(ONE_READ)
            assert piece, f"the connection ended amid a head: {found!r}"
            found += piece
        head, _, behind = found.partition(b"\r\n\r\n")
        start, *fields = head.decode("latin-1").split("\r\n")
        return Head(start, tuple(fields), behind)

    def takes_rest(self) -> bytes:
        """All that comes until the connection ends, in order or with a reset."""
        found = bytearray()
        with contextlib.suppress(ConnectionResetError):
            while piece := self.connection.recv(ONE_READ):
                found += piece
        return bytes(found)

    def has_nothing(self) -> bool:
        """Whether nothing has come, not even an end, and nothing does for a moment."""
        return not select.select([self.connection], [], [], QUIET_SECONDS)[0]

    def fills(self, data: memoryview) -> int:
        """Write until nobody takes more for a while; how many bytes were taken."""
        self.connection.setblocking(False)
        taken = 0
        try:
            while taken < len(data) and select.select([], [self.connection], [], PLENTY_SECONDS)[1]:
                taken += self.connection.send(data[taken : taken + ONE_READ])
        finally:
            self.connection.settimeout(PATIENCE_SECONDS)
        return taken

    def ends(self) -> None:
        """Close in order."""
        self.connection.close()

    def breaks(self) -> None:
        """Close with a reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.connection.close()


class Pair(NamedTuple):
    """The two ends of a socket that is open."""

    caller: End
    provider: End

    def other(self, end: End) -> End:
        """The end at which it comes out."""
        return self.provider if end is self.caller else self.caller

    def carries(self, end: End, pieces: Iterable[bytes]) -> bytes:
        """Write pieces into one end, each by itself; what comes out of the other, as many bytes as were written."""
        pieces = list(pieces)
        with end.at_work(lambda: end.sends_each(pieces)):
            return self.other(end).takes(sum(map(len, pieces)))

    def close(self) -> None:
        self.caller.ends()
        self.provider.ends()


class SocketRoad:
    """Opens sockets through the sidecar."""

    def __init__(self, sidecar: RunningSidecar, listener: socket.socket) -> None:
        self.sidecar, self._listener = sidecar, listener
        self._place = urlsplit(sidecar.proxy)

    def asks(self, target: str, fields: Iterable[str] = ASKING, *, method: str = "GET", behind: bytes = b"") -> End:
        """A caller that has sent a request, and bytes right behind it."""
        caller = End(socket.create_connection((self._place.hostname or "", self._place.port or 0), PATIENCE_SECONDS))
        lines = (f"{method} {target} HTTP/1.1", "Host: localhost", *fields, "", "")
        caller.sends("\r\n".join(lines).encode() + behind)
        return caller

    def asked(self) -> tuple[End, Head]:
        """The provider's end of what was asked, and the request's head."""
        connection, _ = self._listener.accept()
        provider = End(connection)
        return provider, provider.takes_head()

    @contextmanager
    def opened(self, target: str) -> Iterator[Pair]:
        """A socket that both sides have agreed to."""
        caller = self.asks(target)
        provider, _ = self.asked()
        provider.sends(SWITCHED)
        head = caller.takes_head()
        assert (head.start, head.behind) == ("HTTP/1.1 101 Switching Protocols", b"")
        pair = Pair(caller, provider)
        try:
            yield pair
        finally:
            pair.close()

    def holds_sockets(self, count: int) -> None:
        """Wait until the sidecar holds so many sockets."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := self.sidecar.total("live_sockets")) != count:
            assert time.monotonic() < deadline, f"there are {found}"
            time.sleep(QUIET_SECONDS)


@pytest.fixture(scope="session")
def socket_road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SocketRoad]:
    """One for all tests of sockets."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        listener.settimeout(PATIENCE_SECONDS)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with running_sidecar(tmp_path_factory.mktemp("websocket"), url) as sidecar:
            yield SocketRoad(sidecar, listener)
            assert sidecar.end() == 0
