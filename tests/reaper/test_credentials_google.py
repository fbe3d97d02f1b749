"""Google's Application Default Credentials: google-auth itself, with a service account and a token's issuer on loopback."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sidecar.providers.answer import Credential
from sidecar.reaper.credentials_google import GoogleTokens
from sidecar.reaper.credentials_source import NoCredential

pytestmark = pytest.mark.anyio

NEVER = 3600
SOON = 60
"""Seconds of life at which google-auth takes a token for expired: it wants some minutes ahead."""


class Issuer:
    """Gives out tokens, numbered, that live so long."""

    def __init__(self) -> None:
        self.lives_seconds, self.status, self.given = NEVER, 200, 0
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                issuer.given += 1
                told: dict[str, Any] = {"access_token": f"ya29.{issuer.given}", "expires_in": issuer.lives_seconds}
                if issuer.status != 200:
                    told = {"error": "invalid_grant", "error_description": "canary"}
                body = json.dumps(told).encode()
                self.send_response(issuer.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.fixture
def account(issuer, private_key, tmp_path, monkeypatch) -> None:
    """A service account's file, where google-auth looks first."""
    said = {
        "type": "service_account", "project_id": "p", "private_key_id": "1", "private_key": private_key,
        "client_email": "a@p.iam.gserviceaccount.com", "client_id": "1", "token_uri": issuer.url,
        "quota_project_id": "who-pays",
    }  # fmt: skip
    (tmp_path / "adc.json").write_text(json.dumps(said))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "adc.json"))


def token(credential: Credential) -> str:
    return dict(credential.fields)[b"authorization"].decode()


@pytest.mark.usefixtures("account")
async def test_token_comes_as_the_header_fields_that_google_wants():
    found = await GoogleTokens().credential()
    assert found.source == "google_adc"
    assert set(found.fields) >= {(b"authorization", b"Bearer ya29.1")}


@pytest.mark.usefixtures("account")
async def test_token_is_asked_for_once_while_it_is_good(issuer):
    tokens = GoogleTokens()
    assert [token(await tokens.credential()) for _ in range(3)] == ["Bearer ya29.1"] * 3
    assert issuer.given == 1


@pytest.mark.usefixtures("account")
async def test_token_that_expires_is_renewed(issuer):
    issuer.lives_seconds = SOON
    tokens = GoogleTokens()
    await tokens.credential()
    assert token(await tokens.credential()) == "Bearer ya29.2"


@pytest.mark.usefixtures("account")
async def test_renewal_that_fails__is_said_without_the_issuers_words(issuer):
    issuer.status = 400
    with pytest.raises(NoCredential, match=r"^google-auth could not renew its token \(RefreshError\)") as why:
        await GoogleTokens().credential()
    assert "canary" not in str(why.value)


@pytest.mark.usefixtures("account")
async def test_issuer_that_is_right_again_is_asked_again(issuer):
    issuer.status = 400
    tokens = GoogleTokens()
    with pytest.raises(NoCredential):
        await tokens.credential()
    issuer.status = 200
    assert token(await tokens.credential()).startswith("Bearer ya29.")


async def test_no_credentials_anywhere__it_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "not-there.json"))
    with pytest.raises(NoCredential, match="finds no Application Default Credentials here; set GOOGLE_APPLICATION"):
        await GoogleTokens().credential()


def test_idle_sidecar_loads_nothing_of_googles():
    loads = "import sys, sidecar.reaper.credentials, sidecar.reaper.google_asker"
    heavy = "{'google', 'httpx2', 'requests', 'botocore', 'aiohttp'} & set(sys.modules)"
    ran = subprocess.run([sys.executable, "-c", f"{loads}; print({heavy})"], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
