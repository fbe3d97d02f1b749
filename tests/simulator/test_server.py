"""The simulator on its socket: inside a loop, and in a thread."""

import asyncio
import json
import socket
import time
import urllib.error
import urllib.request

import pytest

from sidecar.simulator.catalog import catalog_of
from sidecar.simulator.prices import tokens
from sidecar.simulator.script import Script
from sidecar.simulator.server import Simulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.certificates import Certificate
from tests.simulator.callers import STREAM, UNARY, VanishingCaller, ask, question
from tests.simulator.live_callers import GEMINI, live_caller

MANY = 200


async def one_call(simulator: Simulator, script: str) -> bytes:
    reader, writer = await asyncio.open_connection(simulator.host, simulator.port)
    body = question()
    head = f"POST {STREAM} HTTP/1.1\r\nHost: s\r\nConnection: close\r\nX-Simulator: {script}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    return reply


def test_in_a_loop__serves_and_settles():
    async def scene() -> None:
        async with Simulator() as simulator:
            assert simulator.url == f"http://127.0.0.1:{simulator.port}"
            assert b'"finishReason": "STOP"' in await one_call(simulator, "seconds=0")
            await simulator.settled()
            assert len(simulator.bill.entries) == 1

    asyncio.run(scene())


def test_many_at_once__all_are_served_in_their_time():
    async def scene() -> None:
        async with Simulator() as simulator:
            replies = await asyncio.gather(*(one_call(simulator, "seconds=0.2 output=50") for _ in range(MANY)))
            assert all(b'"candidatesTokenCount": 50' in reply for reply in replies)
            await simulator.settled()
            assert len(simulator.bill.entries) == MANY

    asyncio.run(scene())


def test_closing__stops_the_work_and_charges_for_what_is_made():
    with running_simulator() as simulator, VanishingCaller(simulator, STREAM, script="seconds=0 hold=3 chunks=10"):
        simulator.reached("a-call", "held")
        bill = simulator.bill
    (entry,) = bill.entries
    assert (entry.finished_how, entry.http_status) == ("stopped", 200)


def test_closing__does_not_wait_for_anybody_at_the_desk():
    began = time.monotonic()
    with running_simulator() as simulator:
        waiting = socket.create_connection((simulator.host, simulator.port))
        waiting.sendall(b"GET /simulator/wait?call=never&until=billed HTTP/1.1\r\nHost: s\r\n\r\n")
        ask(simulator, UNARY, script="seconds=0")
    assert waiting.recv(1) == b""
    waiting.close()
    assert time.monotonic() - began < 5


def test_settings__a_default_script_and_models_of_ones_own():
    settings = Settings(script=Script(seconds=0.0, output=7), catalog=catalog_of({"house-model": tokens(input="1")}))
    with running_simulator(settings) as simulator:
        answer = ask(simulator, "/v1/models/house-model:generateContent")
        assert answer.content["usageMetadata"]["candidatesTokenCount"] == 7
        assert ask(simulator, UNARY).status == 404


def test_a_port_in_use__is_said_where_it_was_asked_for():
    with running_simulator() as simulator, pytest.raises(OSError, match="in use"):
        running_simulator(Settings(port=simulator.port)).__enter__()


def test_waiting_too_long__an_error():
    with running_simulator(timeout=0.01) as simulator, pytest.raises(TimeoutError):
        simulator.reached("nobody", "received")


def test_certificate__calls_and_sockets_go_over_tls(certificate: Certificate):
    settings = Settings(certificate_file=certificate.certificate_file, key_file=certificate.key_file)
    trusted = certificate.trusted()
    with running_simulator(settings) as simulator:
        assert simulator.url == f"https://127.0.0.1:{simulator.port}"
        body = urllib.request.Request(f"{simulator.url}{UNARY}", question(), {"X-Simulator": "seconds=0"})
        with urllib.request.urlopen(body, timeout=30, context=trusted) as reply:
            assert json.load(reply)["candidates"]
        with live_caller(simulator, GEMINI, "seconds=0 output=5000 chunks=50", context=trusted) as caller:
            caller.set_up()
            caller.ask()
            assert len(caller.hear_until("turnComplete")) == 52
        simulator.settled()
        assert [entry.kind for entry in simulator.bill.entries] == ["unary", "live"]


def test_certificate__who_does_not_trust_it_asks_nothing(certificate: Certificate):
    settings = Settings(certificate_file=certificate.certificate_file, key_file=certificate.key_file)
    with running_simulator(settings) as simulator:
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urllib.request.urlopen(f"{simulator.url}/v1/models", timeout=30)
        assert simulator.bill.entries == ()
