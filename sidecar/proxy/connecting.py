"""Where a CONNECT leads: to be read as calls to an upstream, blind to the host that it names, or nowhere. Pure.

RFC 9110 section 9.3.6. The host is looked at twice: when the tunnel is asked for, and when the first thing that is said inside
tells whether it is anything that we can read.
"""

import msgspec

from sidecar.config.sockets import Connect, Others
from sidecar.errors import RequestRefused
from sidecar.proxy.client_hello import ClientHello
from sidecar.proxy.destination import Destination
from sidecar.proxy.target import Address
from sidecar.proxy.within import destination_at
from sidecar.telemetry.sockets import ConnectResult

HTTP_1 = frozenset({b"http/1.1", b"http/1.0"})
"""What we read. A client that offers neither insists on HTTP/2, as gRPC does."""


class Intercept(msgspec.Struct, frozen=True):
    """What comes through the tunnel is read: calls to an upstream, whose host is this."""

    origin: Address


class Blind(msgspec.Struct, frozen=True):
    """Bytes pass both ways and are counted, not read."""

    place: Address
    counts_as: ConnectResult = ConnectResult.TUNNELED
    provider: str = ""
    """Whom what passes unread may cost money at; empty where it is nobody's that we know."""


def way_of(place: Address, destinations: dict[bytes, Destination], connect: Connect) -> Intercept | Blind:
    """Where a tunnel to a place leads.

    Raises:
        RequestRefused: nowhere, by the settings.
    """
    if not connect.intercept:
        raise RequestRefused(
            501,
            "CONNECT is not offered: set a base URL instead of HTTPS_PROXY, or proxy.connect.intercept with a local authority "
            "(sidecar ca create)",
        )
    if destination_at(place, destinations) is not None:
        return Intercept(place)
    host, port = place
    if connect.others is Others.REFUSE:
        raise RequestRefused(403, f"no upstream has the host {host}, and proxy.connect.others refuses such tunnels")
    if port not in connect.ports:
        ports = ", ".join(map(str, connect.ports)) or "none"
        raise RequestRefused(403, f"tunnels are not made to port {port}, only to {ports} (proxy.connect.ports)")
    return Blind(place)


def way_within(
    origin: Address, hello: ClientHello, destinations: dict[bytes, Destination], *, is_permitted: bool
) -> Intercept | Blind:
    """Where a tunnel to an upstream leads, once its client has begun with TLS. `is_permitted`: our authority may speak for it."""
    destination = destination_at(origin, destinations)
    if destination is None:
        return Blind(origin)
    if hello.protocols and HTTP_1.isdisjoint(hello.protocols):
        return Blind(origin, ConnectResult.GRPC, destination.provider)
    is_another = hello.server_name not in ("", origin[0])
    # A client that says TLS to an upstream without it means something else; and never is what is secret made plain.
    if is_another or not destination.endpoint.is_tls or not is_permitted:
        return Blind(origin, provider=destination.provider)
    return Intercept(origin)
