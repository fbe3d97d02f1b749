"""A real sidecar in a process of its own, and how a test looks at it: its log, its ledger, its /metrics."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from sidecar.clock import Moment, from_rfc3339
from sidecar.simulator.server import RunningSimulator

PATIENCE_SECONDS = 30.0

Row = dict[str, Any]


class RunningSidecar:
    """One `sidecar serve`. Rows are read with the command that users have: `sidecar calls list --format json`."""

    def __init__(self, process: subprocess.Popen[bytes], ledger: Path) -> None:
        self.process = process
        self.ledger = ledger
        self.log: list[Row] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        addresses = self.logged("serving")
        self.proxy: str = addresses["proxy"]
        self.observe: str = addresses["observe"]
        self.control: str = addresses["control"]

    def _read_log(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._told:
                self.log.append(json.loads(line))
                self._told.notify_all()
        with self._told:
            self._told.notify_all()

    def logged(self, event: str, **fields: object) -> Row:
        """The first line of the log with this event and these fields, waited for."""

        def find() -> Row | None:
            return next((line for line in self.log if line["event"] == event and fields.items() <= line.items()), None)

        with self._told:
            found = self._told.wait_for(lambda: find() or self.process.poll() is not None, PATIENCE_SECONDS)
            assert found, f"{event} {fields} was not logged; the log is {self.log[-5:]}"
            line = find()
        assert line is not None, f"the sidecar ended with {self.process.returncode}; the log is {self.log[-5:]}"
        return line

    def settled(self, caller: str, count: int = 1) -> list[Row]:
        """The log lines of a caller's calls, once there are `count` of them."""

        def lines() -> list[Row]:
            return [line for line in self.log if line["event"] == "call_settled" and line.get("caller") == caller]

        with self._told:
            assert self._told.wait_for(lambda: len(lines()) >= count, PATIENCE_SECONDS), f"{caller}: {lines()}"
            return lines()

    def rows(self) -> list[Row]:
        """The ledger, through the command line."""
        command = [
            sys.executable,
            "-m",
            "sidecar",
            "calls",
            "list",
            "--ledger",
            f"sqlite:///{self.ledger}",
            "--format",
            "json",
        ]
        return list(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))

    def row(self, caller: str) -> Row:
        """The one settled row of a caller."""
        call = self.settled(caller)[0]["id"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = next((row for row in self.rows() if row["id"] == call and row["outcome"]), None)
            if found:
                return found
        raise AssertionError(f"{call} never came to the ledger")

    def metrics(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Every sample of /metrics by name and labels."""
        with urllib.request.urlopen(f"{self.observe}/metrics", timeout=PATIENCE_SECONDS) as reply:
            text = reply.read().decode()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def total(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels."""
        wanted = frozenset(labels.items())
        return sum(
            value
            for (sample, held), value in self.metrics().items()
            if sample == f"inference_sidecar_{name}" and wanted <= held
        )

    def resident_bytes(self) -> int:
        """Resident memory of the process now; its peak is counted anew from here."""
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        return self._memory("VmRSS")

    def peak_resident_bytes(self) -> int:
        """Most resident memory since `resident_bytes` was asked."""
        return self._memory("VmHWM")

    def _memory(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(f"{name}:"))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the process to end; its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return status


def _environment(ledger: Path, simulator: RunningSimulator | str, settings: Mapping[str, str]) -> dict[str, str]:
    url = simulator if isinstance(simulator, str) else simulator.url
    variables = {
        "UPSTREAMS__GEMINI__URL": url,
        "UPSTREAMS__VERTEX__URL": url,
        "PROXY__LISTEN": "127.0.0.1:0",
        "CONTROL__LISTEN": "127.0.0.1:0",
        "OBSERVE__LISTEN": "127.0.0.1:0",
        "LEDGER__URL": f"sqlite:///{ledger}",
        **settings,
    }
    return {**os.environ, **{f"SIDECAR_{name}": value for name, value in variables.items()}}


@contextmanager
def running_sidecar(
    directory: Path,
    simulator: RunningSimulator | str,
    settings: Mapping[str, str] | None = None,
    surroundings: Mapping[str, str] | None = None,
    *,
    within: Sequence[str] = (),
) -> Iterator[RunningSidecar]:
    """A sidecar whose gemini and vertex lead to the simulator. `settings` are `SIDECAR_*` variables without the prefix.

    `surroundings` are other variables of its environment; `within` is a command that becomes the one behind it, as
    `prlimit --nofile=160`.
    """
    ledger = directory / "ledger.db"
    environment = {**_environment(ledger, simulator, settings or {}), **(surroundings or {})}
    errors = directory / "stderr"
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "sidecar", "serve"],
            cwd=directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield RunningSidecar(process, ledger)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        print(errors.read_text()[-2000:])


def moment(row: Row, name: str) -> Moment:
    """A moment of a row."""
    return from_rfc3339(row[name])


def usd(row: Row, name: str = "spend_usd") -> Decimal:
    """An amount of a row."""
    return Decimal(row[name])
