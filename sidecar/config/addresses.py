"""Where we listen and where upstreams are: `host:port` and upstream URLs, as values."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
HOST_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?")
PATH = re.compile(r"[!$&-;=@A-Z_a-z~%]*")
"""The characters of RFC 3986's path, percent signs included, none decoded."""


class Unusable(ValueError):
    """Text that is not what it should be. `problem` completes `'<the text>' ...`, `advice` says what to write."""

    def __init__(self, problem: str, advice: str = "") -> None:
        super().__init__(problem, advice)
        self.problem, self.advice = problem, advice


UNIX = "unix:"
LONGEST_SOCKET_PATH = 107
"""Bytes; the kernel's structure has 108 (unix(7)), the last of which is NUL."""


class Address(NamedTuple):
    """Where to listen. `host` is a name, an IPv4 or an IPv6 address without brackets; port 0 lets the kernel pick.

    Or a Unix socket: then `host` is `unix:` and its path, and the port is 0 and means nothing.
    """

    host: str
    port: int

    def __str__(self) -> str:
        if self.socket_path is not None:
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def socket_path(self) -> str | None:
        """The path of a Unix socket; None for any other address."""
        return self.host.removeprefix(UNIX) if self.host.startswith(UNIX) else None

    @property
    def url(self) -> str:
        """As people write it: `http://127.0.0.1:8782`, `unix:/run/sidecar.sock`."""
        return self.host if self.socket_path is not None else f"http://{self}"

    @property
    def is_loopback(self) -> bool:
        """Only this machine (this pod) can connect to it."""
        if self.socket_path is not None:
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_wildcard(self) -> bool:
        """It stands for every address of the machine."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104  a comparison, not a bind

    def collides(self, other: "Address") -> bool:
        """The two can't both be bound, as far as can be told without asking the kernel."""
        if self.port == 0 or self.port != other.port:
            return False
        return self.host == other.host or self.is_wildcard or other.is_wildcard

    @property
    def reachable(self) -> "Address":
        """An address at which a program on this machine reaches it: a wildcard becomes loopback."""
        if not self.is_wildcard:
            return self
        return Address("::1" if ":" in self.host else "127.0.0.1", self.port)


class Url(NamedTuple):
    """Where an upstream is. `path` is empty or begins with a slash and never ends with one."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """`host` or `host:port`, as the Host header wants it: the scheme's own port is left out."""
        if self.port == DEFAULT_PORTS[self.scheme]:
            return f"[{self.host}]" if ":" in self.host else self.host
        return str(Address(self.host, self.port))

    @property
    def is_secure(self) -> bool:
        """Spoken over TLS."""
        return self.scheme == "https"


def parse_address(text: str) -> Address:
    """The address that `host:port`, or `[::1]:8780` names.

    Raises:
        Unusable: there is no host or no port, or one of them can't be.
    """
    host, colon, port = text.rpartition(":")
    if not colon:
        raise Unusable("is not host:port", "write 127.0.0.1:8780")
    if not host:
        raise Unusable("names no host", f"write 127.0.0.1:{port}, or 0.0.0.0:{port} for every address")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise Unusable("is an IPv6 address without brackets", "write [::1]:8780")
    return Address(_host(host), _port(port))


def parse_local_address(text: str) -> Address:
    """The address that `host:port` names, or `unix:/path` a Unix socket.

    Raises:
        Unusable: it names neither.
    """
    if not text.startswith(UNIX):
        return parse_address(text)
    path = text.removeprefix(UNIX)
    if not path.startswith("/") or path.endswith("/") or "\0" in path:
        raise Unusable("names no socket by its whole path", "write unix:/run/sidecar.sock")
    if len(path.encode("utf-8", "surrogateescape")) > LONGEST_SOCKET_PATH:
        raise Unusable("is too long for a socket", f"the path may have {LONGEST_SOCKET_PATH} bytes")
    return Address(UNIX + path, 0)


def parse_host(text: str) -> str:
    """The host of this name or address, in lower case; IPv6 with or without its brackets, which are left out.

    Raises:
        Unusable: it is neither a name nor an address.
    """
    return _host(f"[{text}]" if ":" in text and not text.startswith("[") else text)


def parse_url(text: str) -> Url:
    """The upstream that `https://host[:port][/path]` names; slashes at the end are dropped.

    Raises:
        Unusable: it is no such URL, or it holds credentials, a query or a fragment.
    """
    if any(character <= " " or character == "\x7f" for character in text):
        raise Unusable("has a space or a control character in it", "remove it")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise Unusable("is not a URL", "write https://host or https://host:port/path") from None
    name = _refuse_extras(text, parts)
    path = parts.path.rstrip("/")
    if not PATH.fullmatch(path):
        raise Unusable("has a character in its path that URLs don't allow", "percent-encode it")
    return Url(parts.scheme, parse_host(name), port or DEFAULT_PORTS[parts.scheme], path)


def _refuse_extras(text: str, parts: SplitResult) -> str:
    """The host's name or address, once nothing stands in the URL that an upstream must not have."""
    if parts.scheme not in DEFAULT_PORTS:
        raise Unusable("is not an http or https URL", "write https://host or http://host:port")
    if "@" in parts.netloc:
        raise Unusable("holds credentials", "remove them: the caller's own are passed on, and nothing else is sent")
    if "?" in text or "#" in text:
        raise Unusable("has a query or a fragment", "remove it: an upstream is a host and perhaps a path")
    if not parts.hostname or parts.port == 0:
        raise Unusable("names no host, or port 0", "write https://host or https://host:port/path")
    return parts.hostname


def _host(text: str) -> str:
    """A host without its brackets.

    Raises:
        Unusable: it is neither a name nor an address.
    """
    if text.startswith("["):
        try:
            return str(ipaddress.IPv6Address(text[1:-1]))
        except ValueError:
            raise Unusable("has no IPv6 address between its brackets", "write [::1]:8780") from None
    if not HOST_NAME.fullmatch(text):
        raise Unusable("has a host that is neither a name nor an address", "names are ASCII: xn--... for others")
    return text.lower()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= 65_535):
        raise Unusable("has no port between 0 and 65535", "write 127.0.0.1:8780; port 0 picks a free one")
    return int(text)
