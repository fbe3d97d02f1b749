"""The demo's servers as processes of their own: the simulated provider, and a sidecar in front of it that enforces."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sidecar.clock import SystemClock
from sidecar.errors import SidecarError
from sidecar.telemetry.event import stamp

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 8.0
"""The drain below is a second; whoever takes longer is killed."""
ANSWER_SECONDS: Final = 5.0
SLICE_SECONDS: Final = 0.1
FULL_SECONDS: Final = 60.0
ERRORS: Final = "stderr.log"
"""What processes of the demo complain of, in its directory."""
NOT_OURS: Final = ("SIDECAR_", "GOOGLE_", "GEMINI_", "OTEL_", "OPENAI_", "ANTHROPIC_")
"""Variables that would make the demo's programs something else, or send what they do to somebody."""
MOST_OPERATIONS: Final = 1_000

Row = dict[str, Any]


class StageFailed(SidecarError):
    """One of the demo's processes did not start, or is gone. Says what it said last."""


class Interrupted(Exception):
    """Somebody wants the demo to end before it has begun."""


class Stage:
    """A simulator and a sidecar, up from the start until `close`. What the sidecar is told stands in `demo.yaml`."""

    def __init__(
        self,
        directory: Path,
        ledger: Path | None = None,
        seconds: float = FULL_SECONDS,
        is_asked_to_end: Callable[[], bool] = bool,
    ) -> None:
        """Start both. `ledger` is a SQLite file, by default `directory/demo.db`; short scenes get short leases.

        Raises:
            StageFailed: one of them did not start.
            Interrupted: `is_asked_to_end` said so.
        """
        self.directory, self.ledger = directory, (ledger or directory / "demo.db").absolute()
        self._errors = (directory / ERRORS).open("ab")
        self.started_at = stamp(SystemClock().now())
        self._is_asked_to_end = is_asked_to_end
        self._running: list[subprocess.Popen[bytes]] = []
        self._reader: threading.Thread | None = None
        self.settled: defaultdict[str, list[Row]] = defaultdict(list)
        """Log lines of settled calls and operations, by caller."""
        try:
            self._start(seconds)
        except BaseException:
            self.close()
            raise

    @property
    def pids(self) -> tuple[int, ...]:
        """Our two processes."""
        return tuple(process.pid for process in self._running)

    def in_flight(self) -> dict[str, Row]:
        """The calls that have not settled, by caller, from the control socket."""
        return {call["caller"]: call for call in self._get(f"{self.control_url}/api/calls")}

    def operations(self) -> dict[str, list[Row]]:
        """The operations that were opened since the start, by caller, from the control socket."""
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self._get(f"{self.control_url}/api/operations?limit={MOST_OPERATIONS}"):
            if row["opened_at"] >= self.started_at:
                found[row["caller"]].append(row)
        return found

    def bill(self) -> Mapping[str, list[Row]]:
        """The provider's own bill, by caller."""
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for entry in self._get(f"{self.provider_url}/simulator/bill")["entries"]:
            found[entry["id"]].append(entry)
        return found

    def metrics(self, name: str) -> list[str]:
        """The lines of /metrics that begin with a name and are not 0."""
        lines = self._read(f"{self.observe_url}/metrics").decode().splitlines()
        return [line for line in lines if line.startswith(name) and not line.endswith(" 0.0")]

    def complaints(self) -> list[str]:
        """What our processes, and the callers, have written to standard error; a greeting is no complaint."""
        lines = (self.directory / ERRORS).read_text("utf-8", "replace").splitlines()
        return [line for line in lines if ": " in line and not line.startswith((" ", "inference-sidecar "))]

    def close(self) -> None:
        """End both, in order, whatever state they are in."""
        for process in reversed(self._running):
            _ended(process)
        if self._reader is not None:
            self._reader.join(STOP_SECONDS)
        for process in self._running:
            if process.stdout is not None:
                process.stdout.close()
        self._errors.close()

    def _start(self, seconds: float) -> None:
        provider = self._run("-m", "sidecar.simulator")
        self.provider_url: str = self._told(provider, "url")["url"]
        settings = self.directory / "demo.yaml"
        settings.write_text(json.dumps(settings_of(self.provider_url, self.ledger, seconds), indent=1))
        sidecar = self._run("-m", "sidecar", "serve", "--config", str(settings))
        addresses = self._told(sidecar, "proxy")
        self.proxy_url: str = addresses["proxy"]
        self.observe_url: str = addresses["observe"]
        self.control_url: str = addresses["control"]
        self._reader = threading.Thread(target=self._read_log, args=[sidecar], daemon=True)
        self._reader.start()

    def _run(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(  # noqa: S603  our own interpreter with our own modules
            [sys.executable, *arguments],
            env=environment_of(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,  # Ctrl-C is ours: we end them in order
        )
        self._running.append(process)
        return process

    def _told(self, process: subprocess.Popen[bytes], key: str) -> Row:
        """The first line of a process that has this key."""
        assert process.stdout is not None
        for _ in range(int(START_SECONDS / SLICE_SECONDS)):
            if self._is_asked_to_end():
                raise Interrupted
            if not select.select([process.stdout], [], [], SLICE_SECONDS)[0]:
                continue
            line = process.stdout.readline()
            if not line:
                raise self._failed("has ended before it had begun")
            row: Row = json.loads(line)
            if key in row:
                return row
        raise self._failed(f"was not ready after {START_SECONDS:.0f} s")

    def _failed(self, what: str) -> StageFailed:
        name = "the sidecar" if len(self._running) > 1 else "the simulated provider"
        said = self.complaints()[-3:]
        return StageFailed("\n".join([f"{name} {what}", *said]))

    def _read_log(self, sidecar: subprocess.Popen[bytes]) -> None:
        assert sidecar.stdout is not None
        for line in sidecar.stdout:
            event = json.loads(line)
            is_of_now = event.get("started_at", event.get("opened_at", "")) >= self.started_at
            if event["event"] in {"call_settled", "operation_settled"} and is_of_now:
                self.settled[event.get("caller", "")].append(event)

    def _get(self, url: str) -> Any:  # noqa: ANN401  JSON
        return json.loads(self._read(url))

    def _read(self, url: str) -> bytes:
        try:
            with DIRECT.open(url, timeout=ANSWER_SECONDS) as reply:
                body: bytes = reply.read()
                return body
        except OSError as failed:
            raise StageFailed(f"nobody answers at {url} ({failed})") from failed


DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Asks no proxy, whatever the environment says: all of it is on this machine."""


def environment_of(variables: Mapping[str, str]) -> dict[str, str]:
    """These variables without those that would lead the demo's processes elsewhere: settings, keys, proxies, exporters."""
    kept = {name: value for name, value in variables.items() if not name.startswith(NOT_OURS)}
    return {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}


def settings_of(provider_url: str, ledger: Path, seconds: float) -> Mapping[str, object]:
    """The sidecar's settings; patience is cut down to what suits a scene of so many seconds."""
    pace = seconds / FULL_SECONDS
    return {
        "mode": "enforce",
        **{socket: {"listen": "127.0.0.1:0"} for socket in ("proxy", "control", "observe")},
        "ledger": {"url": f"sqlite:///{ledger}"},
        "upstreams": {name: {"url": provider_url} for name in ("gemini", "anthropic")},
        "rescue": {"window_seconds": max(1.0, 3 * pace)},
        "operations": {
            "lease_seconds": max(2.0, 6 * pace),
            "grace_seconds": max(0.5, 4 * pace),
            "claim_seconds": 1,
            "confirm_seconds": 1,
        },
        "drain": {"deadline_seconds": 1, "linger_seconds": 0},
    }


def _ended(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
