"""The processes of a soak besides the sidecar: the providers, and the callers."""

import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.soak.callers import Orders
from tests.soak.told import Told

PATIENCE_SECONDS = 60.0


class RunningProviders:
    """`tests.soak.provider`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        self.soak_url: str = urls["soak"]
        self.simulator_url: str = urls["simulator"]

    def desk(self, question: str) -> Any:
        """What the simulator says at its desk."""
        with urllib.request.urlopen(f"{self.simulator_url}/simulator/{question}", timeout=PATIENCE_SECONDS) as reply:
            return json.load(reply)

    def end(self) -> None:
        """End, with the whole bill written."""
        self.process.terminate()
        assert self.process.wait(PATIENCE_SECONDS) == 0


class RunningCallers:
    """`tests.soak.callers`. `told` are their lines, `latest` the last of them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.told: list[Told] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def latest(self) -> Told | None:
        """The last line; None before the first."""
        return self.told[-1] if self.told else None

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append(msgspec.json.decode(line, type=Told))

    def ended(self) -> int:
        """Wait for the last of them; the exit status."""
        status = self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        return status


@contextmanager
def running_providers(folder: Path) -> Iterator[RunningProviders]:
    """The providers, in a process of their own."""
    with _running("tests.soak.provider", folder) as process:
        yield RunningProviders(process)


@contextmanager
def running_callers(folder: Path, orders: Orders) -> Iterator[RunningCallers]:
    """The callers, in a process of their own."""
    (folder / "orders").write_bytes(msgspec.json.encode(orders))
    with _running("tests.soak.callers", folder) as process:
        yield RunningCallers(process)


@contextmanager
def _running(module: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", module, str(folder)], stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
