"""Asks a running sidecar by its control socket. The standard library's client: one small request needs no more."""

import http.client
import json
from contextlib import closing
from typing import Any, Final
from urllib.parse import quote, urlsplit

from sidecar.cli.loading import load_settings
from sidecar.config.addresses import Address
from sidecar.errors import SettingsError, SidecarError

PATIENCE_SECONDS: Final = 10.0
"""The sidecar answers from its ledger: later than this it is stuck."""
MOST_BYTES: Final = 1 << 20
HEADERS: Final = {"X-Sidecar-Control": "true", "Content-Length": "0"}
"""The first is `control.guard.CONTROL_HEADER`, written out: FastAPI would be imported for one word."""
ERROR_STATUS: Final = 400


class NotDone(SidecarError):
    """A running sidecar was not found, or would not do it. Its sentence is for people."""


class ControlClient:
    """A sidecar's control API. No proxy is asked, whatever the environment says: the socket is on this machine."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def url(self) -> str:
        """Where it is, for people."""
        return f"http://{self._address}"

    def post(self, *path: str) -> dict[str, Any]:
        """Do what changes something, and return what the sidecar answers.

        Raises:
            NotDone: nobody answers there, it is no sidecar, or it declines; says what and why.
        """
        try:
            status, body = self._asked("/" + "/".join(quote(step, safe="") for step in path))
        except (OSError, http.client.HTTPException) as failed:
            reason = getattr(failed, "strerror", None) or str(failed) or type(failed).__name__
            raise NotDone(f"no sidecar answers at {self.url} ({reason}); is `sidecar serve` running?") from failed
        answer = _object(body)
        if answer is None:
            raise NotDone(f"what answers at {self.url} is no sidecar")
        if status >= ERROR_STATUS:
            raise NotDone(str(answer.get("detail", f"the sidecar at {self.url} answers with HTTP {status}")))
        return answer

    def _asked(self, target: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(*self._address, timeout=PATIENCE_SECONDS)
        with closing(connection):
            connection.request("POST", target, headers=HEADERS)
            reply = connection.getresponse()
            return reply.status, reply.read(MOST_BYTES)


def control_of(config: str | None, control: str | None) -> ControlClient:
    """The sidecar that runs with these settings; `control` is the value of `--control`, which stands above them.

    Raises:
        BadSettings: the settings are wrong.
        SettingsError: the address can't be used.
    """
    if control is not None:
        return ControlClient(_parsed(control))
    listen = Address(*load_settings(config, {}).settings.control.listen)
    if listen.port == 0:
        raise SettingsError("control.listen", "port 0 is another one at each start", "name the address by --control")
    return ControlClient(listen.reachable)


def _parsed(url: str) -> Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        host, port = "", 0
    if not host or not port or parts.scheme != "http" or parts.path not in ("", "/"):
        raise SettingsError("--control", f"'{url}' is no address of a sidecar", "write http://127.0.0.1:8782")
    return Address(host, port)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None
