"""What the reaper needs from others, as it sees them. `app.py` joins them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from sidecar.clock import Moment
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, GoneReason, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.spend import TokenFates
from sidecar.providers.answer import (
    Answer as Answer,
    Credential as Credential,
    Fields as Fields,
    Unreachable as Unreachable,
)
from sidecar.providers.contract import Reported
from sidecar.providers.operation import Ask


class Asker(Protocol):
    """Sends requests of our own."""

    async def ask(self, record: OperationRecord, ask: Ask, credential: Credential | None) -> Answer:
        """Send one request about an operation to its upstream and wait for the whole answer, bounded in time and bytes.

        Raises:
            Unreachable: there was none.
        """
        ...


class Credentials(Protocol):
    """Whose credential may be used for an operation."""

    async def candidates(self, record: OperationRecord) -> Sequence[Credential]:
        """The best first: the newest of its own caller, then the upstream's configured one; empty when there is none.

        Never blocks the loop, and never raises: what can't be had (a file that is missing) is said once and left out.
        """
        ...


class Recorder(Protocol):
    """Where it is counted and logged; `telemetry.operation_recorder.OperationRecorder` is one. Called on the loop's thread."""

    def resumed(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        """An operation that an earlier process had opened is ours to go on with."""
        ...

    def taken_over(self, record: OperationRecord, typical: Sequence[Decimal] = ()) -> None:
        """The same of another sidecar's, which is dead."""
        ...

    def departed(self, record: OperationRecord, reason: GoneReason, typical: Sequence[Decimal] = ()) -> None:
        """Its caller is gone."""
        ...

    def returned(self, record: OperationRecord, via: str) -> None:
        """A caller that was thought gone was heard of: `via` a `poll` or a `renewal`."""
        ...

    def ended(self, record: OperationRecord) -> None:
        """Its end was seen."""
        ...

    def cancel_sent(self, record: OperationRecord) -> None:
        """A cancel is about to leave."""
        ...

    def cancel_asked(self, record: OperationRecord, trigger: CancelTrigger, result: CancelResult) -> None:
        """It is known what became of a cancel; once for each."""
        ...

    def settled(self, record: OperationRecord, tokens: TokenFates = ...) -> None:
        """Outcome, usage and money are final."""
        ...

    def reclaimed(self, record: OperationRecord) -> None:
        """The result of an operation that had settled as orphaned was fetched after all."""
        ...

    def regretted(self, record: OperationRecord) -> None:
        """Somebody asked for an operation that we had cancelled, and that has settled."""
        ...

    def suspected(self, suspected: int, known: int, why: str) -> None:
        """So many callers seem to be gone at once that none was taken for gone."""
        ...

    def states(self, counts: Mapping[tuple[OperationKind, OperationState], int]) -> None:
        """How many unsettled operations there are by kind and state; what is not named is none."""
        ...


class Settlement(Protocol):
    """The money of one operation: `settlement.settle_operation` with a price book and the settings put in."""

    def __call__(
        self,
        record: OperationRecord,
        reported: Reported | None,
        *,
        now: Moment,
        tier: str,
        typical: Sequence[Decimal],
        why_nothing: str,
    ) -> dict[str, Any]:
        """The fields that settling sets. Never raises."""
        ...
