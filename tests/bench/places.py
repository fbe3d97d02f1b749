"""Where and how a contender runs: its folder, its port, the provider behind it, and its settings, made from a template."""

import re
import resource
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

HERE = Path(__file__).parent
NOTHING: Mapping[str, str] = MappingProxyType({})
SPARE_DESCRIPTORS = 150
"""Of a process, besides two for each call."""
MARK = re.compile("@(?:TLS|PLAIN|SECURE|OPEN)@")


class NotAnswering(Exception):
    """A contender was started and does not pass calls on as it should."""


class Upstream(NamedTuple):
    """Where the provider is."""

    port: int
    ca_file: Path | None = None
    """The authority of its certificate where it speaks TLS; contenders verify it."""

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"{'https' if self.ca_file else 'http'}://127.0.0.1:{self.port}"


class Way(Enum):
    """How callers reach a contender."""

    OPEN = "open"
    """By HTTP."""
    SECURE = "secure"
    """By TLS, with the certificate `own.pem` in its folder."""
    CONNECT = "connect"
    """As a proxy that is asked for a tunnel to the provider; by TLS inside, with a certificate of the authority in `ca`."""

    def ca_file(self, folder: Path) -> Path | None:
        """The authority of the certificate that a contender with this folder shows; None where it shows none."""
        return {Way.SECURE: folder / "own.pem", Way.CONNECT: folder / "ca" / "ca.pem"}.get(self)


class Place(NamedTuple):
    """Where a contender is to run."""

    folder: Path
    """Its own."""
    port: int
    upstream: Upstream
    way: Way = Way.OPEN


class Start(NamedTuple):
    """How a contender is started."""

    command: list[str]
    variables: Mapping[str, str] = NOTHING


def written(place: Place, template: str, **values: object) -> Path:
    """A settings file made from a template beside this file, in the contender's folder.

    A line that begins with `@TLS@` is kept where the upstream speaks TLS, one with `@PLAIN@` where it does not; `@SECURE@` and
    `@OPEN@` say the same of callers.
    """
    left_out = ("@PLAIN@" if place.upstream.ca_file else "@TLS@", "@OPEN@" if place.way is Way.SECURE else "@SECURE@")
    lines = (HERE / template).read_text().splitlines()
    kept = (line for line in lines if not any(mark in line for mark in left_out))
    text = MARK.sub("", "\n".join(kept))
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    known = {
        "RUN": place.folder,
        "PORT": place.port,
        "UPSTREAM": place.upstream.port,
        "CA": place.upstream.ca_file,
        "SLOTS": descriptors * 17 // 16,
        "CALLS": (descriptors - SPARE_DESCRIPTORS) // 2,
    }
    for key, value in {**known, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    settings = place.folder / template.removesuffix(".in")
    settings.write_text(text + "\n")
    return settings
