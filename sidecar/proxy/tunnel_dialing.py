"""A connection to a host that a caller names, for a tunnel into which we do not look: through the egress proxy if there is one.

Never to a socket of this program itself, whatever name leads there: a tunnel to the proxy port would be a ring, one to the
control port a way around whoever lets nobody reach it.
"""

import asyncio
import socket
from collections.abc import Set

from sidecar.errors import RequestRefused
from sidecar.proxy.destination import Endpoint
from sidecar.proxy.dialing import Dial, Dialer, Unspoken
from sidecar.proxy.failures import Hop
from sidecar.proxy.lookups import Found
from sidecar.proxy.target import Address


class TunnelDial(Dial):
    """One while it is made. The far end is told by `connection_made` that it is there, before anything that comes from it."""

    def __init__(self, dialer: Dialer, place: Address, far: asyncio.Protocol, own_ports: Set[int]) -> None:
        super().__init__(dialer, Endpoint(*place, is_tls=False))
        self._far = far
        self._own_ports = own_ports

    async def connect(self) -> None:
        """All steps.

        Raises:
            Unreachable: one of them failed.
            RequestRefused: it would lead to ourselves.
        """
        proxy = self._dialer.egress.proxy_for(self.target.host, self.target.port)
        hop = self.target if proxy is None else Hop(proxy.host, proxy.port, is_egress=True)
        sock = await self._reach(hop)
        try:
            if proxy is None:
                await self._loop.create_connection(lambda: self._far, sock=sock)
                return
            transport, unspoken = await self._loop.create_connection(Unspoken, sock=sock)
            unspoken.check(hop)
            within = await self._tunnel(transport, hop, proxy)
        except BaseException:
            sock.close()
            raise
        within.set_protocol(self._far)
        self._far.connection_made(within)

    def _allowed(self, hop: Hop, addresses: list[Found]) -> list[Found]:
        if hop.is_egress or hop.port not in self._own_ports:
            return addresses
        allowed = [found for found in addresses if not is_of_this_machine(found)]
        if not allowed:
            raise RequestRefused(403, f"a tunnel to {hop} would lead to the sidecar itself")
        return allowed


def is_of_this_machine(found: Found) -> bool:
    """Whether an address is one of this machine's (this pod's): only such can be bound."""
    family, address = found
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address[0], 0, *address[2:]))
        except OSError:
            return False
    return True
