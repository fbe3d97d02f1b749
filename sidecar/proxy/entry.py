"""Ways in besides plain HTTP: a caller that begins with TLS, and one that asks for a tunnel.

A connection may come through several of them, one within the other: TLS to us, a CONNECT, and TLS again with whom the tunnel
leads to. Each hands the connection over to the next, which stands on the transport of the one before.
"""

import ssl
from typing import TYPE_CHECKING

from sidecar.errors import RequestRefused, SidecarError
from sidecar.http1.head import RequestHead
from sidecar.proxy.client_hello import ClientHello
from sidecar.proxy.connecting import Blind, Intercept, way_of, way_within
from sidecar.proxy.doorway import Doorway
from sidecar.proxy.downstream import Downstream
from sidecar.proxy.inbound import DRAINING
from sidecar.proxy.places import Places
from sidecar.proxy.secure_downstream import SecureDownstream
from sidecar.proxy.securing import Handshake
from sidecar.proxy.target import Address, tunnel_place
from sidecar.proxy.tunnels import Refuse, Tunnel
from sidecar.telemetry.sockets import ConnectResult

if TYPE_CHECKING:
    from sidecar.proxy.context import Context

NO_TLS = (
    "this port speaks plain HTTP, and the client began with TLS: its base URL must begin with http://, or proxy.tls needs a "
    "certificate"
)
TOO_LATE = "TLS begins with the first byte of a connection, or of a tunnel, and with no later one"
WITHIN = "CONNECT inside of a tunnel is not offered"


class Entry:
    """One per proxy; its methods are called amid a connection's read."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._places: Places[Address] = Places(context.limits.max_upstream_connections)

    # === TLS with us ===

    def secure(self, downstream: Downstream, raw: bytes) -> None:
        """The caller began with TLS: `raw` is the first of it."""
        if downstream.inbound.has_begun or downstream.beneath or downstream.origin is not None:
            downstream.refuse(RequestRefused(400, TOO_LATE))
            return
        server = self._server()
        if server is None:
            downstream.refuse(RequestRefused(400, NO_TLS))
        else:
            downstream.hand_over()
            self._shake(downstream, server, None).begin(raw)

    def _server(self) -> ssl.SSLContext | None:
        """What we show for ourselves; None where we have nothing, or nothing that is still valid."""
        try:
            return None if self._context.tls is None else self._context.tls()
        except SidecarError as why:
            self._context.warn("no_certificate_to_show", problem=str(why))
            return None

    # === CONNECT ===

    def connect(self, downstream: Downstream, head: RequestHead, rest: bytes) -> None:
        """The caller wants a tunnel; `rest` is what it has sent into it already.

        Raises:
            RequestRefused: it gets none.
        """
        try:
            way = self._way(downstream, head)
        except RequestRefused:
            self._context.recorder.tunnels.asked(ConnectResult.REFUSED)
            raise
        downstream.hand_over()
        if isinstance(way, Blind):
            self._tunnel(downstream, way, self._answer_on(downstream)).begin(rest)
            return
        origin = way.origin
        doorway = Doorway(self._context, downstream.transport)
        doorway.begin(rest, lambda hello: self._enter(downstream, origin, doorway, hello))

    def _way(self, downstream: Downstream, head: RequestHead) -> Intercept | Blind:
        if downstream.origin is not None:
            raise RequestRefused(501, WITHIN)
        if self._context.is_draining:
            raise RequestRefused(503, DRAINING)
        return way_of(tunnel_place(head.target), self._context.destinations, self._context.connect)

    def _enter(self, downstream: Downstream, origin: Address, doorway: Doorway, hello: ClientHello | None) -> None:
        """A tunnel to an upstream: its client began with plain HTTP, or with this hello. What was read is in the doorway."""
        recorder = self._context.recorder
        if hello is None:
            recorder.tunnels.asked(ConnectResult.INTERCEPTED)
            self._anew(downstream, origin).data_received(doorway.raw)
            return
        server = self._server_for(origin[0])
        way = way_within(origin, hello, self._context.destinations, is_permitted=server is not None)
        if isinstance(way, Intercept) and server is not None:
            recorder.tunnels.asked(ConnectResult.INTERCEPTED)
            self._shake(downstream, server, origin).begin(doorway.raw, doorway.since_ns)
        elif isinstance(way, Blind):
            if way.counts_as is ConnectResult.GRPC:
                recorder.unmetered(way.provider, "grpc")
            self._tunnel(downstream, way, None).begin(doorway.raw)

    def _server_for(self, host: str) -> ssl.SSLContext | None:
        """What shows a leaf for a host; None where our authority may not speak for it, or there is none."""
        authority = self._context.authority
        try:
            return None if authority is None else authority.leaf((host,))
        except SidecarError as why:
            self._context.warn("tunnel_not_intercepted", host=host, problem=str(why))
            return None

    # === connections over connections ===

    def _shake(self, downstream: Downstream, server: ssl.SSLContext, origin: Address | None) -> Handshake:
        """A handshake on a connection, and the connection that comes of it."""
        beneath = (downstream.transport, *downstream.beneath)

        def made() -> Downstream:
            return SecureDownstream(self._context, beneath, origin)

        return Handshake(self._context, downstream.transport, server, made, "" if origin is None else origin[0])

    def _tunnel(self, downstream: Downstream, way: Blind, refuse: Refuse | None) -> Tunnel:
        return Tunnel(self._context, downstream.transport, way, self._places, refuse)

    def _anew(self, downstream: Downstream, origin: Address | None) -> Downstream:
        """HTTP on a connection that was handed over."""
        beneath, transport = downstream.beneath, downstream.transport
        made = SecureDownstream(self._context, beneath, origin) if beneath else Downstream(self._context, origin)
        transport.set_protocol(made)
        made.connection_made(transport)
        return made

    def _answer_on(self, downstream: Downstream) -> Refuse:
        """How a caller is answered whose tunnel came to nothing."""

        def refuse(refused: RequestRefused) -> None:
            made = self._anew(downstream, None)
            made.resume_reading()
            made.refuse(refused, b"CONNECT")

        return refuse
