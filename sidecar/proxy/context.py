"""What all connections share: the collaborators, the limits, and what is going on now."""

import asyncio
from typing import TYPE_CHECKING

from sidecar.callers.peer import PeerLookup
from sidecar.callers.watch import DepartureWatch
from sidecar.clock import Clock
from sidecar.config.sockets import Connect
from sidecar.ids import Ids
from sidecar.ledger.contract import Ledger
from sidecar.metering.price import PriceBook
from sidecar.proxy.attempts import Attempts
from sidecar.proxy.destination import Destination
from sidecar.proxy.foregone import Foregone
from sidecar.proxy.limits import Limits, RescueLimits
from sidecar.proxy.live_resumption import Resumptions
from sidecar.proxy.shelf import Shelf
from sidecar.proxy.sweep import Sweep
from sidecar.telemetry.program import Program
from sidecar.telemetry.recorder import Recorder

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from sidecar.authority.authority import Authority
    from sidecar.proxy.downstream import Downstream
    from sidecar.proxy.entry import Entry
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.handover import Handover
    from sidecar.proxy.inquiry import Inquiry
    from sidecar.proxy.live_socket import LiveSocket
    from sidecar.proxy.operations import Operations
    from sidecar.proxy.passage import Passage
    from sidecar.proxy.pool import Pool


def _tell_nobody(event: str, **facts: object) -> None:
    """Nobody is there to be told."""


class Context:
    """One per proxy. Holds no rule of its own."""

    # === set by who builds it ===

    pool: "Pool"
    handover: "Handover"
    entry: "Entry"
    operations: "Operations | None" = None
    """Without them requests about operations pass unread."""
    tls: "Callable[[], ssl.SSLContext] | None" = None
    """What is spoken with callers that begin with TLS, asked for each connection; None: this port speaks plain HTTP."""
    authority: "Authority | None" = None
    """By which we speak for upstreams' hosts inside of tunnels; None intercepts nothing."""
    connect = Connect()
    warn: "Callable[..., object]" = staticmethod(_tell_nobody)
    """Where the few lines go that people need: an event's name, and what is known of it."""

    # === what goes on ===

    followed = 0
    """Calls being followed now."""
    turns = 0
    """Calls of sockets that have not settled."""
    is_draining = False
    pod_is_ending = False
    """Callers that leave now leave because of that."""

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
        self.via = via  # our name in `Via`; None adds no such field
        self.ids = Ids("c")
        self.attempts = Attempts()
        self.watch = DepartureWatch(loop)
        self.peers = PeerLookup()
        self.shelf = shelf_of(limits.rescue)
        self.downstreams: set[Downstream] = set()
        self.live: set[Exchange] = set()  # those that have not settled
        self.sockets: set[LiveSocket] = set()
        self.resumptions = Resumptions(self)
        self.passages: set[Passage] = set()
        """Callers' connections that carry no HTTP, or not yet: TLS handshakes, and tunnels."""
        self.told_untrusted: set[str] = set()
        """Hosts for which clients did not trust our authority, as was told once for each."""
        self.own_ports: set[int] = set()  # of this program's own sockets, to which no tunnel leads
        self.inquiries: set[Inquiry] = set()  # calls that have ended and whose cost is being asked for
        self.is_idle = asyncio.Event()
        """Set when everything has come to rest during a drain."""
        self.sweep = Sweep(self)
        self._show(recorder.program)

    def concluded(self, exchange: "Exchange") -> None:
        """An exchange has settled."""
        self.live.discard(exchange)
        if self.is_draining:
            self._look_if_idle()

    def socket_ended(self, live: "LiveSocket") -> None:
        """Both connections of a socket have ended, and its calls have settled."""
        self.sockets.discard(live)
        if self.is_draining:
            self._look_if_idle()

    def _look_if_idle(self) -> None:
        if self.is_at_rest:
            self.is_idle.set()

    @property
    def is_at_rest(self) -> bool:
        """No exchange is live, and no socket whose messages are read: of the others nobody knows what they wait for."""
        return not self.live and not any(live.is_read for live in self.sockets)

    def _show(self, program: Program) -> None:
        """Let the page ask us what there is now."""
        program.connections, program.kept = self._connections, lambda: self.shelf.kept()

    def rule_by(self, limits: Limits, destinations: dict[bytes, Destination], prices: PriceBook) -> None:
        """Take calls on by these from here on; those in flight keep the destinations and the prices that they began with.

        Upstreams and how they are reached are the same, and so are all limits but `follow` and `rescue`.
        """
        was_on, self.limits = self.limits.rescue.is_on, limits
        self.destinations, self.prices = destinations, prices
        if limits.rescue.is_on is was_on:
            self.shelf.bound(limits.rescue)
        else:
            before, self.shelf = self.shelf, shelf_of(limits.rescue)
            before.close()

    def _connections(self) -> dict[str, int]:
        """Callers' connections as they are now, by what they do."""
        active = sum(downstream.is_active for downstream in self.downstreams)
        return {"active": active + len(self.sockets) + len(self.passages), "idle": len(self.downstreams) - active}

    def close(self) -> None:
        """Let go of the providers' connections, the sweep's timer, the watch and the netlink socket."""
        self.pool.close()
        self.sweep.stop()
        self.watch.close()
        self.peers.close()


def shelf_of(limits: RescueLimits) -> Shelf | Foregone:
    """Where abandoned answers go: to their retries, or into a count of what could have been."""
    return Shelf(limits) if limits.is_on else Foregone(limits)
