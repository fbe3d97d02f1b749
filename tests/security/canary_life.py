"""One life of the whole product among canaries, and all that is left of it, place by place.

A sidecar serves every kind of caller and dies of a segmentation fault with what it has in memory; another takes over its ledger,
and the commands are run.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sidecar.simulator.server import RunningSimulator
from tests.certificates import certificate_in
from tests.end_to_end.rig import PATIENCE_SECONDS, RunningSidecar
from tests.security.canaries import OPAQUE, PROMPT, SHAPED
from tests.security.canary_calls import LEAVES, LEFT_BEHIND, RAW, ask, by_sdks, send, talk
from tests.security.canary_stage import CONFIGURED, Stage, Urls
from tests.security.indiscreet import LASTING, indiscreet_provider
from tests.telemetry.collector import Collector, running_collector

ASKS = """
import http.client, json, os, sys, urllib.parse
place = urllib.parse.urlsplit(os.environ["OPENAI_BASE_URL"])
connection = http.client.HTTPConnection(place.netloc)
body = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "PROMPT"}]})
connection.request("POST", place.path + "/chat/completions", body, {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
connection.getresponse().read()
ours = [open(f"/proc/{who}/{what}").read() for who in ("self", os.getppid()) for what in ("cmdline", "comm")]
json.dump({"environment": dict(os.environ), "ps": ours}, open(sys.argv[1], "w"))
""".replace("PROMPT", PROMPT)
"""The command of a run: makes a call, and looks at its own command line and at that of who started it, as ps(1) would."""
BAD: dict[str, dict[str, str]] = {
    "settings": {
        "UPSTREAMS__GROQ__CREDENTIAL": SHAPED["openai"],
        "UPSTREAMS__OPENAI__CREDENTIAL__ENV": SHAPED["openai"],
        "UPSTREAMS__MISTRAL__URL": f"https://me:{OPAQUE}@localhost:x/",
        "UPSTREAMS__LOUD__URL": f"https://localhost/?key={OPAQUE}",
        "UPSTREAMS__COHERE": f"{{credential: {{env: {OPAQUE}",
        "CONTROL__TOKEN__ENV": OPAQUE,
        "OTEL__HEADERS__ENV": f"authorization=Bearer {OPAQUE}",
        "EGRESS__HTTPS_PROXY": f"socks5://me:{OPAQUE}@localhost:x",
        "LEDGER__URL": f"mysql://me:{OPAQUE}@localhost/calls",
    },
    "ledger": {"LEDGER__URL": f"postgresql://me:{OPAQUE}@127.0.0.1:1/calls#x"},
}
"""Settings that can't be used, each with a secret in the wrong place: all that is wrong is said at once."""
COMMANDS = {
    "report": ("report", "--by", "caller"),
    "report --html": ("report", "--html", "report.html"),
    "calls list": ("calls", "list", "--format", "json"),
    "operations list": ("operations", "list", "--format", "json"),
    "config print": ("config", "print"),
    "config check": ("config", "check"),
    "ca create": ("ca", "create"),
}


class Left(NamedTuple):
    """What is left of a life among canaries."""

    places: dict[str, bytes]
    """Everything that was written or said, by where."""
    heard: list[str]
    """The credentials with which the indiscreet provider was asked."""
    crash: int
    """The status of the one that crashed, as waitpid(2) gives it."""
    core_limit: str
    """Of that process, as /proc had it."""
    settled: set[str]
    """Callers whose calls came to the log."""
    stage: Stage
    refused: list[int]
    """The exit statuses with settings that can't be used."""
    seen: dict[str, Any]
    """By the command of a run: its `environment`, and of `ps` what it saw."""


@contextmanager
def canary_life(folder: Path, simulator: RunningSimulator) -> Iterator[Left]:
    """Everything, once."""
    with ExitStack() as stack:
        certificate = certificate_in(folder)
        loud, heard = stack.enter_context(indiscreet_provider())
        untrusted, _ = stack.enter_context(indiscreet_provider(certificate))
        collector = stack.enter_context(running_collector())
        stage = Stage(folder, Urls(simulator.url, loud, untrusted, collector.url))
        first = stage.start()
        stack.callback(_end, first)
        _call(first)
        crash, limit = _crash(stage, first, collector)
        second = stage.start()
        stack.callback(_end, second)
        _take_over(stage, second, heard)
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(lambda one: stage.run(one[0], *one[1]), COMMANDS.items()))
            refused = list(pool.map(lambda one: stage.refuses(*one), BAD.items()))
        seen = _run(stage)
        _keep(stage, collector, first, second)
        settled = {line["caller"] for each in (first, second) for line in each.log if "caller" in line}
        yield Left(stage.places, heard, crash, limit, settled, stage, refused, seen)


def _call(sidecar: RunningSidecar) -> None:
    """Every kind of caller."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda one: ask(sidecar.proxy, *one), RAW.items()))
    for name, raw in LEAVES.items():
        connection = send(sidecar.proxy, name, raw)
        time.sleep(0.2)  # so that the provider works on it
        connection.close()
    talk(sidecar.proxy)
    by_sdks(sidecar.proxy)


def _crash(stage: Stage, sidecar: RunningSidecar, collector: Collector) -> tuple[int, str]:
    """What it has written by now, and its end by a segmentation fault."""
    sidecar.settled("left unary")
    collector.until(lambda: len(collector.spans()) > 20)
    stage.keep_served(sidecar)
    stage.keep_files("while it runs")
    limits = Path(f"/proc/{sidecar.process.pid}/limits").read_text().splitlines()
    ask(sidecar.proxy, "left behind", LEFT_BEHIND)
    while LASTING not in (row["provider_id"] for row in stage.operations(sidecar)):  # until the ledger has it
        time.sleep(0.05)
    os.kill(sidecar.process.pid, signal.SIGSEGV)
    _, status = os.waitpid(sidecar.process.pid, 0)
    sidecar.process.returncode = os.waitstatus_to_exitcode(status)
    return status, next(line for line in limits if line.startswith("Max core file size"))


def _take_over(stage: Stage, sidecar: RunningSidecar, heard: list[str]) -> None:
    """A sidecar that has seen no caller cancels what the other has left, with the credential of its settings."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(CONFIGURED in one for one in heard):
        assert time.monotonic() < deadline, heard[-5:]
        time.sleep(0.05)
    stage.keep_served(sidecar)
    assert sidecar.end() == 0


def _run(stage: Stage) -> dict[str, Any]:
    """Two commands; what the first one saw."""
    program, seen = stage.root.parent / "asks.py", stage.root.parent / "seen.json"
    program.write_text(ASKS)
    command = ("-v", "--report", "story", "--", sys.executable, str(program), str(seen))
    assert stage.run("run", "run", *command, OPENAI_API_KEY=OPAQUE) == 0
    assert stage.run("run --intercept", "run", "--intercept", "--", "true", OPENAI_API_KEY=OPAQUE) == 0
    return dict(json.loads(seen.read_text()))


def _keep(stage: Stage, collector: Collector, *sidecars: RunningSidecar) -> None:
    """What was said to others than us, and every file at the end."""
    exported: list[Any] = [*collector.traces, *collector.metrics]
    stage.places["the collector"] = b"".join(each.SerializeToString() for each in exported)
    for number, each in enumerate(sidecars):
        stage.places[f"log {number}"] = "\n".join(map(str, each.log)).encode()
    stage.keep_files("at the end")


def _end(sidecar: RunningSidecar) -> None:
    """Whatever happens to the test, no process stays."""
    if sidecar.process.poll() is None:
        sidecar.process.kill()
    sidecar.process.wait()
    sidecar._reader.join(PATIENCE_SECONDS)
    assert sidecar.process.stdout is not None
    sidecar.process.stdout.close()
