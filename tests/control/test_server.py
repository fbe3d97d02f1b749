import asyncio
import http.client
import io
import json
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from sidecar.control.server import AppServer, bind
from sidecar.errors import SettingsError
from sidecar.telemetry.log import Log

Ask = Callable[..., Any]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def broken(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("key=http://u/?key=abc")


@pytest.fixture
def events(log: Log) -> Any:
    return log.events


def test_port_0_takes_a_free_one_and_says_which(serve: Callable[..., AppServer], ask: Ask):
    server = serve(hello)
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert ask(server, "GET", "/").body == b"hello"


def test_the_reply_does_not_say_what_serves_it(serve: Callable[..., AppServer], ask: Ask):
    assert "server" not in ask(serve(hello), "GET", "/").headers


def test_two_servers_share_one_loop(serve: Callable[..., AppServer], ask: Ask):
    one, two = serve(hello), serve(hello)
    assert one.port != two.port
    assert ask(one, "GET", "/").status == ask(two, "GET", "/").status == 200


def test_an_address_in_use_is_an_error_that_names_the_setting_and_the_port(events: Any):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as refused:
            AppServer("127.0.0.1", port, "control.listen", events)
    assert str(refused.value).startswith(f"control.listen: 127.0.0.1:{port} is in use; ")


@pytest.mark.parametrize(
    ("host", "problem"),
    [("192.0.2.1", "can't be bound"), ("x" * 64, "is no address of this machine")],
)
def test_an_address_that_is_not_ours_is_an_error(host: str, problem: str):
    with pytest.raises(SettingsError, match=problem):
        bind(host, 0, "observe.listen")


def test_ipv6_is_served_where_there_is_any(events: Any):
    try:
        server = AppServer("::1", 0, "control.listen", events)
    except SettingsError:
        pytest.skip("this machine has no ::1; NOT CHECKED: serving over IPv6")
    assert server.url == f"http://[::1]:{server.port}"
    asyncio.run(server.stop())


def test_a_stopped_server_accepts_nothing(events: Any):
    async def run() -> AppServer:
        server = AppServer("127.0.0.1", 0, "control.listen", events)
        await server.start(hello)
        await server.stop()
        await server.stop()
        return server

    server = asyncio.run(run())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)


def test_an_idle_connection_does_not_hold_up_the_stop(events: Any):
    async def run() -> float:
        server = AppServer("127.0.0.1", 0, "control.listen", events)
        await server.start(hello, stop_seconds=5)
        connection = http.client.HTTPConnection(server.host, server.port)
        await asyncio.to_thread(connection.request, "GET", "/")
        (await asyncio.to_thread(connection.getresponse)).read()
        begun = time.perf_counter()
        await server.stop()
        connection.close()
        return time.perf_counter() - begun

    assert asyncio.run(run()) < 2


def test_a_reply_that_never_ends_is_cut_when_its_time_is_over(events: Any):
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.Event().wait()

    async def run() -> float:
        server = AppServer("127.0.0.1", 0, "control.listen", events)
        await server.start(endless, stop_seconds=1)
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"x\r\n")
        begun = time.perf_counter()
        await server.stop()
        writer.close()
        return time.perf_counter() - begun

    assert asyncio.run(run()) < 3


def test_signals_stay_with_the_program(events: Any):
    seen = []

    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: seen.append("SIGTERM"))
        server = AppServer("127.0.0.1", 0, "control.listen", events)
        await server.start(hello)
        os.kill(os.getpid(), signal.SIGTERM)
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"hello" in await reader.read()
        writer.close()
        await server.stop()

    asyncio.run(run())
    assert seen == ["SIGTERM"]


def test_an_application_that_fails_is_in_our_log_and_nowhere_else(
    serve: Callable[..., AppServer], ask: Ask, log: Log, log_file: io.BytesIO, capsys: pytest.CaptureFixture[str]
):
    root = logging.getLogger().handlers[:]
    server = serve(broken)
    assert ask(server, "GET", "/").status == 500
    log.close()
    line = log_file.getvalue().decode()
    event = json.loads(line)
    assert (event["level"], event["event"]) == ("error", "http_server")
    assert "RuntimeError" in event["exception"]
    assert "abc" not in line
    assert capsys.readouterr() == ("", "")
    assert logging.getLogger().handlers == root


def test_failure_is_logged_also_where_somebody_has_silenced_the_loggers_that_there_were(
    serve: Callable[..., AppServer], ask: Ask, log: Log, log_file: io.BytesIO
):
    logging.getLogger("uvicorn.error").disabled = True  # as `logging.config.dictConfig` leaves it
    assert ask(serve(broken), "GET", "/").status == 500
    log.close()
    assert b"RuntimeError" in log_file.getvalue()
