"""Request targets in their four forms (RFC 9112 section 3.2).

The first says where to go by the route's name. An absolute one, as a client sends through `HTTP_PROXY`, may name an
upstream's own host: it chooses among those that the settings have, and nothing else.
"""

import ipaddress
import re
from urllib.parse import parse_qs

from sidecar.errors import RequestRefused

Address = tuple[str, int]

ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(.*)").fullmatch
"""Scheme, authority, and what an origin would be asked for."""
AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?").fullmatch
"""Host, and the port if there is one."""
KEPT_PARAMETERS = frozenset({b"api-version", b"beta"})
"""Parts of a query without which a provider does not know the path (Azure, older Anthropic SDKs). Others may hold a key."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
HTTP_PORT, HTTPS_PORT, HIGHEST_PORT = 80, 443, 65535


def origin_form(target: bytes, address: Address) -> bytes:
    """A target from its slash on, byte for byte; an absolute one only where it names us (RFC 9112 section 3.2.2).

    `address` is where the caller connected to. Whatever the authority says, it never chooses an upstream.

    Raises:
        RequestRefused: the target is of another form, or names somebody else.
    """
    if target.startswith(b"/"):
        return target
    if target == b"*":
        raise RequestRefused(
            400, "the target * asks about the server as a whole, and this is many: name a route, as /gemini"
        )
    absolute = ABSOLUTE(target)
    if absolute is None:
        raise RequestRefused(400, "the request target must start with /: this is a reverse proxy, set a base URL")
    scheme, authority, path = absolute.groups()
    if scheme.lower() == b"http" and _is_ours(authority, address):
        return path if path.startswith(b"/") else b"/" + path
    raise RequestRefused(
        400, "the request target names a host that no upstream has: set a base URL, or add the upstream to the settings"
    )


def named_place(target: bytes) -> tuple[str, int, bytes] | None:
    """Host, port and path that an absolute `http` target names; None for other targets."""
    absolute = None if target.startswith(b"/") else ABSOLUTE(target)
    if absolute is None:
        return None
    scheme, authority, path = absolute.groups()
    if scheme.lower() != b"http":
        return None
    found = AUTHORITY(authority.decode("latin-1").lower())
    if found is None:
        return None
    return found[1], int(found[2] or HTTP_PORT), path if path.startswith(b"/") else b"/" + path


def tunnel_place(target: bytes) -> Address:
    """Host and port that the target of a CONNECT names (RFC 9112 section 3.2.3), the host as names are compared.

    Raises:
        RequestRefused: there is no such port, or what stands in brackets is no address (RFC 9110 section 9.3.6).
    """
    host, _, digits = target.decode("ascii").rpartition(":")
    if not 0 < int(digits) <= HIGHEST_PORT:
        raise RequestRefused(400, "the target of CONNECT names no port that there is")
    if host.startswith("["):
        try:
            return str(ipaddress.IPv6Address(host[1:-1])), int(digits)
        except ValueError:
            raise RequestRefused(400, "the target of CONNECT has no IPv6 address between its brackets") from None
    return host.lower().removesuffix("."), int(digits)


def path_at(origin: Address, target: bytes) -> bytes:
    """A target from its slash on, of a request that came where the caller believes to be talking to `origin`.

    Raises:
        RequestRefused: the target is of another form, or an absolute one that names somebody else (RFC 9112 section 3.2.2).
    """
    if target.startswith(b"/"):
        return target
    absolute = ABSOLUTE(target)
    if absolute is None:
        raise RequestRefused(400, "the request target must start with / inside of a tunnel")
    scheme, authority, path = absolute.groups()
    found = AUTHORITY(authority.decode("latin-1").lower())
    if found is None or (_bare(found[1]), int(found[2] or _port_of(scheme))) != origin:
        raise RequestRefused(400, "the request target names another host than the tunnel leads to")
    return path if path.startswith(b"/") else b"/" + path


def _bare(host: str) -> str:
    return host.removeprefix("[").removesuffix("]").removesuffix(".")


def _port_of(scheme: bytes) -> int:
    return HTTPS_PORT if scheme.lower() in (b"https", b"wss") else HTTP_PORT


def kept_query(target: bytes) -> str:
    """What of a target's query may be kept, with its `?`; empty for nothing."""
    parameters = target.partition(b"?")[2].split(b"&")
    kept = [parameter for parameter in parameters if parameter.partition(b"=")[0] in KEPT_PARAMETERS]
    return "?" + b"&".join(kept).decode("latin-1") if kept else ""


def parameter_in(target: bytes, name: str) -> str:
    """The value of a parameter of a target's query; empty where there is none."""
    values = parse_qs(target.partition(b"?")[2].decode("latin-1")).get(name)
    return values[0] if values else ""


def _is_ours(authority: bytes, address: Address) -> bool:
    """The authority is the address that the caller connected to, or another name of loopback with the same port."""
    host, port = address
    names = {f"[{host}]" if ":" in host else host}
    if ipaddress.ip_address(host).is_loopback:
        names.update(LOOPBACK_NAMES)
    name, _, digits = authority.decode("latin-1").lower().rpartition(":")
    if not digits.isdigit():  # no port, or the colons of an address in brackets
        return port == HTTP_PORT and authority.decode("latin-1").lower() in names
    return name in names and digits == str(port)


def opening(raw: bytes) -> tuple[bytes, bytes]:
    """Method and target as far as they can be told from the beginning of a request that could not be read."""
    line = raw.partition(b"\r\n")[0].split(b" ", 2)
    return line[0], line[1] if len(line) > 1 else b""
