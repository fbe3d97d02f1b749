"""What the applications need to know of the program, and the one thing they can make it do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol

from pydantic import PlainSerializer

from sidecar.clock import Moment, rfc3339
from sidecar.telemetry.program import LedgerHealth, ProgramState

When = Annotated[Moment, PlainSerializer(rfc3339, return_type=str)]
"""A moment that is shown as RFC 3339."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the program is and does."""

    mode: str
    """`observe` or `enforce`."""
    version: str
    state: ProgramState
    since: When
    """When it entered this state."""
    addresses: dict[str, str]
    """The bound sockets by name (`proxy`, `control`, `observe`), as URLs."""


@dataclass(frozen=True, slots=True)
class CallInFlight:
    """A call that has not settled."""

    id: str
    upstream: str
    model: str
    kind: str
    caller: str | None
    started_at: When
    age_seconds: float
    downstream_state: str
    """`lifecycle.call.Downstream`, lower case."""
    upstream_state: str
    """`lifecycle.call.Upstream`, lower case."""
    orphaned_since: When | None
    """When the caller left; None while it is there."""


class Sidecar(Protocol):
    """The program as these applications see it. Every method is quick and is called on the event loop."""

    def state(self) -> Standing:
        """What the program is and does now."""
        ...

    def calls_in_flight(self) -> Sequence[CallInFlight]:
        """The calls that have not settled, oldest first."""
        ...

    def ledger_health(self) -> LedgerHealth:
        """How the ledger is."""
        ...

    def start_drain(self) -> None:
        """Stop accepting calls and let those that live end; never ends the process. Does nothing the second time."""
        ...
