"""The demo's processes: a simulated provider, sidecars in `enforce` before it, and a Prometheus that scrapes them each second."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dashboards.preview.prometheus import Prometheus

PATIENCE_SECONDS = 60.0
SCRAPE_SECONDS = 1
JOB = "inference-sidecar"
RULES = Path(__file__).parent.parent / "rules"
SETTINGS = {
    "MODE": "enforce",
    # A day's waiting, in minutes: each of these is minutes or an hour unless it is set.
    "OPERATIONS__LEASE_SECONDS": "5",
    "OPERATIONS__GRACE_SECONDS": "2",
    "OPERATIONS__CONFIRM_SECONDS": "5",
    "OPERATIONS__CLAIM_SECONDS": "8",
    "OPERATIONS__GIVE_UP_SECONDS": "20",
    "RESCUE__WINDOW_SECONDS": "6",
    "PROXY__LISTEN": "127.0.0.1:0",
    "CONTROL__LISTEN": "127.0.0.1:0",
    "OBSERVE__LISTEN": "127.0.0.1:0",
}


class Sidecar(NamedTuple):
    """A running sidecar."""

    name: str
    """What its pod is called, and does for a living."""
    proxy_url: str
    observe_url: str


class Scene(NamedTuple):
    """What runs."""

    sidecars: tuple[Sidecar, ...]
    prometheus: Prometheus


@contextmanager
def running_scene(directory: Path, names: Sequence[str]) -> Iterator[Scene]:
    """Everything, until the block ends. Logs, ledgers and Prometheus' data are kept in the directory."""
    with contextlib.ExitStack() as stack:
        start = [sys.executable, "-m"]
        provider = stack.enter_context(_process(directory, "provider", [*start, "sidecar.simulator"], {}))
        url = str(_first_line(directory, "provider", provider)["url"])
        sidecars = []
        for name in names:
            process = stack.enter_context(
                _process(directory, name, [*start, "sidecar", "serve"], _variables(directory, name, url))
            )
            told = _first_line(directory, name, process)
            sidecars.append(Sidecar(name, told["proxy"], told["observe"]))
        (directory / "prometheus.yml").write_text(configuration(sidecars, rules_in(directory)))
        yield Scene(tuple(sidecars), stack.enter_context(running_prometheus(directory)))


@contextmanager
def running_prometheus(directory: Path) -> Iterator[Prometheus]:
    """A Prometheus with what stands in the directory's `prometheus.yml` and `data`."""
    port = _free_port()
    command = [
        "prometheus", f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with _process(directory, "prometheus", command, {}):
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        prometheus.wait_for("vector(1)", 1, PATIENCE_SECONDS)
        yield prometheus


@contextmanager
def played(directory: Path) -> Iterator[Prometheus]:
    """What was scraped in a scene that is over; nothing is scraped any more."""
    (directory / "prometheus.yml").write_text(configuration((), ()))
    with running_prometheus(directory) as prometheus:
        yield prometheus


@contextmanager
def _process(
    directory: Path, name: str, command: Sequence[str], variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with (directory / f"{name}.log").open("wb") as log, (directory / f"{name}.err").open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603  our own programs, and Prometheus
            command, env={**os.environ, **variables}, stdout=log, stderr=errors
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _first_line(directory: Path, name: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What a program says of its addresses.

    Raises:
        RuntimeError: it ended before, or said nothing.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        line, newline, _ = (directory / f"{name}.log").read_text().partition("\n")
        if newline:
            return dict(json.loads(line))
        time.sleep(0.05)
    raise RuntimeError(f"{name} did not start: {(directory / f'{name}.err').read_text()[-2000:]}")


def _variables(directory: Path, name: str, provider_url: str) -> dict[str, str]:
    urls = {f"UPSTREAMS__{upstream}__URL": provider_url for upstream in ("GEMINI", "OPENAI", "ANTHROPIC")}
    settings = SETTINGS | urls | {"LEDGER__URL": f"sqlite:///{directory / name}.db"}
    return {f"SIDECAR_{key}": value for key, value in settings.items()}


def rules_in(directory: Path) -> list[str]:
    """The rule files, evaluated each second: minutes are to show what an hour does.

    A `for` of half an hour is kept, so that no alert fires in the demo that would not elsewhere.
    """
    written = []
    for source in sorted(RULES.glob("*.yaml")):
        content = yaml.safe_load(source.read_text())
        for group in content["groups"]:
            group["interval"] = f"{SCRAPE_SECONDS}s"
        (directory / source.name).write_text(yaml.safe_dump(content))
        written.append(str(directory / source.name))
    return written


def configuration(sidecars: Sequence[Sidecar], rules: Sequence[str]) -> str:
    """Prometheus' configuration. The targets have the labels that relabeling gives them in a cluster."""
    seconds = f"{SCRAPE_SECONDS}s"
    targets = [
        {"targets": [sidecar.observe_url.removeprefix("http://")], "labels": labels_of(sidecar.name)}
        for sidecar in sidecars
    ]
    return yaml.safe_dump(
        {
            "global": {"scrape_interval": seconds, "scrape_timeout": seconds, "evaluation_interval": seconds},
            "rule_files": list(rules),
            "scrape_configs": [{"job_name": JOB, "static_configs": targets}],
        }
    )


def labels_of(name: str) -> dict[str, str]:
    """Of the target: as if the sidecar of this name were in a pod of its own."""
    return {"instance": f"{name}-0", "pod": f"{name}-0", "namespace": "demo"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port
