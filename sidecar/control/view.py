"""What the applications need to know of the program, and the few things they can make it do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Protocol

from pydantic import PlainSerializer

from sidecar.clock import Moment, rfc3339
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.telemetry.calls import Attachment
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
    """A call that has not settled; a retry that is being given an abandoned answer is one of its own."""

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
    attachment: Attachment
    """Whether somebody is there for it, as `calls_in_flight` counts it."""
    orphaned_since: When | None
    """When the caller left the provider at work; None while it is there, and where the work had ended."""
    decision: str | None
    """What was done with the provider's connection when the caller left: `follow`, `cut`, `hold`. None before."""
    taken_by: str | None
    """The retry that is being given this call's answer."""
    waits_for: str | None
    """The call whose answer this one, a retry, is being given."""


class CancelVerdict(Enum):
    """What became of somebody's wish to have an operation cancelled."""

    TAKEN = auto()
    """The intent is written, and the cancel is on its way or waits for its turn. Also when it is being cancelled already."""
    ENDED = auto()
    """There is nothing left to cancel."""
    OPENING = auto()
    """What the provider calls it is not known yet, so that it can't be told to stop."""
    UNSUPPORTED = auto()
    """Its provider has no cancel for it."""
    UNKNOWN = auto()
    """There is no such operation, or another sidecar holds it."""


class Sidecar(Protocol):
    """The program as these applications see it. Every method is called on the event loop; those that are not async are quick.

    What is async may have to ask the ledger, in a thread, and raises LedgerError when it can't be read or written.
    """

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

    def open_operations(self) -> Mapping[OperationState, int]:
        """How many operations have not settled, by state."""
        ...

    async def operations(self, query: OperationQuery) -> Sequence[OperationRecord]:
        """Operations in the ledger, newest first. The query has a limit."""
        ...

    async def operation(self, id: str) -> OperationRecord | None:
        """The operation of exactly this id."""
        ...

    async def moves(self, id: str) -> Sequence[OperationMove]:
        """Its history, oldest first."""
        ...

    async def renew_operation(self, id: str) -> OperationRecord | None:
        """Somebody vouches for its caller: from now on it has a whole lease. The row afterwards; None when there is none."""
        ...

    async def cancel_operation(self, id: str) -> CancelVerdict:
        """Somebody wants it cancelled (`CancelTrigger.ASKED`)."""
        ...
