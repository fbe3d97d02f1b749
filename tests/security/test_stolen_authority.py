"""Threat 15: who has stolen the local authority's key speaks for no host beyond its scope, whatever is made with it."""

import ssl
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from sidecar.authority.certificate import pem_of
from tests.authority.made import is_taken, serving, shown, signer_for, trusting
from tests.authority.test_other_clients import ran
from tests.security.stolen import BANK, FORGERIES, forged

NODE: Final = """
const [port, servername] = process.argv.slice(1);
require("https").get({host: "127.0.0.1", port, servername, path: "/"}, r => process.stdout.write("taken"))
  .on("error", e => { console.error(e.message); process.exit(1); });
"""
SIGNER: Final = signer_for("api.example")
PEM: Final = pem_of(SIGNER.certificate)


@pytest.fixture(scope="module")
def trust(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    file = tmp_path_factory.mktemp("stolen") / "ca.pem"
    file.write_bytes(PEM)
    return {name: str(file) for name in ("CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")}


def curl(host: str, port: int, trust: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    asked = ["curl", "--silent", "--show-error", "--max-time", "10", "--resolve", f"{host}:{port}:127.0.0.1"]
    return ran([*asked, f"https://{host}:{port}/"], trust)


def test_every_forgery_is_tried() -> None:
    assert tuple(forged(SIGNER)) == FORGERIES


@pytest.mark.parametrize("kind", FORGERIES)
def test_python_takes_none_of_them(kind: str) -> None:
    server = forged(SIGNER)[kind]
    for client in (trusting(PEM), ssl.create_default_context(cadata=PEM.decode())):  # as of 3.13, and before
        assert not is_taken(server, client, BANK)


@pytest.mark.part("curl")
@pytest.mark.parametrize("kind", FORGERIES)
def test_curl_takes_none_of_them(trust: Mapping[str, str], kind: str) -> None:
    with serving(forged(SIGNER)[kind]) as port:
        done = curl(BANK, port, trust)
    assert (done.returncode, done.stdout) == (60, ""), done.stderr


@pytest.mark.part("node")
@pytest.mark.parametrize("kind", FORGERIES)
def test_node_takes_none_of_them(trust: Mapping[str, str], kind: str) -> None:
    with serving(forged(SIGNER)[kind]) as port:
        done = ran(["node", "-e", NODE, str(port), BANK], trust)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr


@pytest.mark.part("curl", "node")
def test_permitted_host_is_taken(trust: Mapping[str, str], tmp_path: Path) -> None:
    """Otherwise the tests above could pass with nothing ever taken."""
    host = "api.example"
    assert is_taken(shown(SIGNER, host), trusting(PEM), host)
    with serving(shown(SIGNER, host)) as port:
        assert curl(host, port, trust).stdout == "ok"
        assert ran(["node", "-e", NODE, str(port), host], trust).stdout == "taken"
