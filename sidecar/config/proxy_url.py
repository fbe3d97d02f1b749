"""The way out, as values: the URL of a proxy that tunnels are opened through, and the hosts that need none."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from sidecar.config.addresses import DEFAULT_PORTS, Address, Unusable, parse_address

WRITE = "write http://proxy.example:3128, or http://user:password@proxy.example:3128"
BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

Rule = Callable[[str, int], bool]
"""Whether a host (lower case, no dot at its end) and a port are meant."""


@dataclass(frozen=True)
class ProxyUrl:
    """Where an egress proxy is. Its text never holds the credentials."""

    scheme: str
    """`http`, or `https` for a proxy that is itself reached by TLS."""
    host: str
    port: int
    credentials: bytes | None = field(default=None, repr=False)
    """`user:password`, decoded; None where the URL holds none."""

    def __str__(self) -> str:
        address = Address(self.host, self.port)
        return f"{self.scheme}://{'***@' if self.credentials is not None else ''}{address}"

    @property
    def is_secure(self) -> bool:
        """The proxy is reached by TLS."""
        return self.scheme == "https"


def parse_proxy_url(text: str) -> ProxyUrl:
    """The proxy that `http://[user:password@]host:port` names; without a scheme it is http, as for curl and requests.

    Raises:
        Unusable: it is no such URL. Neither its problem nor its advice repeats a part of the text.
    """
    scheme, separator, rest = text.partition("://")
    scheme, rest = (scheme.lower(), rest) if separator else ("http", text)
    if scheme not in DEFAULT_PORTS:
        raise Unusable("is not an http or https URL", WRITE)
    user_information, at, place = rest.removesuffix("/").rpartition("@")
    if re.search(r"[/?#\s\x00-\x20\x7f]", rest.removesuffix("/")) or "@" in user_information:
        raise Unusable("holds a path, a space or an unescaped character", f"percent-encode what needs it, and {WRITE}")
    address = parse_address(place if _has_port(place) else f"{place}:{DEFAULT_PORTS[scheme]}")
    if address.port == 0:
        raise Unusable("names port 0", WRITE)
    return ProxyUrl(scheme, address.host, address.port, _credentials(user_information) if at else None)


def _has_port(place: str) -> bool:
    return re.search(r":[0-9]*\Z", place) is not None and not (place.startswith("[") and place.endswith("]"))


def _credentials(user_information: str) -> bytes:
    """RFC 3986's user information as RFC 7617 wants it: decoded, and with a colon even if there is no password."""
    if BROKEN_ESCAPE.search(user_information):
        raise Unusable("has a percent sign that escapes nothing in its credentials", "write %25 for a percent sign")
    user, _, password = user_information.partition(":")
    return unquote_to_bytes(user) + b":" + unquote_to_bytes(password)


@dataclass(frozen=True)
class Exemptions:
    """Hosts that are reached without the proxy, as `NO_PROXY` lists them."""

    text: str = ""
    _rules: tuple[Rule, ...] = field(default=(), repr=False, compare=False)

    def __str__(self) -> str:
        return self.text

    def cover(self, host: str, port: int) -> bool:
        """The proxy is not for this host. Loopback never needs one: the proxy has another."""
        name = host.lower().rstrip(".")
        return Address(name, port).is_loopback or any(rule(name, port) for rule in self._rules)


def parse_exemptions(text: str) -> Exemptions:
    """What a list exempts, read as curl and Python read `NO_PROXY`.

    Separated by commas or spaces: hosts (and all below them), `.suffixes`, addresses, each with a port or none; CIDR blocks;
    `*` for all.

    Raises:
        Unusable: an entry is a CIDR block that is none.
    """
    entries = [entry.lower() for entry in re.split(r"[,\s]+", text) if entry]
    return Exemptions(",".join(entries), tuple(map(_rule, entries)))


def _rule(entry: str) -> Rule:
    if entry == "*":
        return lambda _host, _port: True
    if "/" in entry:
        return _block(entry)
    host, port = _host_and_port(entry)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        suffix = host.removeprefix("*").strip(".")
        return lambda name, at: _is_below(name, suffix) and port in (None, at)
    return lambda name, at: _address(name) == address and port in (None, at)


def _is_below(name: str, suffix: str) -> bool:
    """A host of this name, or of a domain below it; an address is below nothing."""
    return name == suffix or (name.endswith(f".{suffix}") and _address(name) is None)


def _block(entry: str) -> Rule:
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise Unusable(f"has '{entry}' in it, which is no block of addresses", "write 10.0.0.0/8") from None

    def is_meant(name: str, _port: int) -> bool:
        address = _address(name)
        return address is not None and address.version == network.version and address in network

    return is_meant


def _host_and_port(entry: str) -> tuple[str, int | None]:
    """`host`, `host:port`, `[::1]:port` or a bare IPv6 address, taken apart."""
    bare = re.fullmatch(r"\[(.*)\](?::([0-9]{1,5}))?|([^:]*):([0-9]{1,5})", entry)
    if bare is None:
        return entry, None
    host, port = (bare[1], bare[2]) if bare[1] is not None else (bare[3], bare[4])
    return host, int(port) if port else None


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
