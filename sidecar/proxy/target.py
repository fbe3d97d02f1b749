"""Request targets in their four forms (RFC 9112 section 3.2). Only the first says where to go here; a host never does."""

import ipaddress
import re

from sidecar.errors import RequestRefused

Address = tuple[str, int]

ABSOLUTE = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]*)://([^/?]*)(.*)").fullmatch
"""Scheme, authority, and what an origin would be asked for."""
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")
HTTP_PORT = 80


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
        400, "the request target names another host: this is a reverse proxy, set a base URL, not HTTP_PROXY"
    )


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
