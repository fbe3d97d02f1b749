"""Where the control socket's token is kept: settings name the place and never hold the secret itself."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from sidecar.config.secret_place import SecretPlace

FIT: Final = re.compile(r"[0-9A-Za-z._~+/=-]{16,4096}").fullmatch
"""RFC 6750 section 2.1, and long enough that nobody guesses it: `openssl rand -hex 32` writes a good one."""


class TokenSource(SecretPlace):
    """Where the token is, in one line if in a file."""

    KEY = "control.token"
    IT = "the token itself"
    PLACES = "write a place: {env: SIDECAR_TOKEN} or {file: /run/secrets/sidecar-token}"
    NOTHING = "holds no token", "openssl rand -hex 32 writes a good one"

    def read(self, variables: Mapping[str, str]) -> str:
        """The token that is kept there. `variables` is the environment.

        Raises:
            SettingsError: there is none, or it is not fit. What is there is in no error.
        """
        token = super().read(variables)
        if not FIT(token):
            advice = "use 16 or more letters, digits and ._~+/=- : openssl rand -hex 32 writes a good one"
            raise self._fault(f"what {self._named[1]} holds (not shown) can't be a token", advice)
        return token


Token = Annotated[TokenSource | None, TokenSource.or_refused()]
"""The same as a setting, which repeats nobody's token when it is one."""


def token_of(control: Any) -> str | None:  # noqa: ANN401  `groups.Control`, which imports this
    """The token that the settings of the control socket lead to, in this process' environment; None where they name none.

    Raises:
        SettingsError: there is none where they say.
    """
    return None if control.token is None else control.token.read(os.environ)
