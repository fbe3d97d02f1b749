"""The control API of a real sidecar: by whatever requests schemathesis makes up, as a stream, and over a Unix socket."""

import json
import os
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sidecar.cli.asking import ask
from sidecar.config.addresses import Address
from sidecar.simulator.server import RunningSimulator
from tests.end_to_end.control_stream import Caller, Stream, watching
from tests.end_to_end.rig import RunningSidecar, running_sidecar

SHORT = "seconds=0.1 chunks=2 prompt=10 output=5"
LONG = "seconds=3 chunks=30 prompt=100 output=300 on_close=runs_on"
TOKEN = "canary-0123456789abcdef"
CONTROL = {"X-Sidecar-Control": "true"}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("control")


@pytest.fixture(scope="module")
def own(directory: Path, simulator: RunningSimulator) -> Iterator[RunningSidecar]:
    settings = {"UPSTREAMS__OPENAI__URL": simulator.url, "OPERATIONS__WATCH": "false"}
    with running_sidecar(directory, simulator, settings) as running:
        yield running


def got(sidecar: RunningSidecar, path: str) -> Any:
    with urllib.request.urlopen(f"{sidecar.control}{path}", timeout=20) as reply:
        return json.loads(reply.read())


def open_operation(sidecar: RunningSidecar) -> str:
    """Open one that goes on for ever; returns our id of it."""
    body = json.dumps({"model": "gpt-5-mini", "input": "hi", "background": True}).encode()
    fields = {
        "Authorization": "Bearer k",
        "Content-Type": "application/json",
        "X-Simulator": "never_ending=1 seconds=600",
    }
    with urllib.request.urlopen(
        urllib.request.Request(f"{sidecar.proxy}/openai/v1/responses", body, fields), timeout=20
    ):
        pass
    return str(got(sidecar, "/api/operations")[0]["id"])


def test_call_that_is_orphaned_appears_changes_and_settles(own: RunningSidecar):
    with watching(own.control) as stream:
        stream.until(lambda known: known.state)
        caller = Caller(own.proxy, "leaver", LONG)
        row = stream.until(lambda known: call_of(known, "leaver"))
        assert (row["attachment"], row["orphaned_since"], row["route"]) == ("attached", None, "streamGenerateContent")
        caller.read()
        caller.leave()
        row = stream.until(lambda known: (row := call_of(known, "leaver")) and row["orphaned_since"] and row)
        assert (row["attachment"], row["left_reason"], row["decision"]) == ("orphaned", "rst", "follow")
        settled = stream.until(
            lambda known: next((row for row in known.settled.values() if row["caller"] == "leaver"), None)
        )
        assert row["id"] not in stream.calls
    assert (settled["outcome"], settled["id"]) == ("orphan_finished", row["id"])
    tail = [Decimal(each["orphaned_so_far_usd"]) for each in stream.seen if each["orphaned_so_far_usd"] is not None]
    assert tail == sorted(tail)
    assert len(set(tail)) >= 2, "the orphaned tail was not seen growing"
    assert Decimal(settled["orphaned_usd"]) >= tail[-1] > 0


def call_of(known: Stream, caller: str) -> dict[str, Any] | None:
    return next((row for row in known.calls.values() if row["caller"] == caller), None)


def test_operation_appears_and_is_gone_when_it_is_cancelled(own: RunningSidecar):
    with watching(own.control) as stream:
        id = open_operation(own)
        row = stream.until(lambda known: known.operations.get(id))
        assert row["kind"] == "background"
        request = urllib.request.Request(f"{own.control}/api/operations/{id}/cancel", b"", CONTROL, method="POST")
        with urllib.request.urlopen(request, timeout=20) as reply:
            assert reply.status == 202
        stream.until(lambda known: id not in known.operations)
    assert got(own, f"/api/operations/{id}")["outcome"] in ("cancelled", None)


def test_schemathesis_finds_nothing(own: RunningSidecar, tmp_path: Path):
    """What ends the sidecar is left out, and the stream, which has no end; of ids some are real ones."""
    Caller(own.proxy, "finished", SHORT).read_all()
    call, operation = own.settled("finished")[0]["id"], open_operation(own)
    (tmp_path / "schemathesis.toml").write_text(
        f'[[operations]]\ninclude-path = "/api/calls/{{id}}"\nparameters = {{ "path.id" = "{call}" }}\n'
        f'[[operations]]\ninclude-path = "/api/operations/{{id}}"\nparameters = {{ "path.id" = "{operation}" }}\n'
        f'[[operations]]\ninclude-path = "/api/operations/{{id}}/renew"\nparameters = {{ "path.id" = "{operation}" }}\n'
    )
    left_out = [word for path in ("/quitquitquit", "/api/drain", "/api/events") for word in ("--exclude-path", path)]
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run", f"{own.control}/api/openapi.json", "--url", own.control,
        "-H", "X-Sidecar-Control: true", "--checks", "all", "--seed", "1", "-n", "5", "--no-color", *left_out,
    ]  # fmt: skip
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert not [line for line in own.log if line["level"] == "error"]


def test_restart__the_stream_is_there_again_and_the_ledger_knows_what_was(tmp_path: Path, simulator: RunningSimulator):
    with running_sidecar(tmp_path, simulator) as first:
        Caller(first.proxy, "before", SHORT).read_all()
        first.settled("before")
        with watching(first.control) as stream:
            stream.until(lambda known: any(row["caller"] == "before" for row in known.settled.values()))
            first.process.terminate()
            with pytest.raises(AssertionError, match="the stream has ended"):
                stream.until(lambda _: False)
        first.process.wait(20)
    with running_sidecar(tmp_path, simulator) as second:
        with watching(second.control) as stream:
            stream.until(lambda known: known.state)
            assert stream.settled == {}
        assert [row["caller"] for row in got(second, "/api/calls/history")] == ["before"]
        assert sum(step["calls"] for step in got(second, "/api/spend")) == 1


def test_unix_socket_with_a_token__only_who_brings_it_is_served_and_it_is_told_nowhere(
    tmp_path: Path, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "control.sock"
    settings = {"CONTROL__LISTEN": f"unix:{path}", "CONTROL__TOKEN__ENV": "OUR_TOKEN", "CONTROL__ALLOW_QUIT": "true"}
    monkeypatch.setenv("OUR_TOKEN", TOKEN)
    with running_sidecar(tmp_path, simulator, settings) as running:
        assert (running.control, stat.S_IMODE(path.stat().st_mode)) == (f"unix:{path}", 0o600)
        address = Address(running.control, 0)
        assert ask(address, "GET", "/api/state", 10).status == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        told = ask(address, "GET", "/api/config", 10, bearer)
        assert told.body["control.token.env"]["value"] == "OUR_TOKEN"
        with watching(running.control, TOKEN) as stream:
            assert stream.until(lambda known: known.state)["mode"] == "observe"
        ended = subprocess.run(
            [sys.executable, "-m", "sidecar", "shutdown", "--control", running.control],
            env={**os.environ, "SIDECAR_CONTROL__TOKEN__ENV": "OUR_TOKEN"}, capture_output=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        assert (ended.returncode, ended.stdout) == (0, "ending\n"), ended.stderr
        assert running.process.wait(20) == 0
        assert TOKEN not in json.dumps([told.body, running.log])
    assert not path.exists()
    assert not [file for file in tmp_path.iterdir() if TOKEN.encode() in file.read_bytes()]


def test_socket_beyond_this_machine_without_a_token_is_refused(tmp_path: Path):
    environment = {**os.environ, "SIDECAR_CONTROL__LISTEN": "0.0.0.0:0"}
    command = [sys.executable, "-m", "sidecar", "serve"]
    ran = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode != 0
    assert "is not a loopback address, and there is no control.token" in ran.stderr


def test_drain_is_last(own: RunningSidecar):
    """It changes what the others see."""
    with watching(own.control) as stream:
        stream.until(lambda known: known.state)
        request = urllib.request.Request(f"{own.control}/api/drain", b"", CONTROL, method="POST")
        with urllib.request.urlopen(request, timeout=20) as reply:
            assert json.loads(reply.read()) == {"state": "draining"}
        stream.until(lambda known: known.state["state"] == "draining")
