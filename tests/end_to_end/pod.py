"""A pod without a cluster: our container with what `additions.yaml` gives it, and what kubelet does to it (KEP-753).

The container has a process namespace of its own where one can be made, as in a pod: it is process 1 there, and can't see the
application's processes. The network is shared, which is what the containers of a pod share too.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from sidecar.clock import Moment

ADDITIONS: Mapping[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "sidecar" / "injection" / "additions.yaml").read_text()
)
CONTAINER: Mapping[str, Any] = ADDITIONS["container"]
GRACE_ANNOTATION = "inference-sidecar/grace-seconds"
OWN_PROCESSES = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
PORTS = range(20_000, 32_000)
"""Below those that the kernel gives to whoever connects: what is free stays free, also while our container is away."""
PROBE_SECONDS = 0.02
START_SECONDS = 30.0
FIELDS = {
    "metadata.name": "checkout-7d9f-x2x4v",
    "metadata.namespace": "shop",
    "metadata.uid": "6a1a5c3e-0000-4000-8000-0123456789ab",
    "spec.nodeName": "node-a",
}
"""What the downward API says."""
Row = dict[str, Any]


def now() -> Moment:
    """By the clock of the sidecar's rows and of the simulator's journal."""
    return time.time_ns() // 1000


@cache
def has_own_processes() -> bool:
    """Whether process namespaces can be made here."""
    try:
        return subprocess.run([*OWN_PROCESSES, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


def free_place(host: str = "127.0.0.1") -> str:
    """An address that nobody listens on."""
    while True:
        port = random.choice(PORTS)
        with socket.socket() as tried:
            try:
                tried.bind((host, port))
            except OSError:
                continue
            return f"{host}:{port}"


class Started(NamedTuple):
    """What is asked for when a pod is made."""

    config: str
    """`sidecar.yaml` of the ConfigMap."""
    secret: Mapping[str, str] = {}
    grace_seconds: int = 30
    is_annotated: bool = True
    """Whether the pod says its grace in the annotation that the container reads it from."""
    more: Mapping[str, str] = {}
    """Other variables, as of service links."""


class Pod:
    """One pod: its volumes, and at most one process of our container at a time."""

    def __init__(self, directory: Path, asked: Started) -> None:
        self.asked = asked
        self.volume, self.message = directory / "ledger", directory / "termination-log"
        self._config, self._log_file, self._errors = directory / "config", directory / "log", directory / "errors"
        for folder in (self.volume, self._config):
            folder.mkdir()
        (self._config / "sidecar.yaml").write_text(asked.config)
        self.proxy_place, self.control_place, observe = free_place(), free_place(), free_place("0.0.0.0")
        self.proxy, self.control = f"http://{self.proxy_place}", f"http://{self.control_place}"
        self.observe = f"http://127.0.0.1:{observe.rpartition(':')[2]}"
        self.environment = self._environment(observe)
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at: list[Moment] = []
        self.up_at: Moment = 0
        """When its startup probe had last succeeded."""
        self.killed_at: list[Moment] = []

    # === what kubelet makes of the container's description ===

    def _environment(self, observe: str) -> dict[str, str]:
        """The image's variables, the Secret's, the container's own, and other sockets than those of every pod."""
        image = {"PATH": os.environ["PATH"], "SIDECAR_LEDGER__URL": f"sqlite:///{self.volume}/sidecar.db"}
        own = {each["name"]: self._value(each) for each in CONTAINER["env"]}
        other = {"SIDECAR_OBSERVE__LISTEN": observe, "SIDECAR_DRAIN__TERMINATION_MESSAGE_FILE": str(self.message)}
        assert other.keys() <= own.keys()
        sockets = {"SIDECAR_PROXY__LISTEN": self.proxy_place, "SIDECAR_CONTROL__LISTEN": self.control_place}
        return {**image, **self.asked.more, **self.asked.secret, **own, **other, **sockets}

    def _value(self, variable: Mapping[str, Any]) -> str:
        if "value" in variable:
            return str(variable["value"])
        path: str = variable["valueFrom"]["fieldRef"]["fieldPath"]
        if path == f"metadata.annotations['{GRACE_ANNOTATION}']":
            return str(self.asked.grace_seconds) if self.asked.is_annotated else ""
        return FIELDS[path]

    def command(self, arguments: Sequence[str]) -> list[str]:
        """A command line of the image, here."""
        return [sys.executable, "-m", "sidecar", *arguments]

    # === the container's process ===

    def start(self) -> None:
        """Start the container's process."""
        assert self.process is None or self.process.poll() is not None
        apart = OWN_PROCESSES if has_own_processes() else ()
        self.message.write_bytes(b"")
        with self._log_file.open("ab") as log, self._errors.open("ab") as errors:
            self.started_at.append(now())
            self.process = subprocess.Popen(
                [*apart, *self.command(CONTAINER["args"])],
                cwd=self._config, env=self.environment, stdout=log, stderr=errors,
            )  # fmt: skip

    def started_up(self) -> None:
        """Wait for the startup probe, as before any other container is started."""
        began = time.monotonic()
        while (answer := self.probe("startupProbe")) != 200:
            assert time.monotonic() - began < START_SECONDS, f"no /startupz: {answer}; {self.errors()}"
            assert self.is_alive(), self.errors()
            time.sleep(PROBE_SECONDS)
        self.up_at = now()

    def probe(self, name: str) -> int | None:
        """The status of the probe of this name, asked from outside the container; None where there is no answer."""
        try:
            with urllib.request.urlopen(self.observe + CONTAINER[name]["httpGet"]["path"], timeout=5) as reply:
                return int(reply.status)
        except urllib.error.HTTPError as declined:
            declined.close()
            return declined.code
        except OSError:
            return None

    def probes(self) -> dict[str, int | None]:
        """All three."""
        return {name: self.probe(name) for name in ("startupProbe", "livenessProbe", "readinessProbe")}

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: int) -> None:
        """Send a signal to the container's process, if there is one."""
        if self.is_alive():
            if number == signal.SIGKILL:
                self.killed_at.append(now())
            os.kill(self._pid(), number)

    def hears(self, number: int) -> bool:
        """Whether the process has a handler for this signal (proc(5), SigCgt)."""
        status = Path(f"/proc/{self._pid()}/status").read_text()
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught, 16) >> (number - 1) & 1)

    def _pid(self) -> int:
        """Of the container's first process as it is seen from here; unshare is its parent."""
        assert self.process is not None
        if not has_own_processes():
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0]) if children else self.process.pid

    def ended(self, seconds: float = START_SECONDS) -> int | None:
        """Wait for the process to end; its status, or None where it still runs. What was killed has a status of no meaning."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def crash(self) -> None:
        """SIGKILL, as when it has used too much memory."""
        self.send(signal.SIGKILL)
        self.ended()

    def pre_stop(self) -> float:
        """Run the hook's command in the container; seconds that it took."""
        began = time.monotonic()
        hook = self.command(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1:])
        done = subprocess.run(hook, cwd=self._config, env=self.environment, capture_output=True, timeout=30)
        assert done.returncode == 0, done.stderr
        return time.monotonic() - began

    # === what it has said ===

    def errors(self) -> str:
        """The end of what it wrote to its standard error."""
        return self._errors.read_text()[-1000:]

    def log(self) -> list[Row]:
        """All lines of its log, those of earlier processes too; a last one that was cut off by SIGKILL is left out."""
        whole, _, _ = self._log_file.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def logged(self, event: str, **fields: object) -> list[Row]:
        """The lines with this event and these fields."""
        return [line for line in self.log() if line["event"] == event and fields.items() <= line.items()]

    def written(self) -> bytes:
        """Everything that it has written anywhere."""
        files = [path for path in self.volume.rglob("*") if path.is_file()]
        return b"".join(path.read_bytes() for path in (*files, self.message, self._log_file, self._errors))

    def on_same_volume(self, directory: Path) -> Path:
        """A copy of the volume as it is now, so that looking at it changes nothing."""
        return Path(shutil.copytree(self.volume, directory))


@contextmanager
def running_pod(directory: Path, asked: Started) -> Iterator[Pod]:
    """A pod whose startup probe has succeeded."""
    pod = Pod(directory, asked)
    try:
        pod.start()
        pod.started_up()
        yield pod
    finally:
        pod.send(signal.SIGKILL)
        if pod.process is not None:
            pod.process.wait()
