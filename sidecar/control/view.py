"""What the applications need to know of the program, and the few things they can make it do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated, Protocol

from pydantic import PlainSerializer, WithJsonSchema

from sidecar.clock import Moment, rfc3339
from sidecar.control.shown import Shown
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.telemetry.program import LedgerHealth, ProgramState

When = Annotated[
    Moment,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]
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

    @property
    def shown(self) -> Shown:
        """What there is to see of its calls, its money and its settings."""
        ...

    def ledger_health(self) -> LedgerHealth:
        """How the ledger is."""
        ...

    def start_drain(self) -> None:
        """The end is near: not ready any more from now on; never ends the process.

        Calls are taken on until SIGTERM where callers end before us (`drain.callers_are_gone`), and no more elsewhere.
        """
        ...

    def quit(self) -> bool:
        """End as by SIGTERM, soon after this returns; False where the settings don't allow it."""
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
