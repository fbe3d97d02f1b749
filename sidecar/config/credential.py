"""Where a credential of ours is kept, for an upstream: settings name the place and never hold the secret itself.

With it the sidecar asks about, and cancels, operations whose own caller is gone and has left no credential: after a restart, or
of a dead pod. It is never lent to a caller.
"""

import re
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from sidecar.config.group import Group
from sidecar.config.values import UNUSABLE

VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]*").fullmatch
"""Names in capitals only: whoever writes the key itself here has it refused instead of printed by `sidecar config print`."""
GOOGLE: Final = ("gemini", "vertex")
"""Dialects whose upstream takes an access token of Google."""


ONE: Final = "write one: {env: GEMINI_API_KEY}, {file: /run/secrets/key}, {google_adc: true} or {aws: true}"


def _unusable(problem: str, advice: str) -> PydanticCustomError:
    return PydanticCustomError(UNUSABLE, "unusable", {"problem": problem, "advice": advice})


def _hidden(is_not: str, advice: str) -> PydanticCustomError:
    """An error that does not repeat the value: it may be the key."""
    return _unusable(f"what stands there (not shown: it may be the key itself) is not {is_not}", advice)


def _variable(value: object) -> str:
    if isinstance(value, str) and VARIABLE(value):
        return value
    raise _hidden("the name of a variable", "write the variable's name, in capitals: GEMINI_API_KEY")


def _path(value: object) -> str:
    if isinstance(value, str) and "/" in value:
        return value
    raise _hidden("the path of a file", "write it with a slash: /run/secrets/key, or ./key")


def _group(value: object) -> object:
    if isinstance(value, str | int | float):
        raise _hidden("a group of keys", ONE)
    return value


class CredentialSource(Group):
    """One of four places. It is looked into when the credential is needed, not before."""

    env: Annotated[str, BeforeValidator(_variable)] | None = None
    """The name of an environment variable of the sidecar that holds the key or token."""
    file: Annotated[str, BeforeValidator(_path)] | None = None
    """The path of a file with the key or token in one line; read again when it changes, so that a mounted secret may rotate."""
    google_adc: bool | None = None
    """`true`: Google's Application Default Credentials, as google-auth finds them; tokens are renewed as they expire."""
    aws: bool | None = None
    """`true`: AWS's own search (variables, profile, instance role), and a signature for each request. Needs botocore: the extra
    `aws`."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if len(self._set()) != 1:
            raise _unusable(f"names several places: {', '.join(self._set())}" if self._set() else "names no place", ONE)
        return self

    def _set(self) -> list[str]:
        return [name for name in type(self).model_fields if getattr(self, name)]

    def __str__(self) -> str:
        (name,) = self._set()
        value = getattr(self, name)
        return name if value is True else f"{name} {value}"

    def misplaced(self, dialect: str, host: str) -> str:
        """Why an upstream's credential can't be this one; empty where it can.

        An access token opens all of a cloud account, so that a slip must not send it to somebody else's host.
        """
        if self.google_adc and dialect not in GOOGLE and not f".{host}".endswith(".googleapis.com"):
            return f"would send an access token of Google to {host}, which does not speak gemini or vertex"
        if self.aws and dialect != "bedrock":
            return "signs for AWS, and the upstream does not speak bedrock"
        return ""


Credential = Annotated[CredentialSource, BeforeValidator(_group)]
"""The same as a setting, which repeats nobody's key when it is one."""
