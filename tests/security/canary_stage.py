"""Where canaries live: a folder, a sidecar that is set to tell all it knows, and every place where something may be told."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.cores import with_cores
from tests.end_to_end.prometheus import free_port
from tests.end_to_end.rig import Row, RunningSidecar
from tests.readme import ROOT
from tests.security.canaries import OPAQUE
from tests.security.canary_calls import OTHER_HOUSES

CONFIGURED = f"{OPAQUE}-configured"
TOKEN = f"{OPAQUE}-of-the-control-socket"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SIMULATED = ("GEMINI", "VERTEX", "OPENAI", "ANTHROPIC", "BEDROCK", "GROQ", "MISTRAL")
METRICS = {"as text": "text/plain", "as OpenMetrics": "application/openmetrics-text; version=1.0.0"}
"""Exemplars stand in OpenMetrics alone."""


class Urls(NamedTuple):
    """Whom a stage has around it."""

    simulator: str
    loud: str
    untrusted: str
    """An https URL with a certificate of nobody's."""
    collector: str


class Stage:
    """All processes have their home, their temporary files and their working directory below `root`, and a umask of 0."""

    def __init__(self, folder: Path, urls: Urls) -> None:
        self.root, keys = folder / "root", folder / "keys"
        for made in (self.root, keys, self.root / "tmp"):
            made.mkdir()
        (keys / "gemini").write_text(CONFIGURED)
        self.places: dict[str, bytes] = {}
        self.variables = _own(self.root) | _upstreams(urls) | _settings(self.root, keys, urls.collector)

    def start(self) -> RunningSidecar:
        """A sidecar with a planted bug, whose crash may leave a core as far as its first limit goes."""
        command = [sys.executable, "-m", "tests.security.planted", "serve"]
        with (self.root / "stderr").open("ab") as errors:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.variables,
                stdout=subprocess.PIPE,
                stderr=errors,
                preexec_fn=with_cores,
                umask=0,
            )
        return RunningSidecar(process, self.root / "ledger.db")

    def run(self, name: str, *arguments: str, **variables: str) -> int:
        """A command of the product, to its end; what it says is a place. Returns its exit status."""
        done = subprocess.run(
            [sys.executable, "-m", "sidecar", *arguments], cwd=self.root, env=self.variables | variables,
            umask=0, capture_output=True, timeout=20, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self.places[f"what `sidecar {name}` says"] = done.stdout + done.stderr
        return done.returncode

    def refuses(self, name: str, settings: Mapping[str, str]) -> int:
        """The exit status of a sidecar that is started with these settings, too."""
        told = {f"SIDECAR_{key}": value for key, value in settings.items()}
        return self.run(f"serve` with bad {name}", "serve", **{"SIDECAR_LEDGER__URL": "sqlite:///other.db"} | told)

    def operations(self, sidecar: RunningSidecar) -> list[Row]:
        """Those in its ledger."""
        return list(json.loads(_got(f"{sidecar.control}/api/operations", BEARER)))

    def keep_files(self, when: str) -> None:
        """Every file as it is now."""
        for path in self.root.rglob("*"):
            if path.is_file():
                self.places[f"{path.relative_to(self.root)} {when}"] = path.read_bytes()

    def keep_served(self, sidecar: RunningSidecar) -> None:
        """All that the observe socket and the control socket tell."""
        for name, kind in METRICS.items():
            self.places[f"/metrics {name}"] = _got(f"{sidecar.observe}/metrics", {"Accept": kind})
        calls = json.loads(_got(f"{sidecar.control}/api/calls/history", BEARER))
        ids = [row["id"] for row in (*calls[:9], *self.operations(sidecar))]
        described = json.loads(_got(f"{sidecar.control}/api/openapi.json", BEARER))
        readable = [path for path, methods in described["paths"].items() if "get" in methods and "events" not in path]
        for path in readable:
            for id in ids if "{id}" in path else [""]:
                self.places[f"GET {path} {id}"] = _got(sidecar.control + path.replace("{id}", id), BEARER)
        self.places["GET /"] = _got(f"{sidecar.control}/", {})
        self.places["GET /api/state without a token"] = _got(f"{sidecar.control}/api/state", {})
        self.places["GET /api/events"] = _beginning(f"{sidecar.control}/api/events", BEARER)


def _own(root: Path) -> dict[str, str]:
    """The environment of the test, with another home and no proxies."""
    own = {name: value for name, value in os.environ.items() if not name.lower().endswith(("_proxy", "base_url"))}
    homes = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"), str(root))
    return own | homes | {"TMPDIR": str(root / "tmp"), "PYTHONPATH": str(ROOT), "NO_PROXY": "127.0.0.1"}


def _upstreams(urls: Urls) -> dict[str, str]:
    """The simulator's, the indiscreet provider's, and those at which every way fails."""
    others = dict.fromkeys((name.upper().replace("-", "_") for name in OTHER_HOUSES), urls.loud)
    strange = {
        "LOUD": urls.loud, "LOUD_AZURE": urls.loud, "DEAD": f"http://127.0.0.1:{free_port()}",
        "NO_TLS": urls.loud.replace("http:", "https:"), "UNTRUSTED": urls.untrusted, "NOWHERE": "http://nobody.invalid",
        "EGRESS": "https://127.0.0.2:443",
    }  # fmt: skip
    found = {f"{name}__URL": url for name, url in (dict.fromkeys(SIMULATED, urls.simulator) | others | strange).items()}
    found |= {f"{name}__DIALECT": "azure" if name == "LOUD_AZURE" else "openai" for name in strange}
    return {f"SIDECAR_UPSTREAMS__{key}": value for key, value in found.items()}


def _settings(root: Path, keys: Path, collector: str) -> dict[str, str]:
    """The rest, with credentials wherever a setting may name one."""
    told = {
        "MODE": "enforce", "LOG__LEVEL": "debug", "LEDGER__URL": f"sqlite:///{root}/ledger.db",
        **{f"{socket}__LISTEN": "127.0.0.1:0" for socket in ("PROXY", "CONTROL", "OBSERVE")},
        "CONTROL__TOKEN__ENV": "CANARY_TOKEN", "UPSTREAMS__OPENAI__CREDENTIAL__ENV": "CANARY_KEY",
        "UPSTREAMS__LOUD__CREDENTIAL__ENV": "CANARY_KEY", "UPSTREAMS__GEMINI__CREDENTIAL__FILE": str(keys / "gemini"),
        "OPERATIONS__CLAIM_SECONDS": "1", "OPERATIONS__GRACE_SECONDS": "0.2", "OPERATIONS__CONFIRM_SECONDS": "0.2",
        "OPERATIONS__LEASE_SECONDS": "1", "OTEL__ENABLED": "true", "OTEL__ENDPOINT": collector,
        "OTEL__EXPORT_INTERVAL_SECONDS": "0.2", "OTEL__HEADERS__ENV": "CANARY_HEADERS",
        "EGRESS__HTTPS_PROXY": f"http://me:{OPAQUE}@127.0.0.1:{free_port()}", "EGRESS__NO_PROXY": "localhost",
        "DRAIN__LINGER_SECONDS": "0", "RESCUE__WINDOW_SECONDS": "1",
    }  # fmt: skip
    secret = {"CANARY_KEY": CONFIGURED, "CANARY_TOKEN": TOKEN, "CANARY_HEADERS": f"authorization=Bearer%20{OPAQUE}"}
    return {f"SIDECAR_{name}": value for name, value in told.items()} | secret


def _got(url: str, headers: Mapping[str, str]) -> bytes:
    """The body of an answer, whatever its status."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as reply:
            return bytes(reply.read())
    except urllib.error.HTTPError as declined:
        with declined:
            return bytes(declined.read())


def _beginning(url: str, headers: Mapping[str, str]) -> bytes:
    """The first events of a stream without an end."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=20) as reply:
        return b"".join(reply.readline() for _ in range(3))
