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
from sidecar.proxy.attempts import Attempts
from sidecar.proxy.destination import Destination
from sidecar.proxy.sweep import Sweep
from sidecar.telemetry.recorder import Recorder

if TYPE_CHECKING:
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.handover import Handover
    from sidecar.proxy.inquiry import Inquiry
    from sidecar.proxy.pool import Pool


class Limits(msgspec.Struct, frozen=True):
    """Bounds of the road; `config/limits.py` says why."""

    request_line_bytes: int
    """Of a request's first line."""
    head_bytes: int
    """Of a request's or a reply's head."""
    head_fields: int
    """Of a request's or a reply's head."""
    body_bytes: int | None
    """Of a request's body; None for no bound."""
    max_connections: int
    """Callers' connections at once; one more is answered 503 and closed."""
    max_calls: int
    """Exchanges at once, those that are followed included; one more is answered 503."""
    request_head_seconds: float
    """From the first byte of a request's head to its last."""
    request_progress_seconds: float
    """Without a byte of a body that we wait for."""
    upstream_stall_seconds: float
    """Without a byte of a request taken by the provider."""
    connect_seconds: float
    """To make a connection to a provider, or to wait in line for one."""
    max_upstream_connections: int
    """To one endpoint, idle ones included."""
    max_idle_upstream_connections: int
    """Kept to one endpoint."""
    upstream_keepalive_seconds: float
    """Of silence before TCP asks whether the provider is there."""
    upstream_max_age_seconds: float
    """A connection this old is not kept for another exchange."""
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
        via: str | None = None,
    ) -> None:
        self.loop = loop
        self.clock = clock
        self.limits = limits
        self.destinations = destinations
        self.ledger = ledger
        self.prices = prices
        self.recorder = recorder
        self.via = via
        """Our name in `Via`; None adds no such field."""
        self.ids = CallIds()
        self.attempts = Attempts()
        self.watch = DepartureWatch(loop)
        self.peers = PeerLookup()
        self.pool: Pool
        self.handover: Handover
        self.downstreams: set[Downstream] = set()
        self.live: set[Exchange] = set()
        """Exchanges that have not settled."""
        self.inquiries: set[Inquiry] = set()
        """Calls that have ended and whose cost is being asked for."""
        self.followed = 0
        """Calls being followed now."""
        self.is_draining = False
        self.is_idle = asyncio.Event()
        """Set when the last live exchange has settled during a drain."""
        self.sweep = Sweep(self)
        recorder.program.connections = self._connections

    def concluded(self, exchange: "Exchange") -> None:
        """An exchange has settled."""
        self.live.discard(exchange)
        if self.is_draining and not self.live:
            self.is_idle.set()

    def _connections(self) -> dict[str, int]:
        """Callers' connections as they are now, by what they do."""
        active = sum(downstream.is_active for downstream in self.downstreams)
        return {"active": active, "idle": len(self.downstreams) - active}

    def close(self) -> None:
        """Let go of the sweep's timer, the watch and the netlink socket."""
        self.sweep.stop()
        self.watch.close()
        self.peers.close()
