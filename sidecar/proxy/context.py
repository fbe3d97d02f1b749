"""What all connections share: the collaborators, the limits, and what is going on now."""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from sidecar.callers.peer import PeerLookup
from sidecar.callers.watch import DepartureWatch
from sidecar.clock import Clock
from sidecar.ids import CallIds
from sidecar.ledger.contract import Ledger
from sidecar.lifecycle.policy import FollowBounds
from sidecar.metering.price import PriceBook
from sidecar.proxy.destination import Destination
from sidecar.telemetry.recorder import Recorder

if TYPE_CHECKING:
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.handover import Handover
    from sidecar.proxy.pool import Pool


class Limits(msgspec.Struct, frozen=True):
    """Bounds of the road."""

    head_bytes: int
    """Of a request's or a reply's head."""
    max_connections: int
    """Callers' connections at once; one more is answered 503 and closed."""
    connect_seconds: float
    upstream_idle_seconds: float
    """A pooled connection unused for so long is closed."""
    downstream_idle_seconds: float
    """A caller's connection without an exchange for so long is closed."""
    write_stall_seconds: float
    """A caller that has taken no byte for so long has left."""
    follow: FollowBounds
    takes_fin_as_leaving: bool
    """Where the kernel can't say whether the caller still holds its socket (`calls.half_close: left`)."""


class Context:
    """One per proxy. Holds no rule of its own."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        limits: Limits,
        destinations: dict[bytes, Destination],
        ledger: Ledger,
        prices: PriceBook,
        recorder: Recorder,
    ) -> None:
        self.loop = loop
        self.clock = clock
        self.limits = limits
        self.destinations = destinations
        self.ledger = ledger
        self.prices = prices
        self.recorder = recorder
        self.ids = CallIds()
        self.watch = DepartureWatch(loop)
        self.peers = PeerLookup()
        self.pool: Pool
        self.handover: Handover
        self.downstreams: set[Downstream] = set()
        self.live: set[Exchange] = set()
        """Exchanges that have not settled."""
        self.followed = 0
        """Calls being followed now."""
        self.is_draining = False
        self.is_idle = asyncio.Event()
        """Set when the last live exchange has settled during a drain."""

    def concluded(self, exchange: "Exchange") -> None:
        """An exchange has settled."""
        self.live.discard(exchange)
        if self.is_draining and not self.live:
            self.is_idle.set()

    def close(self) -> None:
        """Let go of the watch and the netlink socket."""
        self.watch.close()
        self.peers.close()
