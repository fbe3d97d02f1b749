"""What people are told of the local authority: what it is, what trusting it means, and the variables that do."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Final, NamedTuple, Self

from sidecar.authority.authority import Authority
from sidecar.authority.files import BUNDLE, CERTIFICATE, KEY
from sidecar.authority.variables import VARIABLES, variables_of
from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.config.settings import Settings

WIDTH: Final = 120
"""Columns of what is wrapped; paths are not."""
DAY: Final[Moment] = 86_400 * SECOND
LABEL: Final = 14


class Described(NamedTuple):
    """An authority as people and scripts are shown it."""

    name: str
    fingerprint: str
    ends_at: Moment
    directory: Path
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, authority: Authority, directory: Path) -> Self:
        """The one that this directory keeps."""
        return cls(authority.name, authority.fingerprint, authority.ends_at, directory, authority.scope)

    @property
    def variables(self) -> dict[str, str]:
        """By which a program trusts it."""
        return variables_of(str(self.directory / CERTIFICATE), str(self.directory / BUNDLE))

    def as_object(self) -> Mapping[str, object]:
        """For machines."""
        return {
            "name": self.name, "fingerprint_sha256": self.fingerprint, "ends_at": rfc3339(self.ends_at),
            "directory": str(self.directory), "certificate": str(self.directory / CERTIFICATE),
            "bundle": str(self.directory / BUNDLE), "hosts": list(self.hosts), "variables": self.variables,
        }  # fmt: skip


def explanation(authority: Described, settings: Settings, found_in: Path, now: Moment) -> str:
    """All of it, with an end of line. `found_in` is the directory in which a sidecar with these settings looks for one."""
    use = _use(authority, settings, is_found=authority.directory == found_in)
    return "\n".join((*_itself(authority, now), "", *_trust(authority), "", *use, ""))


def _itself(authority: Described, now: Moment) -> Iterator[str]:
    days = round((authority.ends_at - now) / DAY)
    yield f"{'authority':{LABEL}}{authority.name}"
    yield f"{'SHA-256':{LABEL}}{authority.fingerprint}"
    yield f"{'good until':{LABEL}}{rfc3339(authority.ends_at)[:10]}, {days} days from now"
    yield f"{'kept in':{LABEL}}{authority.directory}"
    yield from wrap(
        ", ".join(each or "anybody" for each in authority.hosts), WIDTH, initial_indent=f"{'speaks for':{LABEL}}",
        subsequent_indent=" " * LABEL, break_on_hyphens=False,
    )  # fmt: skip


def _trust(authority: Described) -> Iterator[str]:
    yield "Nothing was installed. One program trusts it when it is started with these, and believes it for these hosts alone:"
    yield ""
    named = {name: f"export {name}={shlex.quote(path)}" for name, path in authority.variables.items()}
    longest = max(map(len, named.values()))
    for name, line in named.items():
        yield f"  {line:{longest}}  # {VARIABLES[name].read_by}"
    yield ""
    yield from wrap(
        f"{BUNDLE} holds the authorities of this system as they are now, and ours; {CERTIFICATE} ours alone, for programs "
        f"that add it to those they know. Whoever can read {KEY} can speak for these hosts to these "
        "programs, and read what they send.",
        WIDTH,
    )  # fmt: skip


def _use(authority: Described, settings: Settings, *, is_found: bool) -> Iterator[str]:
    """What is left to do before calls come through here."""
    proxy = settings.proxy
    wanted = [] if proxy.connect.intercept else ["connect: {intercept: true}"]
    wanted += [] if is_found else [f"ca_directory: {authority.directory}"]
    if wanted:
        yield "For calls to come through here without another base URL, the settings want"
        yield f"  proxy: {{{', '.join(wanted)}}}"
    yield f"{'and' if wanted else 'Calls come through here without another base URL when'} the program has"
    url = proxy.listen.reachable.url if proxy.listen.port else "http://127.0.0.1:PORT"
    yield f"  export HTTPS_PROXY={url}  # Node 22.21, 24 and later want NODE_USE_ENV_PROXY=1 too"
