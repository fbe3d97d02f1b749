"""A poll or a cancel by a caller: it renews the operation's lease, and its reply may say how the operation stands."""

from typing import TYPE_CHECKING, Final

from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle.call import ERROR_STATUS, Downstream
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestReader, Role, Route
from sidecar.providers.observing import ENDS
from sidecar.providers.operation import OperationReader, OperationWire
from sidecar.proxy import facts
from sidecar.proxy.seen_operations import Name, name_of
from sidecar.proxy.target import parameter_in

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.operations import Operations

MOST_EARLY_BYTES: Final = 1024 * 1024
"""Of a reply about an operation whose row is not there yet; a longer one is not read, and the reaper asks itself."""


class Mention:
    """One such exchange, from its request to what is known when it has settled."""

    __slots__ = (
        "_early", "_early_bytes", "_exchange", "_head", "_is_cancel", "_operations", "_provider_id", "_reader", "_record",
        "_reply_head", "_request_reader", "_wire",
    )  # fmt: skip

    holds_back = False
    """It leaves as it comes."""
    must_be_followed = False
    """A reply about what is known already may be cut."""

    def __init__(self, exchange: "Exchange", operations: "Operations", route: Route, head: RequestHead) -> None:
        assert route.operation is not None
        self._exchange = exchange
        self._operations = operations
        self._wire: OperationWire = route.operation
        self._head = head
        self._is_cancel = route.role is Role.CANCEL
        self._request_reader: RequestReader | None = (
            route.open_request(facts.of_request(head)) if route.open_request else None
        )
        self._provider_id = route.operation_id
        self._record: OperationRecord | None = None
        self._reply_head: ReplyHead | None = None
        self._reader: OperationReader | None = None
        self._early: list[bytes] = []
        self._early_bytes = 0

    # === the request ===

    def piece(self, framed: bytes, payload: bytes) -> bytes:
        """A piece of the request passes; returns what may be sent."""
        if self._request_reader is not None:
            self._request_reader.feed(payload)
        return framed

    def request_ended(self) -> None:
        """The request is whole: it is known what it is about, and its caller has been heard of."""
        if self._request_reader is not None:
            self._request_reader.finish()
            self._provider_id = self._provider_id or self._request_reader.facts().operation_id
        if not self._provider_id and self._wire.id_parameter:
            self._provider_id = parameter_in(self._exchange.admission.target, self._wire.id_parameter)
        if not self._provider_id:
            return
        name, renewals = self._name, self._operations.renewals
        self._record = renewals.known(name)
        renewals.renew(name)
        if self._record is not None:
            renewals.attach(name)  # who waits for the reply is there, however long its provider takes to answer

    # === the reply ===

    def answered(self, head: ReplyHead) -> None:
        """The reply begins."""
        if head.status < ERROR_STATUS and self._provider_id:
            self._reply_head = head
            if self._record is not None:
                # Now, and not when it asked: who is only guessing an id must not count as one who could leave it.
                self._operations.stands_behind(self._record, self._exchange.downstream)
                self._reader = self._opened(head, self._record)

    def tap(self, payload: bytes) -> None:
        """A piece of the reply passes."""
        if self._reader is not None:
            self._reader.feed(payload)
        elif self._reply_head is not None:
            self._early_bytes += len(payload)
            self._early.append(payload)
            if self._early_bytes > MOST_EARLY_BYTES:
                self._early.clear()

    def ended(self) -> None:
        """Nothing more of the reply comes."""

    def concluded(self) -> None:
        """The exchange has settled: what was said counts, and the caller has it if it was handed over."""
        if self._record is not None:
            self._operations.renewals.detach(self._name)
        if self._reply_head is None:
            return
        has_it = self._exchange.call.downstream is Downstream.SERVED
        if self._record is not None:
            self._tell(self._record, has_it=has_it)
            return
        self._operations.renewals.behind(self._name, lambda row: self._told_late(row, has_it=has_it))

    @property
    def _name(self) -> Name:
        return name_of(self._exchange.admission.destination.name, self._provider_id)

    def _told_late(self, record: OperationRecord | None, *, has_it: bool) -> None:
        """Its row was not in memory when the reply came: read what was kept of it."""
        if record is None or self._reply_head is None:
            return
        self._reader = self._opened(self._reply_head, record)
        for payload in self._early:
            self._reader.feed(payload)
        self._tell(record, has_it=has_it)

    def _tell(self, record: OperationRecord, *, has_it: bool) -> None:
        assert self._reader is not None
        self._reader.finish()
        self._operations.saw_credential(record, self._exchange.admission, self._head)
        if self._is_cancel:
            self._operations.cancelled_by_caller(record)
        observed = self._reader.observed()
        if observed is not None:
            self._operations.observed(record, observed, is_claimed=has_it and observed.progress in ENDS)

    def _opened(self, head: ReplyHead, record: OperationRecord) -> OperationReader:
        wire = self._wire
        own = self._exchange.admission.destination.dialect.route("POST", record.path) if wire.is_generic else None
        if own is not None and own.operation is not None:
            wire = own.operation
        return wire.open_reply(facts.of_reply(head, wire.reply_headers), asked_of(record))


def asked_of(record: OperationRecord) -> RequestFacts:
    """What its create request asked for, as far as what it cost hangs on it."""
    if not (record.variant or record.asked_seconds or record.asked_pieces):
        return NO_FACTS
    return RequestFacts(variant=record.variant or "", seconds=record.asked_seconds, pieces=record.asked_pieces)
