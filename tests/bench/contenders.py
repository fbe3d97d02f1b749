"""Who is compared: how each is started, and which processes are charged for its work.

The upstream is an nginx that answers every call with the same Gemini reply; load and upstream share CPU 0, the contender
has CPU 1 for itself. Everything of ours is switched on: metering, ledger, metrics, a log line a call. nginx writes a
JSON access log, as we do.
"""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PATH = "/gemini/v1/models/gemini-2.5-flash:generateContent"
REPLY = json.dumps(
    {
        "candidates": [
            {
                "content": {"parts": [{"text": "Something useful about the sea. " * 12}], "role": "model"},
                "finishReason": "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 120,
            "candidatesTokenCount": 96,
            "thoughtsTokenCount": 40,
            "totalTokenCount": 256,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 120}],
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "r-1",
    }
)
HERE = Path(__file__).parent


class Contender:
    """A running proxy, or the upstream itself."""

    def __init__(self, name: str, port: int, process: subprocess.Popen[bytes] | None) -> None:
        self.name, self.port, self._process = name, port, process

    def cpu_ns(self) -> int:
        """CPU time of all its processes so far, user and system, from the kernel's per-process clock."""
        return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in self.pids())

    def resident_kib(self) -> int:
        """Resident memory of all its processes."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
        return total

    def pids(self) -> list[int]:
        """Its processes: the one we started and its children."""
        if self._process is None:
            return []
        root = self._process.pid
        children = Path(f"/proc/{root}/task/{root}/children").read_text().split()
        return [root, *map(int, children)]


def on_cpu(number: int, command: list[str]) -> list[str]:
    """The command, pinned where there is a second CPU to pin it to."""
    return ["taskset", "-c", str(number % (os.cpu_count() or 1)), *command]


@contextmanager
def all_contenders(run: Path, ports: tuple[int, int, int]) -> Iterator[list[Contender]]:
    """The upstream ("direct"), nginx and the sidecar, all up."""
    upstream, nginx, sidecar = ports
    with ExitStack() as stack:
        stack.enter_context(_nginx(run, "upstream", 0, PORT=upstream, REPLY=REPLY))
        proxy = stack.enter_context(_nginx(run, "nginx", 1, PORT=nginx, UPSTREAM=upstream))
        ours = stack.enter_context(_sidecar(run, sidecar, upstream))
        contenders = [
            Contender("direct", upstream, None),
            Contender("nginx", nginx, proxy),
            Contender("sidecar", sidecar, ours),
        ]
        for contender in contenders:
            _wait_until_it_answers(contender)
        yield contenders


@contextmanager
def _nginx(run: Path, name: str, cpu: int, **values: object) -> Iterator[subprocess.Popen[bytes]]:
    text = (HERE / f"{name}.conf.in").read_text()
    for key, value in {"RUN": run, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    settings = run / f"{name}.conf"
    settings.write_text(text)
    with _process(on_cpu(cpu, ["nginx", "-c", str(settings)]), run / f"{name}.log", {}) as process:
        yield process


@contextmanager
def _sidecar(run: Path, port: int, upstream: int) -> Iterator[subprocess.Popen[bytes]]:
    variables = {
        "SIDECAR_PROXY__LISTEN": f"127.0.0.1:{port}",
        "SIDECAR_CONTROL__LISTEN": "127.0.0.1:0",
        "SIDECAR_OBSERVE__LISTEN": "127.0.0.1:0",
        "SIDECAR_LEDGER__URL": f"sqlite:///{run}/ledger.db",
        "SIDECAR_UPSTREAMS__GEMINI__URL": f"http://127.0.0.1:{upstream}",
    }
    with _process(on_cpu(1, [sys.executable, "-m", "sidecar", "serve"]), run / "sidecar.log", variables) as process:
        yield process


@contextmanager
def _process(command: list[str], log: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **variables})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_it_answers(contender: Contender, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{contender.port}{PATH}", b"{}", method="POST")
            with urllib.request.urlopen(request, timeout=5) as reply:
                assert reply.read() == REPLY.encode()
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
