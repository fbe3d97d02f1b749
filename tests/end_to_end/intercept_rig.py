"""A sidecar as an explicit proxy, before providers that answer at their own names; and programs that know nothing of it.

What the programs are told is what `sidecar ca show` says: HTTPS_PROXY, and the files of an authority that a sidecar command made.
"""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import trustme

from sidecar.authority.variables import variables_of
from sidecar.ledger.reader import SqliteReader
from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.server import RunningSimulator, running_simulator
from sidecar.simulator.settings import Settings
from tests.end_to_end.raw_tls import Abroad, RawHost, abroad
from tests.end_to_end.rig import PATIENCE_SECONDS, RunningSidecar, running_sidecar

OPENAI, GEMINI = "api.openai.com", "generativelanguage.googleapis.com"
OTHER = "other.example"
"""A host that no upstream has."""
CHAT = b'{"id":"c-1","model":"gpt-5-mini","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}'
ODD_REPLY = (
    b"HTTP/1.1 200 Fine by me\r\ncontent-TYPE: application/json\r\nX-Twice: one\r\nx-twice: two\r\nContent-Length: %d\r\n\r\n%s"
    % (len(CHAT), CHAT)
)
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")
LAST_YEAR = datetime.now(UTC) - timedelta(days=365)


class Land(NamedTuple):
    """Everything beyond the sidecar."""

    simulator: RunningSimulator
    raw: RawHost
    abroad: Abroad
    ca_file: Path
    """The authority that providers' certificates are of."""


class Scene(NamedTuple):
    """A sidecar, what is beyond it, and what programs are told of it."""

    land: Land
    sidecar: RunningSidecar
    ca: Path
    """The directory of the local authority."""

    @property
    def variables(self) -> dict[str, str]:
        """The environment of a program that is to come by the sidecar and to trust it."""
        trusted = variables_of(str(self.ca / "ca.pem"), str(self.ca / "bundle.pem"))
        return {**bare_environment(), **dict.fromkeys(PROXIES[:2], self.sidecar.proxy), **trusted}

    def told(self, command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
        """What a program printed that ended well."""
        done = subprocess.run(
            command, env=self.variables if variables is None else variables, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def rows(self, name: str, count: int = 1) -> list[CallRecord]:
        """The settled rows of the calls of this name, oldest first, once there are so many."""
        ids = [line["id"] for line in self.sidecar.settled(name, count)]
        reader = SqliteReader.open(f"sqlite:///{self.sidecar.ledger}")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            rows = [row for row in map(reader.call, ids) if row is not None and row.outcome]
            if len(rows) == count:
                return sorted(rows, key=lambda row: row.started_at)
        raise AssertionError(f"{name}: {ids} never came to the ledger")


def bare_environment() -> dict[str, str]:
    """Ours, without what leads elsewhere."""
    others = {*PROXIES, *variables_of("", ""), "SSL_CERT_DIR"}
    return {name: value for name, value in os.environ.items() if name not in others}


@contextmanager
def a_land(directory: Path) -> Iterator[Land]:
    """Providers by name: the simulator, hosts whose bytes are the test's, and some that show what no one should trust."""
    authority, somebody = trustme.CA(), trustme.CA(organization_name="nobody you know")
    authority.cert_pem.write_to_path(directory / "providers.pem")
    raw, mute = RawHost(ODD_REPLY), RawHost(ODD_REPLY)
    hosts = {
        "raw.example": (raw, _server(authority, "raw.example")),
        OTHER: (raw, _server(authority, OTHER)),
        "expired.example": (mute, _server(authority, "expired.example", not_after=LAST_YEAR)),
        "wrong.example": (mute, _server(authority, "right.example")),
        "self.example": (mute, _server(somebody, "self.example")),
    }
    authority.issue_cert(OPENAI, GEMINI, "localhost").private_key_and_cert_chain_pem.write_to_path(
        directory / "provider.pem"
    )
    shown = Settings(certificate_file=str(directory / "provider.pem"))
    with running_simulator(shown) as simulator, abroad(hosts) as found:
        for host in (OPENAI, GEMINI):
            found.place(host, simulator.port)
        yield Land(simulator, raw, found, directory / "providers.pem")


def _server(authority: trustme.CA, *names: str, **more: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    if "not_after" in more:
        more["not_before"] = more["not_after"] - timedelta(days=1)
    authority.issue_cert(*names, **more).configure_cert(context)
    return context


SUSPECT = ("expired.example", "wrong.example", "self.example")


def made_authority(directory: Path) -> Path:
    """The directory of an authority that a user has made for these providers."""
    hosts = [word for host in ("raw.example", *SUSPECT) for word in ("--host", host)]
    command = [sys.executable, "-m", "sidecar", "ca", "create", "--directory", str(directory / "ca"), *hosts]
    subprocess.run(command, check=True, capture_output=True, cwd=directory)
    return directory / "ca"


@contextmanager
def a_scene(directory: Path, land: Land, ca: Path, **settings: str) -> Iterator[Scene]:
    """A sidecar that intercepts."""
    named = {"openai": OPENAI, "raw": "raw.example"} | {host.partition(".")[0]: host for host in SUSPECT}
    trusted = {"ca_file": str(land.ca_file)}
    upstreams: dict[str, dict[str, str]] = {"gemini": trusted, "vertex": trusted}
    upstreams |= {name: {"url": f"https://{host}", "dialect": "openai", **trusted} for name, host in named.items()}
    (directory / "sidecar.yaml").write_text(json.dumps({"upstreams": upstreams}))
    told = {
        "PROXY__CONNECT__INTERCEPT": "true", "PROXY__CA_DIRECTORY": str(ca), "EGRESS__HTTPS_PROXY": land.abroad.url,
        "UPSTREAMS__VERTEX__URL": "https://aiplatform.googleapis.com", **settings,
    }  # fmt: skip
    with running_sidecar(directory, f"https://{GEMINI}", told) as sidecar:
        yield Scene(land, sidecar, ca)
