"""What other programs make of it, each started with the variables that `sidecar ca show` names, on loopback."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

from sidecar.authority.authority import Authority
from sidecar.authority.certificate import pem_of
from sidecar.authority.files import BUNDLE, CERTIFICATE
from sidecar.authority.leaf import new_leaf
from sidecar.authority.signer import Signer, read_signer
from sidecar.authority.variables import VARIABLES, variables_of
from tests.authority.made import NOW, MovedClock, serving, shown

ROGUE: Final = "bank.example"
"""Beyond the scope: a leaf for it is what one makes who has stolen the key."""
URLLIB: Final = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1]).read().decode())"
REQUESTS: Final = "import sys, requests; sys.stdout.write(requests.get(sys.argv[1]).text)"
FETCH: Final = "fetch(process.argv[1]).then(r => r.text()).then(t => process.stdout.write(t))"
ROGUE_FETCH: Final = """
const [port, servername] = process.argv.slice(1);
require("https").get({host: "127.0.0.1", port, servername, path: "/"}, r => process.stdout.write("taken"))
  .on("error", e => { console.error(e.message); process.exit(1); });
"""
Ask = Callable[[str], list[str]]
"""The command that asks a URL."""
CLIENTS: Final[Mapping[str, Ask]] = {
    "SSL_CERT_FILE": lambda url: [sys.executable, "-c", URLLIB, url],
    "REQUESTS_CA_BUNDLE": lambda url: [sys.executable, "-c", REQUESTS, url],
    "CURL_CA_BUNDLE": lambda url: ["curl", "--silent", "--show-error", "--max-time", "10", url],
    "NODE_EXTRA_CA_CERTS": lambda url: ["node", "-e", FETCH, url],
}
EACH: Final = [
    pytest.param("SSL_CERT_FILE"), pytest.param("REQUESTS_CA_BUNDLE"),
    pytest.param("CURL_CA_BUNDLE", marks=pytest.mark.part("curl")),
    pytest.param("NODE_EXTRA_CA_CERTS", marks=pytest.mark.part("node")),
]  # fmt: skip


class Place:
    """A kept authority, and its signer as a thief has it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.authority = Authority.create(directory, ["api.example"], MovedClock(), variables={})
        texts = (directory / CERTIFICATE).read_bytes(), (directory / "ca-key.pem").read_bytes()
        self.signer: Signer = read_signer(*texts, NOW)

    def variables(self) -> dict[str, str]:
        return variables_of(str(self.directory / CERTIFICATE), str(self.directory / BUNDLE))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("authority") / "ca")


@pytest.fixture(scope="module")
def port(place: Place) -> Iterator[int]:
    """A server that shows a leaf for this machine."""
    with serving(place.authority.leaf(("localhost", "127.0.0.1"))) as found:
        yield found


@pytest.fixture(scope="module")
def rogue_port(place: Place) -> Iterator[int]:
    """A server that shows a leaf of the same authority, for a host that it may not speak for."""
    with serving(shown(place.signer, ROGUE)) as found:
        yield found


def ran(command: list[str], variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """A command that is over within seconds, in this environment without what it says of trust and proxies."""
    other = {name: text for name, text in os.environ.items() if name not in VARIABLES and "proxy" not in name.lower()}
    return subprocess.run(
        command,
        env={**other, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("variable", EACH)
def test_program_with_its_variable_takes_the_leaf(place: Place, port: int, variable: str) -> None:
    told = {variable: place.variables()[variable]}
    for host in ("localhost", "127.0.0.1"):
        done = ran(CLIENTS[variable](f"https://{host}:{port}/"), told)
        assert (done.stdout, done.returncode) == ("ok", 0), done.stderr


@pytest.mark.parametrize("variable", EACH)
def test_program_without_it_refuses(port: int, variable: str) -> None:
    done = ran(CLIENTS[variable](f"https://localhost:{port}/"), {})
    assert done.returncode != 0
    assert "certificate" in (done.stdout + done.stderr).lower()


@pytest.mark.parametrize("variable", EACH)
def test_all_variables_together_do_as_well(place: Place, port: int, variable: str) -> None:
    assert ran(CLIENTS[variable](f"https://localhost:{port}/"), place.variables()).stdout == "ok"


# === a stolen key ===


@pytest.mark.part("curl")
def test_curl_refuses_a_leaf_beyond_the_scope(place: Place, rogue_port: int) -> None:
    resolved = ["--resolve", f"{ROGUE}:{rogue_port}:127.0.0.1"]
    done = ran([*CLIENTS["CURL_CA_BUNDLE"](f"https://{ROGUE}:{rogue_port}/"), *resolved], place.variables())
    assert done.returncode != 0
    assert "permitted subtree violation" in done.stderr


@pytest.mark.part("node")
def test_node_refuses_a_leaf_beyond_the_scope(place: Place, rogue_port: int) -> None:
    done = ran(["node", "-e", ROGUE_FETCH, str(rogue_port), ROGUE], place.variables())
    assert done.returncode == 1
    assert "permitted subtree violation" in done.stderr


@pytest.mark.part("openssl")
@pytest.mark.parametrize(
    ("host", "is_good"), [("api.example", True), ("eu.api.example", True), (ROGUE, False), ("192.0.2.1", False)]
)
def test_openssl_has_the_same_opinion(place: Place, tmp_path: Path, host: str, is_good: bool) -> None:
    (tmp_path / "leaf.pem").write_bytes(new_leaf(place.signer, (host,), NOW).pem)
    command = [
        "openssl",
        "verify",
        "-x509_strict",
        "-purpose",
        "sslserver",
        "-CAfile",
        str(place.directory / CERTIFICATE),
    ]
    done = ran([*command, str(tmp_path / "leaf.pem")], {})
    assert (done.returncode == 0) is is_good
    assert is_good or "permitted subtree violation" in done.stderr


@pytest.mark.part("openssl")
def test_openssl_takes_a_leaf_for_no_client_and_no_mail(place: Place, tmp_path: Path) -> None:
    (tmp_path / "leaf.pem").write_bytes(new_leaf(place.signer, ("api.example",), NOW).pem)
    for purpose in ("sslclient", "smimesign"):
        command = ["openssl", "verify", "-purpose", purpose, "-CAfile", str(place.directory / CERTIFICATE)]
        assert ran([*command, str(tmp_path / "leaf.pem")], {}).returncode != 0


@pytest.mark.part("openssl")
def test_fingerprint_is_openssls(place: Place) -> None:
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(place.directory / CERTIFICATE)]
    assert ran(command, {}).stdout.strip().partition("=")[2] == place.authority.fingerprint
    assert pem_of(place.signer.certificate) == place.authority.certificate_pem
