"""The stream, through a real socket."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sidecar.control import events
from sidecar.control.events import is_acceptable
from sidecar.control.people import control_app
from sidecar.control.server import AppServer
from sidecar.control.watchers import MOST_WATCHERS
from tests.control.conftest import Servers
from tests.control.showing import in_flight

Ask = Callable[..., Any]
REQUEST = b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def server(serve: Callable[..., AppServer], sidecar: Any) -> AppServer:
    return serve(control_app(sidecar, "127.0.0.1"))


@pytest.fixture
def listen(server: AppServer) -> Iterator[Callable[[], socket.socket]]:
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        connection = socket.socket()
        opened.append(connection)
        connection.settimeout(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect((server.host, server.port))
        connection.sendall(REQUEST)
        return connection

    yield connect
    for connection in opened:
        connection.close()


def read_until(connection: socket.socket, words: bytes) -> bytes:
    got = b""
    while words not in got:
        more = connection.recv(65_536)
        assert more, got
        got += more
    return got


def test_stream_is_of_events_and_is_kept_nowhere(listen: Callable[[], socket.socket]):
    reply = read_until(listen(), b"\n\n\r\n")
    head, _, body = reply.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    for field in (b"content-type: text/event-stream", b"cache-control: no-store", b"x-accel-buffering: no"):
        assert field in head.lower()
    assert b"event: snapshot\ndata: {" in body


def test_change_is_told(listen: Callable[[], socket.socket], sidecar: Any):
    connection = listen()
    read_until(connection, b"event: snapshot")
    sidecar.shown.calls = [in_flight("c77", model="</script>")]
    told = read_until(connection, b'"c77"')
    assert b"event: changes" in told


def test_nothing_happens__a_comment_says_that_the_connection_lives(
    listen: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.05)
    connection = listen()
    read_until(connection, b"event: snapshot")
    read_until(connection, b"\r\n:\n\n\r\n")


def test_one_more_than_can_be_told_is_asked_to_come_later(
    listen: Callable[[], socket.socket], server: AppServer, ask: Ask
):
    for _ in range(MOST_WATCHERS):
        read_until(listen(), b"event: snapshot")
    reply = ask(server, "GET", "/api/events")
    assert (reply.status, reply.headers["content-type"]) == (503, "application/problem+json")
    assert reply.headers["retry-after"]


def test_who_leaves_makes_room(listen: Callable[[], socket.socket], server: AppServer, ask: Ask):
    connections = [listen() for _ in range(MOST_WATCHERS)]
    for connection in connections:
        read_until(connection, b"event: snapshot")
    connections[0].close()
    deadline = time.monotonic() + 10
    while True:
        connection = listen()
        if b" 200 OK" in connection.recv(65_536):
            break
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_slow_reader_is_disconnected(
    listen: Callable[[], socket.socket], sidecar: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sidecar.control.watchers.TICK_SECONDS", 0.005)
    slow = listen()
    read_until(slow, b"event: snapshot")

    class Changing(list[Any]):
        """Rows that are others at each look: 20 KB of them."""

        def __iter__(self) -> Any:
            return iter([in_flight(f"c{number}") for number in range(300)])

    sidecar.shown.calls = Changing()
    time.sleep(1.5)
    told = b""
    while more := slow.recv(1 << 20):
        told += more
    assert not told.endswith(b"0\r\n\r\n")  # it was broken off, and not ended


@pytest.mark.parametrize("accept", ["application/json", "text/html,application/xml", ""])
def test_who_does_not_take_events_is_given_none(server: AppServer, ask: Ask, accept: str):
    reply = ask(server, "GET", "/api/events", Accept=accept)
    assert (reply.status, reply.headers["content-type"]) == (406, "application/problem+json")
    assert "text/event-stream" in json.loads(reply.body)["detail"]


@pytest.mark.parametrize("accept", ["*/*", "text/*", "TEXT/EVENT-STREAM", "text/html, text/event-stream;q=0.5"])
def test_who_takes_events(accept: str):
    assert is_acceptable(accept)


def test_server_stops__its_streams_end_at_once(servers: Servers, sidecar: Any, log: Any):
    server = AppServer("127.0.0.1", 0, "control.listen", log.events)
    servers.do(server.start(control_app(sidecar, "127.0.0.1")))
    with socket.create_connection((server.host, server.port), timeout=10) as connection:
        connection.sendall(REQUEST)
        read_until(connection, b"event: snapshot")
        begun = time.monotonic()
        servers.do(server.stop())
        assert time.monotonic() - begun < 1.5
        assert read_until(connection, b"0\r\n\r\n")


def test_restart__the_stream_can_be_had_again(servers: Servers, sidecar: Any, log: Any):
    app = control_app(sidecar, "127.0.0.1")
    for _ in range(2):
        server = AppServer("127.0.0.1", 0, "control.listen", log.events)
        servers.do(server.start(app))
        with socket.create_connection((server.host, server.port), timeout=10) as connection:
            connection.sendall(REQUEST)
            read_until(connection, b"event: snapshot")
            servers.do(server.stop())
