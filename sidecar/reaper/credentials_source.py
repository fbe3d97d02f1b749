"""Places where a configured credential may be, and the two that need no library: a variable and a file."""

import asyncio
import os
from pathlib import Path
from typing import Final, Protocol

from sidecar.errors import SidecarError
from sidecar.providers.answer import Credential
from sidecar.providers.credential_seen import credential_of

MOST_BYTES: Final = 64 * 1024
"""Of a file; an access token has a few thousand."""


class NoCredential(SidecarError):
    """There is none to be had now. The sentence says why, and holds no secret."""


class Source(Protocol):
    """One place where a credential may be."""

    is_slow: bool
    """It asks others, who may be long in saying that there is none."""

    async def credential(self) -> Credential:
        """The credential as it is now.

        Raises:
            NoCredential: there is none.
        """
        ...


class Variable:
    """A variable of the sidecar's own environment."""

    is_slow = False

    def __init__(self, name: str, dialect: str) -> None:
        self._name, self._dialect = name, dialect

    async def credential(self) -> Credential:
        """What it holds now."""
        place = f"env {self._name}"
        return Credential(credential_of(self._dialect, _key(os.environ.get(self._name, ""), place)), place)


class File:
    """A file, read again when it has changed: Kubernetes and Vault replace mounted secrets while programs run."""

    is_slow = False

    def __init__(self, path: str, dialect: str) -> None:
        self._path, self._dialect = Path(path), dialect
        self._stamp: tuple[int, int, int] | None = None
        self._text = ""

    async def credential(self) -> Credential:
        """What it holds now."""
        place = f"file {self._path}"
        try:
            text = await asyncio.to_thread(self._read)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise NoCredential(f"{place} can't be read: {reason}; write the key into it, or name another") from None
        return Credential(credential_of(self._dialect, _key(text, place)), place)

    def _read(self) -> str:
        """In a thread: a mounted file may be on the other side of a network."""
        with self._path.open("rb") as file:
            found = os.fstat(file.fileno())
            stamp = found.st_ino, found.st_size, found.st_ctime_ns
            if stamp != self._stamp:
                self._text = file.read(MOST_BYTES).decode("latin-1")
                self._stamp = stamp
        return self._text


def _key(text: str, place: str) -> str:
    """The key in a text; nothing around it counts.

    Raises:
        NoCredential: there is none, or something that is no key.
    """
    key = text.strip()
    if not key:
        raise NoCredential(f"{place} holds nothing; set it to the key, and start the sidecar with it")
    if key.startswith("{"):
        raise NoCredential(f"{place} holds JSON, as a service account's file does; write {{google_adc: true}} for that")
    if not (key.isascii() and key.isprintable()):
        raise NoCredential(
            f"{place} holds more than one line, or what may not stand in a header; it takes the key alone"
        )
    return key
