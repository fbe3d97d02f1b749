"""The names that certificates are for: DNS names and addresses of hosts, and what covers them (RFC 5280 section 4.2.1.10)."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

LONGEST_NAME: Final = 253
"""Characters of a DNS name without its last dot (RFC 1035 section 2.3.4)."""
LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
"""Underscores are no letters of host names (RFC 952), and Docker Compose makes names with them all the same."""

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: Final[tuple[str, ...]] = ("localhost", "127.0.0.0/8", "::1/128")
"""What every authority may speak for. That both kinds of name stand there matters: a kind of which nothing is permitted is not
constrained at all."""


class NotAName(ValueError):
    """No certificate can be for this. `problem` is a sentence about it, `advice` says what to write."""

    def __init__(self, text: str, problem: str, advice: str) -> None:
        super().__init__(text, problem, advice)
        self.problem, self.advice = f"'{text}' {problem}", advice

    def __str__(self) -> str:
        return f"{self.problem}; {self.advice}"


def name_of(text: str) -> str:
    """A host as certificates have it: a DNS name in lower case without its last dot, or an address as `ipaddress` writes it.

    Raises:
        NotAName: it is neither, or stands for many.
    """
    address = address_of(text)
    if address is not None:
        return str(address)
    if "*" in text:
        raise NotAName(text, "stands for many hosts", "name each of them; a name that is permitted covers all below it")
    if not text.isascii():
        raise NotAName(text, "is not ASCII", "write it as DNS has it: xn--...")
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > LONGEST_NAME or not all(map(LABEL.fullmatch, labels)) or labels[-1].isdecimal():
        raise NotAName(text, "is neither a name nor an address", "write api.example or 10.0.0.7")
    return name


def address_of(text: str) -> IpAddress | None:
    """The address that a text is, with brackets or without; None where it is none, or is one link's (`fe80::1%eth0`)."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return None if "%" in bare else ipaddress.ip_address(bare)
    except ValueError:
        return None


@dataclass(frozen=True)
class Scope:
    """For whom an authority may speak: DNS names and all below them, and blocks of addresses."""

    domains: tuple[str, ...] = ()
    networks: tuple[IpNetwork, ...] = ()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Self:
        """The scope of these hosts, addresses and blocks (`10.0.0.0/8`) and of loopback; what another one covers is left out.

        Raises:
            NotAName: one of them can't stand in a certificate.
        """
        texts = (*hosts, *LOOPBACK)
        blocks = [text for text in texts if "/" in text]
        names = [name_of(text) for text in texts if "/" not in text]
        networks = [_network(text) for text in (*blocks, *(name for name in names if address_of(name) is not None))]
        return cls(_widest_domains(name for name in names if address_of(name) is None), _widest_networks(networks))

    def permits(self, host: str) -> bool:
        """It may speak for this host."""
        try:
            name = name_of(host)
        except NotAName:
            return False
        address = address_of(name)
        if address is None:
            return any(_is_below(name, domain) for domain in self.domains)
        return any(address in network for network in self.networks)  # False where the versions differ

    def texts(self) -> tuple[str, ...]:
        """As people write them; a block of one address is that address."""
        return (*self.domains, *(str(each).removesuffix(f"/{each.max_prefixlen}") for each in self.networks))


EVERYBODY: Final = Scope(("",), (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
"""The scope of an authority that nothing constrains: one that somebody else has made."""


def _network(text: str) -> IpNetwork:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise NotAName(text, "is no block of addresses", "write 10.0.0.0/8") from None


def _is_below(name: str, domain: str) -> bool:
    return not domain or name == domain or name.endswith(f".{domain}")


def _widest_domains(names: Iterable[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for name in sorted(set(names), key=lambda each: (each.count("."), each)):
        if not any(_is_below(name, domain) for domain in kept):
            kept.append(name)
    return tuple(sorted(kept))


def _widest_networks(networks: Iterable[IpNetwork]) -> tuple[IpNetwork, ...]:
    fours = [each for each in networks if isinstance(each, ipaddress.IPv4Network)]
    sixes = [each for each in networks if isinstance(each, ipaddress.IPv6Network)]
    return (*ipaddress.collapse_addresses(fours), *ipaddress.collapse_addresses(sixes))
