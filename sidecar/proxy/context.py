"""What all connections share: the collaborators, the limits, and what is going on now."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.callers.peer import PeerLookup
from sidecar.callers.watch import DepartureWatch
from sidecar.clock import Clock
from sidecar.ids import Ids
from sidecar.ledger.contract import Ledger
from sidecar.metering.price import PriceBook
from sidecar.proxy.attempts import Attempts
from sidecar.proxy.destination import Destination
from sidecar.proxy.foregone import Foregone
from sidecar.proxy.limits import Limits, RescueLimits
from sidecar.proxy.shelf import Shelf
from sidecar.proxy.sweep import Sweep
from sidecar.telemetry.program import Program
from sidecar.telemetry.recorder import Recorder

if TYPE_CHECKING:
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.handover import Handover
    from sidecar.proxy.inquiry import Inquiry
    from sidecar.proxy.operations import Operations
    from sidecar.proxy.pool import Pool


class Context:
    """One per proxy. Holds no rule of its own."""

    pool: "Pool"
    handover: "Handover"

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
        self.ids = Ids("c")
        self.attempts = Attempts()
        self.watch = DepartureWatch(loop)
        self.peers = PeerLookup()
        self.shelf = shelf_of(limits.rescue)
        self.downstreams: set[Downstream] = set()
        self.live: set[Exchange] = set()
        """Exchanges that have not settled."""
        self.operations: Operations | None = None  # without them requests about operations pass unread
        self.inquiries: set[Inquiry] = set()
        """Calls that have ended and whose cost is being asked for."""
        self.followed = 0
        """Calls being followed now."""
        self.is_draining = False
        self.is_idle = asyncio.Event()
        """Set when the last live exchange has settled during a drain."""
        self.sweep = Sweep(self)
        self._show(recorder.program)

    def concluded(self, exchange: "Exchange") -> None:
        """An exchange has settled."""
        self.live.discard(exchange)
        if self.is_draining and not self.live:
            self.is_idle.set()

    def _show(self, program: Program) -> None:
        """Let the page ask us what there is now."""
        program.connections, program.kept = self._connections, self.shelf.kept

    def _connections(self) -> dict[str, int]:
        """Callers' connections as they are now, by what they do."""
        active = sum(downstream.is_active for downstream in self.downstreams)
        return {"active": active, "idle": len(self.downstreams) - active}

    def close(self) -> None:
        """Let go of the providers' connections, the sweep's timer, the watch and the netlink socket."""
        self.pool.close()
        self.sweep.stop()
        self.watch.close()
        self.peers.close()


def shelf_of(limits: RescueLimits) -> Shelf | Foregone:
    """Where abandoned answers go: to their retries, or into a count of what could have been."""
    return Shelf(limits) if limits.is_on else Foregone(limits)
