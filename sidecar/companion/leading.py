"""The variables that lead all https calls of a command through us, and what they said of proxies before. Pure."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from sidecar.config.addresses import Address, Unusable
from sidecar.config.proxy_url import parse_exemptions

HTTPS_PORT: Final = 443
LOOPBACK: Final = ("127.0.0.1", "localhost")
LED: Final = {"https_proxy": "", "HTTPS_PROXY": "", "NODE_USE_ENV_PROXY": "1"}
"""Empty: our address. Programs differ in which spelling they read first; Node.js reads both, from 22.21 on, if it is told to.
HTTP_PROXY stays: providers are called by https, and base URLs lead to us by http."""
EXCEPTING: Final = ("no_proxy", "NO_PROXY")


class Led(NamedTuple):
    """What a command is told of its proxy, and of whom to trust."""

    variables: dict[str, str]
    included: tuple[str, ...]
    """Entries of its NO_PROXY that meant hosts of upstreams: they are left out."""
    excepted: tuple[str, ...]
    """Those that stay, but for loopback: calls to these hosts go past us."""


def led_to(variables: Mapping[str, str], base: str, domains: Collection[str]) -> Led:
    """The variables of a command whose https calls are to come to the proxy at `base`.

    `domains` are the hosts of upstreams; each stands for all names below it as well. Loopback is always excepted.
    """
    entries = list(dict.fromkeys(entry for name in EXCEPTING for entry in _entries(variables.get(name, ""))))
    included = tuple(entry for entry in entries if any(means(entry, domain) for domain in domains))
    kept = [entry for entry in entries if entry not in included]
    excepted = ",".join((*kept, *(host for host in LOOPBACK if host not in kept)))
    told = {name: value or base for name, value in LED.items()} | dict.fromkeys(EXCEPTING, excepted)
    return Led(told, included, tuple(entry for entry in kept if not _is_loopback(entry)))


def means(entry: str, domain: str) -> bool:
    """Whether an entry of NO_PROXY excepts a domain, a part of it, or what it is a part of. Loopback is none of them."""
    host = entry.lower().removeprefix("*").strip(".")
    if _is_loopback(domain) or _is_loopback(host):
        return False
    try:
        return any(parse_exemptions(a).cover(b, HTTPS_PORT) for a, b in ((entry, domain), (domain, host)))
    except Unusable:  # no block of addresses
        return False


def _is_loopback(host: str) -> bool:
    return Address(host, HTTPS_PORT).is_loopback


def _entries(text: str) -> Iterator[str]:
    return (entry for entry in text.replace(",", " ").split() if entry)
