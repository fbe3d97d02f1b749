"""What one run needs to read TLS: an authority that nobody else has, by which its command alone trusts us, and its variables.

The authority's key is in memory and ends with us. The command is told to trust it, and to take us for its proxy; nothing on the
machine is changed.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlsplit

from sidecar.authority.authority import Authority
from sidecar.clock import SystemClock
from sidecar.companion.leading import HTTPS_PORT, Led, led_to
from sidecar.companion.trust import TrustFiles, trusting
from sidecar.config.addresses import Unusable
from sidecar.config.proxy_url import ProxyUrl, parse_proxy_url
from sidecar.config.settings import Settings
from sidecar.errors import SettingsError
from sidecar.local_authority import hosts_of

FLAG: Final = "--intercept"
GENERAL: Final = ("all_proxy", "ALL_PROXY")
"""Proxies for every scheme, which curl, requests and httpx take where HTTPS_PROXY is not set, and a sidecar as a rule doesn't."""
EGRESS: Final = "egress.https_proxy"


class Interception:
    """One per run; `close` it when the run is over.

    Raises:
        SettingsError: no authority can be made for these settings, or there is no place for its files.
    """

    def __init__(self, settings: Settings, variables: Mapping[str, str]) -> None:
        self._own = variables
        self._places = {(each.url.host, each.url.port) for each in settings.upstreams.values() if each.url.is_secure}
        self.authority = Authority.in_memory(hosts_of(settings), SystemClock())
        told = trusting(variables, self.authority.certificate_pem)
        try:
            self._files = TrustFiles(told.files)
        except OSError as error:
            problem = f"no directory can be made for its certificates: {error.strerror}"
            raise SettingsError(FLAG, problem, "set TMPDIR to a place that can be written") from None
        self._trust = {name: str(self._files.directory / file) for name, file in told.variables.items()}
        self._unreadable = told.unreadable

    def led_to(self, base: str) -> Led:
        """What the command is told, whose https calls are to come to the proxy at `base`."""
        led = led_to(self._own, base, self.authority.scope)
        return led._replace(variables={**led.variables, **self._trust})

    def sees(self, url: str) -> bool:
        """Whether calls to this place come by us, from who heeds its proxy."""
        try:
            scheme, host, port = (parts := urlsplit(url)).scheme, parts.hostname or "", parts.port or HTTPS_PORT
        except ValueError:
            return False
        is_upstream = (host, port) in self._places or (port == HTTPS_PORT and self.authority.permits(host))
        return scheme == "https" and is_upstream

    def remarks(self, led: Led) -> Iterator[str]:
        """What the user had set and is not so for this command, or keeps calls from us."""
        if led.included:
            yield f"NO_PROXY excepts hosts of upstreams, and not in this run: {', '.join(led.included)}"
        if led.excepted:
            yield f"calls to hosts that NO_PROXY excepts were not seen: {', '.join(led.excepted)}"
        for name in self._unreadable:
            yield f"{name} names no certificates, and was left as it is"
        if _general(self._own) and general_proxy(self._own) is None:
            yield "ALL_PROXY names a proxy that is not spoken to by HTTP: we call without it"

    def close(self) -> None:
        """Take the files away."""
        self._files.remove()


def with_egress(settings: Settings, origins: Mapping[str, str], variables: Mapping[str, str]) -> Settings:
    """The settings with the proxy that the command would have taken. HTTPS_PROXY is in them; what is set otherwise stays."""
    proxy = general_proxy(variables)
    if proxy is None or origins.get(EGRESS) != "default":
        return settings
    return settings.model_copy(update={"egress": settings.egress.model_copy(update={"https_proxy": proxy})})


def general_proxy(variables: Mapping[str, str]) -> ProxyUrl | None:
    """The proxy for every scheme that these variables name, if it is one that we can speak to; most others are SOCKS."""
    named = _general(variables)
    try:
        return parse_proxy_url(named) if named else None
    except Unusable:
        return None


def _general(variables: Mapping[str, str]) -> str:
    return next((variables[name] for name in GENERAL if variables.get(name)), "")
