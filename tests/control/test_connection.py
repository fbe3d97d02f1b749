"""What an application can be told by its connection; streams that use it are in test_events.py."""

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Callable

import pytest
from starlette.types import Receive, Scope, Send

from sidecar.control import connection as bounds
from sidecar.control.connection import connection_of
from sidecar.control.server import AppServer
from sidecar.telemetry.log import Log

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
PATIENCE_SECONDS = 10.0


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def echoing(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the whole request before it answers."""
    while (await receive()).get("more_body"):
        pass
    await hello(scope, receive, send)


async def endless(scope: Scope, receive: Receive, send: Send) -> None:
    """Until its reader has left; uvicorn says nothing of that to who sends."""
    connection = connection_of(scope)
    assert connection is not None
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not connection.transport.is_closing():
        await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})


async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x", "more_body": True})
    connection = connection_of(scope)
    assert connection is not None
    connection.break_off()


def talk(server: AppServer, request: bytes) -> bytes:
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(request)
        reply = b""
        while more := connection.recv(65_536):
            reply += more
        return reply


def test_connection_is_broken_off(serve: Callable[..., AppServer]):
    reply = talk(serve(breaking), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not reply.endswith(b"0\r\n\r\n")


def test_what_is_no_http_is_refused_as_a_problem(serve: Callable[..., AppServer]):
    head, _, body = talk(serve(breaking), b"\x16\x03\x01 hello\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["detail"]


def test_another_server_gives_no_connection():
    assert connection_of({"type": "http"}) is connection_of({"type": "http", "state": {"connection": 1}}) is None


# === bounds ===


def connected(server: AppServer, *pieces: bytes) -> socket.socket:
    connection = socket.create_connection((server.host, server.port), timeout=PATIENCE_SECONDS)
    for piece in pieces:
        connection.sendall(piece)
    return connection


def flooded(connection: socket.socket, piece: bytes, most: int) -> int:
    """Bytes of a flood that were taken before the connection broke."""
    taken = 0
    with contextlib.suppress(ConnectionError):
        while taken < most:
            taken += connection.send(piece)
    return taken


def greeted(connection: socket.socket) -> None:
    """One whole reply of `hello` comes."""
    read = b""
    while not read.endswith(b"hello"):
        more = connection.recv(65_536)
        assert more, read
        read += more


def rest(connection: socket.socket) -> bytes:
    """What comes until the end."""
    read = b""
    with contextlib.suppress(ConnectionError):
        while more := connection.recv(65_536):
            read += more
    return read


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ", b"a" * 65_536),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X: y\r\n" * 8_192),
        (b"GET /", b"a" * 65_536),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b"a" * 65_536),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", b"8\r\nabcdefgh\r\n" * 4_096),
    ],
    ids=["one field", "many fields", "target", "body", "chunks"],
)
def test_request_without_end__cut(serve: Callable[..., AppServer], start: bytes, piece: bytes):
    server, most = serve(echoing), 64 * 1024 * 1024
    with connected(server, start) as connection:
        assert flooded(connection, piece, most) < most
    assert talk(server, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")).endswith(b"hello")


def test_request_that_is_a_little_too_large__413(serve: Callable[..., AppServer]):
    body = bounds.MOST_REQUEST_BYTES * b"a"
    with connected(serve(echoing), b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n", body) as connection:
        assert rest(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("start", "answer"),
    [
        (b"", b""),
        (b"G", b"HTTP/1.1 408 "),
        (b"\r\n", b"HTTP/1.1 408 "),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\na", b"HTTP/1.1 408 "),
        (GET + b"GET /", b"HTTP/1.1 200 "),
    ],
)
def test_request_that_does_not_come_to_its_end__time_is_over(
    serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch, start: bytes, answer: bytes
):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.1)
    with connected(serve(echoing), *([start] if start else [])) as connection:
        read = rest(connection)
    assert read.startswith(answer) if answer else read == b""


def test_empty_lines_behind_a_reply__no_way_to_stay_for_ever(
    serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.1)
    with connected(serve(hello), GET) as connection:
        greeted(connection)
        connection.sendall(b"\r\n")
        assert rest(connection).startswith(b"HTTP/1.1 408 ")


def test_request_that_trickles_in__its_time_is_from_the_first_byte_on(
    serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.3)
    began = time.monotonic()
    with connected(serve(hello), b"GET / HTTP/1.1\r\nX: ") as connection, contextlib.suppress(ConnectionError):
        while time.monotonic() < began + PATIENCE_SECONDS:
            connection.sendall(b"a")
            time.sleep(0.02)
    assert time.monotonic() < began + PATIENCE_SECONDS


def test_connection_that_waits_for_its_next_request_is_not_hurried(
    serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "REQUEST_SECONDS", 0.05)
    with connected(serve(hello), GET) as connection:
        greeted(connection)
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_reply_that_nobody_takes__broken_off(serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounds, "STALL_SECONDS", 0.1)
    over = threading.Event()

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        await endless(scope, receive, send)
        over.set()

    with connected(serve(watched), GET):
        assert over.wait(PATIENCE_SECONDS)


def test_too_many_connections__the_one_at_rest_for_longest_makes_room(
    serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "MOST_CONNECTIONS", 3)
    server = serve(hello)
    with contextlib.ExitStack() as open_ones:
        first, *others = [open_ones.enter_context(connected(server)) for _ in range(6)]
        assert rest(first) == b""
        newest = others[-1]
        newest.sendall(GET)
        greeted(newest)


def test_too_many_connections_and_all_are_served__503(serve: Callable[..., AppServer], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bounds, "MOST_CONNECTIONS", 2)
    server = serve(endless)
    with connected(server, GET) as one, connected(server, GET) as two:
        assert one.recv(1) == two.recv(1) == b"H"
        with connected(server) as third:
            assert rest(third).startswith(b"HTTP/1.1 503 ")


def test_too_many_requests_at_once_on_a_connection__it_ends(serve: Callable[..., AppServer]):
    with connected(serve(hello), GET * 1_000) as connection:
        assert rest(connection).count(b"HTTP/1.1 200 ") < 1_000


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\r\n\r\n", GET.replace(b"\r\n\r\n", b"\r\nUpgrade: websocket\r\n\r\n")])
def test_what_peers_send_wrong_fills_no_log(
    serve: Callable[..., AppServer], log: Log, log_file: io.BytesIO, sent: bytes
):
    with connected(serve(hello), sent) as connection:
        assert connection.recv(65_536)
    log.close()
    assert log_file.getvalue() == b""
