"""The demo's two servers as processes of their own: the simulated provider, and a sidecar in front of it."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

STOP_SECONDS = 30.0

Row = dict[str, Any]


class Stage:
    """A simulator and a sidecar, up from the start until `close`. The sidecar is told by variables only, as anybody's is."""

    def __init__(self, directory: Path) -> None:
        self._errors = (directory / "stderr.log").open("wb")
        self._provider = self._start("-m", "sidecar.simulator", variables={})
        self.provider_url: str = json.loads(self._line(self._provider))["url"]
        self._sidecar = self._start("-m", "sidecar", "serve", variables=_variables(directory, self.provider_url))
        addresses = json.loads(self._line(self._sidecar))
        self.proxy_url: str = addresses["proxy"]
        self.observe_url: str = addresses["observe"]
        self.control_url: str = addresses["control"]
        self.settled: dict[str, Row] = {}
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _start(self, *arguments: str, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, **variables}
        return subprocess.Popen(  # noqa: S603  our own interpreter with our own modules
            [sys.executable, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            start_new_session=True,
        )

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """The first line that a process prints."""
        assert process.stdout is not None
        return process.stdout.readline()

    def _read_log(self) -> None:
        assert self._sidecar.stdout is not None
        for line in self._sidecar.stdout:
            event = json.loads(line)
            if event["event"] == "call_settled":
                self.settled[event["caller"]] = event

    def in_flight(self) -> dict[str, Row]:
        """The calls that have not settled, by caller, from the control socket."""
        return {call["caller"]: call for call in _get(f"{self.control_url}/api/calls")}

    def bill(self) -> dict[str, Row]:
        """The provider's own bill, by caller."""
        return {entry["id"]: entry for entry in _get(f"{self.provider_url}/simulator/bill")["entries"]}

    def metrics(self, name: str) -> list[str]:
        """The lines of /metrics that begin with a name and are not 0."""
        with urllib.request.urlopen(f"{self.observe_url}/metrics", timeout=5) as reply:  # noqa: S310  our own address
            lines = reply.read().decode().splitlines()
        return [line for line in lines if line.startswith(name) and not line.endswith(" 0.0")]

    def close(self) -> None:
        """End both, in order."""
        for process in (self._sidecar, self._provider):
            process.terminate()
            process.wait(STOP_SECONDS)
        self._reader.join(STOP_SECONDS)
        for process in (self._sidecar, self._provider):
            assert process.stdout is not None
            process.stdout.close()
        self._errors.close()


def _variables(directory: Path, provider_url: str) -> dict[str, str]:
    return {
        "SIDECAR_PROXY__LISTEN": "127.0.0.1:0",
        "SIDECAR_CONTROL__LISTEN": "127.0.0.1:0",
        "SIDECAR_OBSERVE__LISTEN": "127.0.0.1:0",
        "SIDECAR_LEDGER__URL": f"sqlite:///{directory / 'demo.db'}",
        "SIDECAR_UPSTREAMS__GEMINI__URL": provider_url,
    }


def _get(url: str) -> Any:  # noqa: ANN401  JSON
    with urllib.request.urlopen(url, timeout=5) as reply:  # noqa: S310  our own address
        return json.load(reply)
