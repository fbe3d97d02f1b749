"""Makes a running sidecar do something, by its control socket."""

from typing import Any, Final
from urllib.parse import quote

from sidecar.cli.asking import NotDone, ask
from sidecar.cli.finding import CONTROL, find, find_token
from sidecar.config.addresses import Address

PATIENCE_SECONDS: Final = 10.0
"""The sidecar answers from its ledger: later than this it is stuck."""
HEADERS: Final = {"X-Sidecar-Control": "true"}
"""`control.guard.CONTROL_HEADER`, written out: FastAPI would be imported for one word."""
ERROR_STATUS: Final = 400


class ControlClient:
    """A sidecar's control API. `token` is what it asks of whoever comes; None for one that asks for none."""

    def __init__(self, address: Address, token: str | None = None) -> None:
        self._address = address
        self._headers = HEADERS if token is None else {**HEADERS, "Authorization": f"Bearer {token}"}

    def __repr__(self) -> str:
        return f"ControlClient({self.url})"

    @property
    def url(self) -> str:
        """Where it is, for people."""
        return self._address.url

    def post(self, *path: str) -> dict[str, Any]:
        """Do what changes something, and return what the sidecar answers.

        Raises:
            NotDone: nobody answers there, it is no sidecar, or it declines; says what and why.
        """
        target = "/" + "/".join(quote(step, safe="") for step in path)
        answer = ask(self._address, "POST", target, PATIENCE_SECONDS, self._headers)
        if answer.status >= ERROR_STATUS:
            otherwise = f"the sidecar at {self.url} answers with HTTP {answer.status}"
            raise NotDone(str(answer.body.get("detail", otherwise)))
        return answer.body


def control_of(config: str | None, control: str | None) -> ControlClient:
    """The sidecar that runs with these settings; `control` is the value of `--control`, which stands above them.

    Raises:
        BadSettings: the settings are wrong.
        SettingsError: the address can't be used.
    """
    return ControlClient(find(CONTROL, control, config), find_token(config))
