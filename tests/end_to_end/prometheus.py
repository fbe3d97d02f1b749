"""A real Prometheus of the test's own, and what is asked of it through its HTTP API."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

PATIENCE_SECONDS = 60.0
JOB = "inference-sidecar"

Json = dict[str, Any]


class Target(NamedTuple):
    """What is scraped."""

    url: str
    labels: Mapping[str, str] = {}
    """What the scrape adds to every series, as relabeling does in a cluster."""


class Prometheus:
    """A server of its own, on a free port, with what it has scraped."""

    def __init__(self, url: str) -> None:
        self.url = url

    def asked(self, path: str, **parameters: str) -> Any:
        """The data that `/api/v1/<path>` answers with; an error of Prometheus fails the test in its own words."""
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} {parameters}: {refused.read().decode()}") from refused

    def instant(self, query: str, at: float | None = None) -> list[Json]:
        """The series of an instant query, now or at a moment (seconds since the epoch)."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        return list(self.asked("query", query=query, **moment)["result"])

    def range(self, query: str, start: float, end: float, step: float) -> list[Json]:
        """The series of a range query, from and to moments in seconds since the epoch."""
        span = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:.3f}"}
        return list(self.asked("query_range", query=query, **span)["result"])

    def value(self, query: str) -> float | None:
        """The single value of an instant query; None when there is none yet."""
        result = self.instant(query)
        return float(result[0]["value"][1]) if result else None

    def wait_for(self, query: str, least: float) -> float:
        """The value of a query once it is at least this."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            value = self.value(query)
            if value is not None and value >= least:
                return value
            time.sleep(0.1)
        raise AssertionError(f"{query} did not come to {least}, but to {self.value(query)}")


def configuration(
    targets: Sequence[Target], scrape_seconds: float, rules: Sequence[Path] = (), alertmanager: str | None = None
) -> str:
    """Prometheus' settings. Rules are evaluated as often as is scraped."""
    every = f"{scrape_seconds * 1000:.0f}ms"
    managers = [{"static_configs": [{"targets": [_place(alertmanager)]}]}] if alertmanager else []
    return yaml.safe_dump({
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": every},
        "rule_files": [str(path) for path in rules],
        "alerting": {"alertmanagers": managers},
        "scrape_configs": [
            {
                "job_name": JOB,
                "static_configs": [
                    {"targets": [_place(target.url)], "labels": dict(target.labels)} for target in targets
                ],
            }
        ],
    })  # fmt: skip


@contextmanager
def running_prometheus(directory: Path, settings: str) -> Iterator[Prometheus]:
    """A Prometheus with these settings, which keeps exemplars, once it answers."""
    (directory / "prometheus.yml").write_text(settings)
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address={_place(url)}", "--enable-feature=exemplar-storage", "--log.level=warn",
    ]  # fmt: skip
    with running_program(directory / "prometheus.log", command, f"{url}/-/ready"):
        yield Prometheus(url)


@contextmanager
def running_program(log: Path, command: Sequence[str], ready: str) -> Iterator[None]:
    """A server in a process of its own, from when this address answers 200; what it says goes to a file."""
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told)
    try:
        _await_answer(process, log, ready)
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        print(log.read_text()[-2000:])


def _await_answer(process: subprocess.Popen[bytes], log: Path, address: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except OSError:
            time.sleep(0.05)  # it does not listen yet, or is not ready (503)
    raise AssertionError(f"{address} never answered: {log.read_text()[-2000:]}")


def _place(url: str) -> str:
    return url.removeprefix("http://")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
