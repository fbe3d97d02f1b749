"""The local authority that the settings want: where it is, for which hosts, whether it will do, and what is shown with it.

`cryptography` takes 80 ms to import, and most sidecars speak for nobody: what needs it is imported when it is needed.
"""

import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sidecar.clock import SECOND, Clock
from sidecar.config.settings import Settings
from sidecar.config.socket_rules import TLS, Conflict
from sidecar.config.upstreams import DialectName, Upstream

if TYPE_CHECKING:
    from sidecar.authority.authority import Authority

DIRECTORY: Final = ("proxy", "ca_directory")
INTERCEPT: Final = ("proxy", "connect", "intercept")
SOON_DAYS: Final = 30
"""An authority that ends so soon deserves a word: programs have to be told of a new one."""

DOMAINS: Final[Mapping[DialectName, tuple[str, ...]]] = {
    DialectName.VERTEX: ("googleapis.com",),
    DialectName.BEDROCK: (
        "amazonaws.com", "api.aws", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "amazonaws.eu",
        "api.amazonwebservices.eu",
    ),
}  # fmt: skip
"""Domains of providers with a host in each region: name constraints know no `*-aiplatform.googleapis.com`, only whole domains."""


def ca_directory(settings: Settings, variables: Mapping[str, str]) -> Path:
    """Where the authority is kept: as the settings say, else `ca` among the user's settings of programs (XDG)."""
    if settings.proxy.ca_directory is not None:
        return Path(settings.proxy.ca_directory).expanduser()
    named = Path(variables.get("XDG_CONFIG_HOME", ""))
    return (named if named.is_absolute() else Path("~/.config").expanduser()) / "inference-sidecar" / "ca"


def is_wanted(settings: Settings) -> bool:
    """Something that is set needs an authority."""
    return settings.proxy.connect.intercept or settings.proxy.tls.local


def hosts_of(settings: Settings) -> tuple[str, ...]:
    """For whom it is to speak: hosts of upstreams that are reached by TLS, with those of all regions, and our own names."""
    of_upstreams = [host for upstream in settings.upstreams.values() for host in _hosts(upstream)]
    return tuple(dict.fromkeys([*of_upstreams, *settings.proxy.tls.names]))


def _hosts(upstream: Upstream) -> tuple[str, ...]:
    return (upstream.url.host, *DOMAINS.get(upstream.dialect, ())) if upstream.url.is_secure else ()


def authority_of(settings: Settings, clock: Clock, variables: Mapping[str, str]) -> "Authority | None":
    """The authority, where one is wanted.

    Raises:
        SettingsError: there is none, or it can't be used.
    """
    if not is_wanted(settings):
        return None
    from sidecar.authority.authority import Authority

    return Authority.load(ca_directory(settings, variables), clock)


def shown_by(
    settings: Settings, authority: "Authority | None", reloaded: Callable[[bool], None]
) -> Callable[[], ssl.SSLContext] | None:
    """What callers who speak TLS to us are shown, asked for each connection; None where `proxy.tls` is off.

    `reloaded` is told when the files of `proxy.tls` had changed, and whether they could be used.

    Raises:
        OSError: the files of `proxy.tls` can't be used any more; they could when the settings were loaded.
    """
    tls = settings.proxy.tls
    if tls.local and authority is not None:
        return lambda: authority.leaf(tls.names)
    if tls.cert is None or tls.key is None:
        return None
    from sidecar.authority.contexts import ContextOfFiles

    return ContextOfFiles(tls.cert, tls.key, reloaded)


# === before anything is started ===


def authority_conflicts(settings: Settings, clock: Clock, variables: Mapping[str, str]) -> Iterator[Conflict]:
    """What keeps the authority from doing what the settings want: it is not there, not good, or may not speak for a host."""
    if not is_wanted(settings):
        return
    from sidecar.authority.files import AuthorityError, is_there

    directory = ca_directory(settings, variables)
    if not is_there(directory):
        wanted_by = INTERCEPT if settings.proxy.connect.intercept else (*TLS, "local")
        yield wanted_by, f"there is no authority in {directory}", "make one: sidecar ca create"
        return
    try:
        authority = authority_of(settings, clock, variables)
    except AuthorityError as unfit:
        yield DIRECTORY, unfit.problem, unfit.advice
    else:
        assert authority is not None
        yield from _out_of_scope(settings, authority)


def authority_notes(settings: Settings, clock: Clock, variables: Mapping[str, str]) -> Iterator[str]:
    """That it ends soon. Of settings without a conflict."""
    authority = authority_of(settings, clock, variables)
    if authority is not None:
        days = (authority.ends_at - clock.now()) // (86_400 * SECOND)
        if days < SOON_DAYS:
            advice = "sidecar ca create --force makes a new one, which programs must be told of"
            yield f"the local authority ends in {days} days: {advice}"


def _out_of_scope(settings: Settings, authority: "Authority") -> Iterator[Conflict]:
    advice = "make one that may: sidecar ca create --force; programs must be told of it"
    if settings.proxy.connect.intercept:
        for name, upstream in settings.upstreams.items():
            refused = next((host for host in _hosts(upstream) if not authority.permits(host)), None)
            if refused is not None:
                yield ("upstreams", name, "url"), f"the local authority may not speak for {refused}", advice
    if settings.proxy.tls.local:
        for place, host in enumerate(settings.proxy.tls.names):
            if not authority.permits(host):
                yield (*TLS, "names", place), f"the local authority may not speak for {host}", advice
