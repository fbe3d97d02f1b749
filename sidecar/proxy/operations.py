"""What the road knows and tells of operations: the rows that it opens, and what passes about those that are there."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from sidecar.callers.exits import CallerExits
from sidecar.clock import SECOND
from sidecar.http1.head import RequestHead
from sidecar.ids import Ids
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import CancelTrigger, OperationEvent
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.contract import RequestFacts
from sidecar.providers.observing import ENDS
from sidecar.providers.operation import Observed
from sidecar.proxy.operation_rows import OperationRows, Told
from sidecar.proxy.renewals import Renewals
from sidecar.proxy.target import kept_query, parameter_in

if TYPE_CHECKING:
    from sidecar.proxy.admission import Admission
    from sidecar.proxy.downstream import Downstream


class Watcher(Protocol):
    """The reaper, as the road sees it. Every method is quick."""

    def opened(self, record: OperationRecord) -> None:
        """An operation is known by its id now, or came to nothing."""
        ...

    def heard(self, id: str) -> None:
        """The caller of this operation was heard of, just now; its row will say so soon."""
        ...

    def renewed(self, record: OperationRecord) -> None:
        """The row of an operation whose caller was heard of, after it was written."""
        ...

    def ending(self, id: str) -> None:
        """A passing reply has shown its end; `observed` says more, once its row can be read."""
        ...

    def observed(self, record: OperationRecord, observed: Observed, *, is_claimed: bool) -> None:
        """A passing reply said how it stands; `is_claimed` when the caller itself has taken that reply."""
        ...

    def look(self, record: OperationRecord) -> None:
        """Something has happened to it that the road can't read: ask the provider soon."""
        ...


class SeenCredentials(Protocol):
    """Where credentials are remembered, in memory."""

    def saw(
        self, operation: str | None, upstream: str, dialect: str, caller: str | None, fields: bytes, target: str = ""
    ) -> None:
        """A request about an operation had these header fields, and this target."""
        ...


class Operations:
    """One per proxy. Belongs to the event loop's thread."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        rows: OperationRows,
        ledger: OperationLedger,
        renewals: Renewals,
        lease_seconds: float,
        watcher: Watcher,
        credentials: SeenCredentials,
        exits: CallerExits,
        opened: Callable[[OperationRecord], None],
    ) -> None:
        """`lease_seconds` is the lease of those that are not given one, `opened` counts."""
        self._loop = loop
        self._rows = rows
        self._ledger = ledger
        self.renewals = renewals
        self._lease_seconds = lease_seconds
        self._watcher = watcher
        self._credentials = credentials
        self._exits = exits
        self._count_opened = opened
        self._ids = Ids("o")
        self._tasks: set[asyncio.Task[None]] = set()

    def lend(self, lease_seconds: float) -> None:
        """Give this lease from here on to operations that ask for none; open ones keep theirs."""
        self._lease_seconds = self.renewals.lease_seconds = lease_seconds

    # === a create ===

    def record_of(self, admission: "Admission", facts: RequestFacts, trace: str = "") -> OperationRecord:
        """The row of an operation that a whole request of this trace (`spans_context.trace_of`) is about to open."""
        route, destination, now = admission.route, admission.destination, self._ledger.now()
        assert route is not None
        assert route.operation is not None
        webhook = route.operation.webhook_parameter
        has_webhook = facts.has_webhook or bool(webhook and parameter_in(admission.target, webhook))
        return OperationRecord(
            id=self._ids.new(now),
            upstream=destination.name,
            provider=destination.provider,
            dialect=destination.dialect.name,
            method=route.method,
            kind=route.operation.kind,
            model=route.model or facts.model,
            caller=admission.caller,
            opened_at=now,
            path=admission.path + kept_query(admission.target),
            host=admission.host,
            mark=facts.mark,
            lease_seconds=admission.lease_seconds or self._lease_seconds,
            is_lease_asked=admission.lease_seconds is not None,
            is_detached=admission.is_detached or (has_webhook and admission.lease_seconds is None),
            renewed_at=now,
            variant=facts.variant or None,
            labels=dict(admission.labels),
            asked_seconds=facts.seconds,
            asked_pieces=facts.pieces,
            due_at=now + int(self._lease_seconds * SECOND),
            trace=trace or None,
        )

    def open(self, record: OperationRecord, told: Told) -> None:
        """Write the row of an operation that is about to be created."""
        self._count_opened(record)
        self._rows.write(record.id, lambda ledger: ledger.open(record), told)

    def accepted(self, record: OperationRecord, observed: Observed) -> None:
        """The provider has taken it, and says what it is called."""
        changes: dict[str, Any] = {"provider_id": observed.provider_id, "renewed_at": self._ledger.now()}
        if not record.model and observed.model:
            changes["model"] = observed.model
        self.renewals.remember(msgspec.structs.replace(record, **changes))
        self._move(record, OperationEvent.ACCEPTED, changes, "", self._watcher.opened)

    def rejected(self, record: OperationRecord, evidence: str) -> None:
        """No operation came of it."""
        now = self._ledger.now()
        changes = {"ended_at": now, "due_at": now}
        self._move(record, OperationEvent.REJECTED, changes, evidence, self._watcher.opened)

    def never_told(self, record: OperationRecord) -> None:
        """The create's reply did not come, or could not be read: the reaper looks the operation up, if that can be done."""
        self._watcher.look(record)

    # === what passes about those that are there ===

    def cancelled_by_caller(self, record: OperationRecord) -> None:
        """The provider has taken the caller's own cancel."""
        changes = {"cancel_trigger": CancelTrigger.CALLER.value, "cancel_requested_at": self._ledger.now()}
        self._move(
            record, OperationEvent.CANCEL_CLAIMED, changes, "the caller's own cancel was taken", self._watcher.look
        )

    def observed(self, record: OperationRecord, observed: Observed, *, is_claimed: bool) -> None:
        """A passing reply said how it stands. An end is told behind what is still to be written of the operation."""
        if observed.progress not in ENDS:
            self._watcher.observed(record, observed, is_claimed=False)
            return
        self._watcher.ending(record.id)
        self._rows.write(
            record.id,
            lambda ledger: ledger.operation(record.id),
            lambda row: self._tell_observed(row, observed, is_claimed=is_claimed),
        )

    def stands_behind(self, record: OperationRecord, downstream: "Downstream | None") -> "asyncio.Task[None] | None":
        """Whoever holds the caller's end of this connection stands behind the operation. None where that is known at once."""
        if downstream is None:
            return None
        looking_up = self._exits.seen(record.id, downstream.sockname, downstream.peername)
        if looking_up is None:
            return None
        task = self._loop.create_task(looking_up)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def saw_credential(self, record: OperationRecord, admission: "Admission", head: RequestHead) -> None:
        """A create, or another request that the provider has answered well, carries what its caller may do."""
        destination = admission.destination
        self._credentials.saw(
            record.id,
            destination.name,
            destination.dialect.name,
            admission.caller,
            head.fields,
            admission.target.decode("latin-1"),
        )

    def _tell_observed(self, row: OperationRecord | None, observed: Observed, *, is_claimed: bool) -> None:
        if row is not None:
            self.renewals.remember(row)
            self._watcher.observed(row, observed, is_claimed=is_claimed)

    def _move(
        self,
        record: OperationRecord,
        event: OperationEvent,
        changes: dict[str, Any],
        evidence: str,
        told: Callable[[OperationRecord], None],
    ) -> None:
        def remembered(row: OperationRecord | None) -> None:
            if row is not None:
                self.renewals.remember(row)
                told(row)

        self._rows.write(record.id, lambda ledger: ledger.move(record.id, event, changes, evidence), remembered)
