"""Real inference servers, each in processes of its own, computing on one thread, and what they say of themselves."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.processes import Running
from tests.real.fetch import LLAMA_PYTHON, LLAMA_SERVER, VLLM, VLLM_PYTHON
from tests.real.watch import Watch

HERE = Path(__file__).parent
CONTEXT_TOKENS = 8192
SLOTS = 2
"""Of llama-server, which share its context."""
PATIENCE_SECONDS = 60.0


class Tokens(NamedTuple):
    """An engine's own counters: tokens that it processed since it started."""

    prompt: int
    predicted: int


class Engine:
    """A server. `counters` is None where it has none."""

    name: str
    fetched_as: str
    ready_path: str
    model_command: tuple[str, ...]
    """Writes its model to the path that is added."""
    variables: Mapping[str, str] = {}
    start_seconds = 60.0
    stops_within_seconds = 0.3
    """Of leaving, where it stops: seeing it, closing, one more token, and our looks."""
    every_seconds = 0.02
    """Between two looks at it: seldom enough not to disturb."""
    tokens = 1000
    """Asked for, and made, for the models do not end by themselves: some seconds of work."""
    asked_too: Mapping[str, Any] = {}
    """What a request has to say so that as many tokens are made as were asked for."""

    def __init__(self, running: Running, url: str) -> None:
        self._running, self.url = running, url

    @staticmethod
    def command(model: Path, port: int) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    def counters(self) -> Tokens | None:
        """What it has counted up to now."""
        return None

    def made_tokens(self) -> Callable[[], int] | None:
        """Tells the tokens made from now on, those of the call that it works on included."""
        return None

    def watch(self) -> Watch:
        """A watch on what it does from now on."""
        return Watch(self._running.pids(), self.made_tokens(), self.every_seconds)

    def get(self, path: str) -> str:
        """A page of its own."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=PATIENCE_SECONDS) as reply:
            return str(reply.read().decode())

    def sample(self, name: str) -> int:
        """The one sample of a counter on its /metrics."""
        found = re.search(rf"^{name}(?:{{.*}})? (\S+)$", self.get("/metrics"), re.MULTILINE)
        assert found, f"{self.name} has no {name}"
        return int(float(found[1]))

    def wait_until_ready(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + self.start_seconds
        while time.monotonic() < deadline:
            assert not self._running.has_ended(), f"{self.name} ended by itself"
            try:
                self.get(self.ready_path)
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{self.name} did not answer within {self.start_seconds:.0f} s")


class LlamaServer(Engine):
    """llama.cpp's own server. It counts a call when its slot is released, and is not asked before.

    It looks for the caller of a whole answer when nothing at all happened in its queue of results for a second
    (`recv_with_timeout`): whoever asks for `/slots` or `/metrics` more often than that keeps abandoned calls alive. So does any
    other call that streams, which `test_beside_a_stream` shows.
    """

    name = "llama-server"
    fetched_as = "llama_cpp"
    ready_path = "/health"
    model_command = (str(LLAMA_PYTHON), str(HERE / "random_gguf.py"))
    stops_within_seconds = 1.3

    @staticmethod
    def command(model: Path, port: int) -> list[str]:
        slots = ["--parallel", str(SLOTS), "--threads", "1", "--threads-batch", "1", "--ctx-size", str(CONTEXT_TOKENS)]
        address = ["--host", "127.0.0.1", "--port", str(port)]
        return [
            str(LLAMA_SERVER),
            "--model",
            str(model),
            "--alias",
            "random",
            *slots,
            *address,
            "--metrics",
            "--slots",
            "--no-webui",
        ]

    def counters(self) -> Tokens:
        prompt = self.sample("llamacpp:prompt_tokens_total") + self.sample("llamacpp:prompt_tokens_cached_total")
        return Tokens(prompt, self.sample("llamacpp:tokens_predicted_total"))

    def calls_at_work(self) -> int:
        """How many of its slots compute at this moment."""
        return sum(slot["is_processing"] for slot in json.loads(self.get("/slots")))


class Vllm(Engine):
    """vLLM on a CPU. `/metrics` counts every step; it is a large page, so it is looked at less often.

    Its engine process waits for the worker by spinning, so that the two take two CPUs however many threads compute. Where there
    are only two, its HTTP process comes late: a stream may lump, a departure be seen late, without a sidecar too. Of 13 answers
    that were dropped midway without one, ten stopped within 0.08 s, two within 0.4 s, one after 1.1 s. Hence more tokens, so that
    a caller is midway when it is killed, and a wider bound; that the engine stopped is told by its counter.
    """

    name = "vLLM"
    fetched_as = "vllm"
    ready_path = "/health"
    model_command = (str(VLLM_PYTHON), str(HERE / "random_checkpoint.py"))
    variables: Mapping[str, str] = {
        "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    start_seconds = 300.0
    stops_within_seconds = 2.0
    tokens = 3000
    every_seconds = 0.05
    asked_too: Mapping[str, Any] = {"ignore_eos": True}

    @staticmethod
    def command(model: Path, port: int) -> list[str]:
        serving = ["--served-model-name", "random", "--dtype", "float32", "--max-model-len", str(CONTEXT_TOKENS)]
        address = ["--host", "127.0.0.1", "--port", str(port)]
        return [str(VLLM_PYTHON), str(VLLM), "serve", str(model), *serving, "--enforce-eager", *address]

    def counters(self) -> Tokens:
        return Tokens(self.sample("vllm:prompt_tokens_total"), self.sample("vllm:generation_tokens_total"))

    def made_tokens(self) -> Callable[[], int]:
        before = self.counters().predicted
        return lambda: self.counters().predicted - before


class PythonServer(Engine):
    """llama-cpp-python's server. It counts nothing: its CPU clock is the witness."""

    name = "llama-cpp-python"
    fetched_as = "llama_cpp"
    ready_path = "/v1/models"
    model_command = LlamaServer.model_command

    @staticmethod
    def command(model: Path, port: int) -> list[str]:
        threads = ["--n_threads", "1", "--n_threads_batch", "1", "--n_ctx", str(CONTEXT_TOKENS)]
        address = ["--host", "127.0.0.1", "--port", str(port)]
        return [str(LLAMA_PYTHON), "-m", "llama_cpp.server", "--model", str(model), *threads, *address]


@contextmanager
def running(kind: type[Engine], port: int, folder: Path) -> Iterator[Engine]:
    """An engine that answers, with a model of its own. What it prints goes to a file of that folder."""
    model = folder / "model"
    subprocess.run([*kind.model_command, str(model)], check=True, stdout=sys.stderr)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            kind.command(model, port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, **kind.variables},
        )  # fmt: skip
    started = Running(process)
    try:
        engine = kind(started, f"http://127.0.0.1:{port}")
        engine.wait_until_ready()
        yield engine
    finally:
        started.end()
