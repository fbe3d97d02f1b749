"""The sidecar of a run, told that all of its callers have ended."""

import asyncio
import json
import urllib.request
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.protocol import State

from sidecar.clock import SystemClock
from sidecar.companion.sidecar_of_run import EVIDENCE, SidecarOfRun, settings_of_run, usd_of
from sidecar.config.groups import Mode
from sidecar.config.load import load
from sidecar.local_authority import is_wanted
from sidecar.money_so_far import NOTHING, MoneySoFar
from sidecar.simulator.server import Simulator
from sidecar.telemetry.log import open_log


class Nowhere:
    def write(self, data: memoryview, /) -> int | None:
        return len(data)


def sidecar_in(directory: Path, url: str, mode: Mode) -> SidecarOfRun:
    variables = {
        "SIDECAR_LEDGER__URL": f"sqlite:///{directory}/ledger.db", "SIDECAR_UPSTREAMS__OPENAI__URL": url,
        "SIDECAR_UPSTREAMS__GEMINI__URL": url, "SIDECAR_MODE": mode.value, "SIDECAR_PROXY__LISTEN": "0.0.0.0:8780",
    }  # fmt: skip
    settings = settings_of_run(load({}, variables).settings)
    return SidecarOfRun(settings, open_log(SystemClock(), "error", "json", Nowhere()))


def post(url: str, body: object, script: str) -> str:
    headers = {"Content-Type": "application/json", "X-Simulator": script, "Authorization": "Bearer k"}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as reply:
        return str(reply.read().decode())


async def until(is_so: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not is_so():
            await asyncio.sleep(0.02)


def test_money_of_a_call_is_an_amount_or_not_known() -> None:
    assert usd_of(NOTHING) is None
    assert usd_of(MoneySoFar("0.25", None)) == Decimal("0.25")


def test_addresses_are_free_ones_of_this_machine__and_the_rest_is_as_set() -> None:
    variables = {
        "SIDECAR_PROXY__LISTEN": "0.0.0.0:8780",
        "SIDECAR_PROXY__VIA": "me",
        "SIDECAR_DRAIN__DEADLINE_SECONDS": "9",
    }
    settings = settings_of_run(load({}, variables).settings)
    assert {str(group.listen) for group in (settings.proxy, settings.control, settings.observe)} == {"127.0.0.1:0"}
    assert settings.proxy.via == "me"
    assert settings.drain.deadline_seconds == 0


def test_https_calls_come_here__then_tunnels_are_taken_whatever_is_set() -> None:
    variables = {"SIDECAR_PROXY__CONNECT__OTHERS": "refuse", "SIDECAR_PROXY__CONNECT__PORTS": "[8443]"}
    found = load({}, variables).settings
    connect = settings_of_run(found, intercepts=True).proxy.connect
    assert (connect.intercept, connect.others) == (True, "refuse")
    assert {1, 443, 65535} <= set(connect.ports)


def test_no_https_call_comes_here__then_no_authority_is_needed_that_is_set_for_others() -> None:
    variables = {"SIDECAR_PROXY__CONNECT__INTERCEPT": "true", "SIDECAR_PROXY__TLS__LOCAL": "true"}
    assert not is_wanted(settings_of_run(load({}, variables).settings))


@pytest.mark.anyio
async def test_process_that_opened_it_ends__then_nothing_is_judged_before_the_last_one_has(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        sidecar = sidecar_in(tmp_path, simulator.url, Mode.ENFORCE)
        proxy = (await sidecar.start())["proxy"]
        body = {"model": "gpt-5-mini", "input": "hello", "background": True}
        await asyncio.to_thread(post, f"{proxy}/openai/v1/responses", body, "never_ending=1 seconds=60")
        sidecar._operating._exits._gone([(await sidecar.operations_of_run())[0].id], "process 1 exited")
        await asyncio.sleep(0.5)
        (running,) = await sidecar.operations_of_run()
        assert running.state == "running"
        assert [orphan.kind for orphan in sidecar.orphaned_operations([running])] == ["background"]
        sidecar.callers_have_ended()
        sidecar.operations_abandoned([running.id])
        await until(lambda: [seen.state for seen in simulator.operations] == ["cancelled"])
        moves = await sidecar.moves(running.id)
        assert EVIDENCE in [move.evidence for move in moves]
        assert (await sidecar.operations_of_run())[0].gone_reason == "process_exited"
        await sidecar.stop()


@pytest.mark.anyio
async def test_caller_has_left__then_its_call_is_an_orphan_until_it_ends(tmp_path: Path) -> None:
    async with Simulator() as simulator:
        sidecar = sidecar_in(tmp_path, simulator.url, Mode.OBSERVE)
        host, _, port = (await sidecar.start())["proxy"].removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        body = b'{"contents":[{"parts":[{"text":"hello"}]}]}'
        writer.write(
            b"POST /gemini/v1beta/models/gemini-2.5-pro:generateContent HTTP/1.1\r\nHost: x\r\nX-Simulator: seconds=0.5\r\n"
            b"X-Simulator-Call: left\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        await simulator.reached("left", "received")
        assert sidecar.is_busy()
        assert not sidecar.orphaned_calls()
        writer.close()
        await until(sidecar.orphaned_calls)
        (orphan,) = sidecar.orphaned_calls()
        assert (orphan.upstream, orphan.model, orphan.kind) == ("gemini", "gemini-2.5-pro", "unary")
        await until(lambda: not sidecar.is_busy())
        await sidecar.stop()


LIVE = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
SETUP = {"setup": {"model": "models/gemini-3.1-flash-live-preview", "sessionResumption": {}}}
TURN = {"clientContent": {"turns": [{"role": "user", "parts": [{"text": "hello"}]}], "turnComplete": True}}


@pytest.mark.anyio
@pytest.mark.parametrize("is_last_to_know", [True, False])
async def test_session_could_be_gone_on_with__then_nobody_waits_for_that_when_all_have_ended(
    tmp_path: Path, is_last_to_know: bool
) -> None:
    async with Simulator() as simulator:
        sidecar = sidecar_in(tmp_path, simulator.url, Mode.OBSERVE)
        address = (await sidecar.start())["proxy"].replace("http", "ws", 1) + f"/gemini/ws/{LIVE}?key=k"
        headers = {"X-Simulator": "hold=1 seconds=0.1", "X-Simulator-Call": "spoken"}
        async with connect(address, additional_headers=headers) as socket:
            await socket.send(json.dumps(SETUP))
            while "sessionResumptionUpdate" not in json.loads(await socket.recv()):
                pass
            await socket.send(json.dumps(TURN))
            await simulator.reached("spoken/1", "held")
            assert sidecar.is_busy()
            if is_last_to_know:
                sidecar.callers_have_ended()
            socket.transport.abort()
            await until(lambda: socket.state is State.CLOSED)
        if not is_last_to_know:
            await until(lambda: sidecar._context.resumptions.is_holding)
            sidecar.callers_have_ended()
        await until(lambda: not sidecar.is_busy(), 3.0)
        await sidecar.stop()
