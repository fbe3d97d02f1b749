"""The application of the examples works, knows nothing of the sidecar, and ends when it is told to."""

import importlib.util
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from types import ModuleType

import pytest

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.deploy.kustomize import KUBERNETES

ASK = KUBERNETES / "examples" / "ask.py"


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator() as running:
        yield running


def environment(simulator: RunningSimulator) -> dict[str, str]:
    return {"GOOGLE_GEMINI_BASE_URL": simulator.url, "GEMINI_API_KEY": "put-your-key-here", "PATH": os.environ["PATH"]}


def test_it_asks_where_the_variable_says_and_prints_the_answer(simulator: RunningSimulator):
    command = [sys.executable, "-W", "error", str(ASK), "once", "Why?"]
    ran = subprocess.run(command, env=environment(simulator), capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.strip()


def test_without_arguments_it_says_how_it_is_called(simulator: RunningSimulator):
    ran = subprocess.run([sys.executable, str(ASK)], env=environment(simulator), capture_output=True, text=True)
    assert ran.returncode == 2
    assert "ask.py once QUESTION" in ran.stderr


@pytest.fixture
def served(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address at which it serves."""
    for name, value in environment(simulator).items():
        monkeypatch.setenv(name, value)
    with ThreadingHTTPServer(("127.0.0.1", 0), loaded().Asking) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ask", ASK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_serves_answers(served: str):
    with urllib.request.urlopen(f"{served}/?question=Why") as reply:
        assert reply.status == 200
        assert reply.read().strip()


def test_its_readiness_asks_nobody(served: str, simulator: RunningSimulator):
    before = simulator.bill.total_usd
    with urllib.request.urlopen(f"{served}/healthz") as reply:
        assert reply.read() == b"ok\n"
    assert simulator.bill.total_usd == before


def test_sigterm_ends_it():
    """As the first process of its container it would ignore the signal without a handler, and hold the pod up."""
    with pytest.raises(SystemExit) as ended:
        loaded().leave(15, None)
    assert ended.value.code == 0
