"""Programs whose provider has a fixed address, led here by HTTPS_PROXY and an authority alone: metered as by a base URL.

httpx2, requests, aiohttp, curl and Node.js's fetch, before a simulated provider that speaks TLS at its own name.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sidecar.lifecycle.record import CallRecord
from tests.end_to_end import intercepted_clients
from tests.end_to_end.intercept_rig import OPENAI, Scene, a_land, a_scene, made_authority
from tests.end_to_end.intercepted_clients import LIBRARIES, Ask, Told
from tests.end_to_end.node_program import node_command
from tests.end_to_end.sdk_road import of_any_answer

URL = f"https://{OPENAI}/v1/chat/completions"
STREAM_SECONDS = 0.4
FETCH = "fetch"
ITS_OWN = {"id", "started_at", "committed_at", "answered_at", "finished_at", "settled_at", "held_milliseconds"}
"""Fields in which two calls differ that are alike."""


def ask(name: str, url: str, *, is_stream: bool = False) -> Ask:
    """A call of this name."""
    script = f"seconds={STREAM_SECONDS} chunks=5 output=20" if is_stream else "seconds=0 output=20"
    headers = {"X-Sidecar-Caller": name, "X-Simulator-Call": name, "X-Simulator": script, "Authorization": "Bearer k"}
    body: dict[str, Any] = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Tell me about the sea."}]}
    return {"url": url, "headers": headers, "body": {**body, "stream": True} if is_stream else body}


def by_library(scene: Scene, library: str, asked: list[Ask]) -> list[Told]:
    """A Python program with one library."""
    return list(json.loads(scene.told([sys.executable, intercepted_clients.__file__, library, json.dumps(asked)])))


def by_curl(scene: Scene, _name: str, asked: list[Ask]) -> list[Told]:
    """curl, once for each."""
    return [_curled(scene, each) for each in asked]


def _curled(scene: Scene, one: Ask) -> Told:
    headers = [word for name, value in one["headers"].items() for word in ("-H", f"{name}: {value}")]
    told = "%{stderr}%{http_code} %{time_starttransfer} %{time_total}"
    done = subprocess.run(
        ["curl", "-sSN", "-w", told, *headers, "--json", json.dumps(one["body"]), one["url"]],
        env=scene.variables, capture_output=True, check=True,
    )  # fmt: skip
    status, began, ended = done.stderr.decode().split()
    return {"status": int(status), "body": done.stdout.decode("latin-1"), "seconds": float(ended) - float(began)}


def by_fetch(scene: Scene, _name: str, asked: list[Ask]) -> list[Told]:
    """Node.js."""
    return list(json.loads(scene.told([*node_command("fetch.mjs"), json.dumps(asked)])))


PROGRAMS: dict[str, Callable[[Scene, str, list[Ask]], list[Told]]] = {
    **dict.fromkeys(LIBRARIES, by_library), "curl": by_curl, FETCH: by_fetch,
}  # fmt: skip
EACH = [pytest.param(name, marks=[pytest.mark.part("node")] if name == FETCH else []) for name in PROGRAMS]
in_each = pytest.mark.parametrize("name", EACH)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("intercepted")
    with a_land(directory) as land, a_scene(directory, land, made_authority(directory)) as running:
        yield running


@pytest.fixture(scope="module")
def told(scene: Scene) -> dict[str, Callable[[], list[Told]]]:
    """By program: what came of a call by the proxy, one by a base URL, and a stream by the proxy. They run two at a time."""
    pool = ThreadPoolExecutor(2)

    def begun(name: str) -> Callable[[], list[Told]]:
        asked = [
            ask(name, URL),
            ask(name, f"{scene.sidecar.proxy}/openai/v1/chat/completions"),
            ask(name, URL, is_stream=True),
        ]
        return pool.submit(PROGRAMS[name], scene, name, asked).result

    return {name: begun(name) for name in PROGRAMS}


def alike(row: CallRecord) -> dict[str, Any]:
    """A row without what is of this one call."""
    return {name: value for name, value in msgspec.structs.asdict(row).items() if name not in ITS_OWN}


@in_each
def test_row_is_that_of_a_base_url(scene: Scene, told: dict[str, Callable[[], list[Told]]], name: str) -> None:
    assert [each["status"] for each in told[name]()] == [200, 200, 200]
    by_proxy, by_base_url, _ = scene.rows(name, 3)
    assert alike(by_proxy) == alike(by_base_url)
    assert (by_proxy.upstream, by_proxy.outcome, by_proxy.basis) == ("openai", "delivered", "exact")
    assert by_proxy.spend_usd


@in_each
def test_answer_is_that_of_a_base_url(told: dict[str, Callable[[], list[Told]]], name: str) -> None:
    by_proxy, by_base_url, _ = told[name]()
    assert of_any_answer(by_proxy["body"]) == of_any_answer(by_base_url["body"])


@in_each
def test_stream_comes_as_it_is_made_and_is_metered(
    scene: Scene, told: dict[str, Callable[[], list[Told]]], name: str
) -> None:
    *_, streamed = told[name]()
    row = scene.rows(name, 3)[-1]
    entry = scene.land.simulator.bill.of(name)[-1]
    assert streamed["seconds"] > STREAM_SECONDS / 2
    assert hashlib.sha256(streamed["body"].encode("latin-1")).hexdigest() == entry.reply_sha256
    assert (row.kind, row.outcome) == ("stream", "delivered")


def test_connection_is_kept__then_many_calls_come_by_one_handshake(
    scene: Scene, told: dict[str, Callable[[], list[Told]]]
) -> None:
    told["requests"]()
    before = scene.sidecar.total("tls_handshakes_total", result="made")
    by_library(scene, "requests", [ask("kept", URL) for _ in range(5)])
    assert len(scene.rows("kept", 5)) == 5
    assert scene.sidecar.total("tls_handshakes_total", result="made") == before + 1


def test_nothing_secret_comes_to_disk(scene: Scene) -> None:
    kept = [path for path in Path(scene.ca).parent.iterdir() if path.is_file()]
    assert all(b"PRIVATE KEY" not in path.read_bytes() for path in kept if path.name != "provider.pem")
    assert (scene.ca / "ca-key.pem").stat().st_mode & 0o777 == 0o600
