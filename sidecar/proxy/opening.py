"""A request that opens an operation: its row is durable before the provider can have all of it, and its reply is read to the end.

The last piece of the request is held back until the row is written (the whole of it, where it is small), so that no operation
can exist of which nothing is known; and until it is known which processes have sent it, which takes some milliseconds. A request
of which only the body says whether it opens one is held until it has.
"""

from typing import TYPE_CHECKING

from sidecar.http1.head import ReplyHead, RequestHead
from sidecar.lifecycle.call import ERROR_STATUS, Downstream
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.policy import OPERATION_KNOWN
from sidecar.providers.contract import NO_FACTS, RequestFacts, RequestReader, Role, Route
from sidecar.providers.observing import ENDS
from sidecar.providers.operation import Observed, OperationReader
from sidecar.proxy import facts
from sidecar.proxy.mention import Mention
from sidecar.proxy.operation_rows import HOLD_SECONDS
from sidecar.proxy.seen_operations import Name, name_of
from sidecar.telemetry.spans_context import trace_of

if TYPE_CHECKING:
    from sidecar.proxy.exchange import Exchange
    from sidecar.proxy.operations import Operations


OPENS = frozenset({Role.SUBMIT, Role.CALL})


def mention_of(exchange: "Exchange", head: RequestHead) -> "Opening | Mention | None":
    """What this exchange has to do with an operation; None, as nearly always, for nothing."""
    route, operations = exchange.admission.route, exchange.context.operations
    if route is None or route.operation is None or operations is None:
        return None
    kind = Opening if route.role in OPENS else Mention
    return kind(exchange, operations, route, head)


class Opening:
    """One such exchange, from its request to what is known when it has settled."""

    __slots__ = (
        "_exchange", "_facts", "_head", "_is_done", "_name", "_operations", "_reader", "_record",
        "_request_reader", "_rest", "_route", "_status", "_timer", "_waits_for", "holds_back",
    )  # fmt: skip

    def __init__(self, exchange: "Exchange", operations: "Operations", route: Route, head: RequestHead) -> None:
        self._exchange = exchange
        self._operations = operations
        self._route = route
        self._head = head
        self._request_reader: RequestReader | None = None
        if exchange.account is None and route.open_request is not None:  # a call's account reads its request itself
            self._request_reader = route.open_request(facts.of_request(head))
        self._facts: RequestFacts = NO_FACTS
        self._rest = b""
        """The newest piece of the request, held back."""
        self.holds_back = True
        """The request must not be sent to its end."""
        self._record: OperationRecord | None = None
        self._reader: OperationReader | None = None
        self._status = 0
        self._is_done = False
        self._name: Name | None = None
        """What polls call the operation; None until it is learned."""

    # === the request ===

    def piece(self, framed: bytes, payload: bytes) -> bytes:
        """A piece of the request was read; returns the one before it, which may be sent."""
        if self._request_reader is not None:
            self._request_reader.feed(payload)
        if not self.holds_back:
            return framed
        before, self._rest = self._rest, framed
        return before

    def request_ended(self) -> None:
        """The request is whole, and so it is known whether it opens an operation: if so its row is written, else it goes on."""
        exchange = self._exchange
        self._facts = self._facts_of_request()
        if not self._route.opens(self._facts):
            exchange.operation = None
            self._go_on()
            return
        exchange.account = None  # the operation's row has the money, and a call's would have none
        self._record = record = self._operations.record_of(exchange.admission, self._facts, trace_of(self._head.fields))
        self._operations.saw_credential(record, exchange.admission, self._head)
        self._timer = exchange.context.loop.call_later(HOLD_SECONDS, self._go_on)
        looking_up = self._operations.stands_behind(record, exchange.downstream)
        self._waits_for = 1 if looking_up is None else 2
        if looking_up is not None:  # a program that dies right after its create must have been seen
            looking_up.add_done_callback(self._one_is_done)
        self._operations.open(record, self._one_is_done)

    def _facts_of_request(self) -> RequestFacts:
        if self._exchange.account is not None:
            return self._exchange.account.facts
        if self._request_reader is None:
            return NO_FACTS
        self._request_reader.finish()
        return self._request_reader.facts()

    def _one_is_done(self, _: object) -> None:
        """The row is written, or it is known who stands behind it."""
        self._waits_for -= 1
        if not self._waits_for:
            self._timer.cancel()
            self._go_on()

    def _go_on(self) -> None:
        """Nothing is held back any more."""
        if self.holds_back and not self._exchange.is_settled:
            self.holds_back = False
            rest, self._rest = self._rest, b""
            self._exchange.request.go_on(rest)

    # === the reply ===

    @property
    def must_be_followed(self) -> bool:
        """The reply says what the operation is called: it is read even when its caller has left."""
        return self._record is not None and self._name is None

    def answered(self, head: ReplyHead) -> None:
        """The reply begins. One that comes before the request was whole means that none was opened."""
        self._status, wire = head.status, self._route.operation
        if self._record is not None and head.status < ERROR_STATUS and wire is not None:
            self._reader = wire.open_reply(facts.of_reply(head, wire.reply_headers), self._facts)

    def tap(self, payload: bytes) -> None:
        """A piece of the reply passes. A stream says early what the operation is called."""
        reader = self._reader
        if reader is None:
            return
        reader.feed(payload)
        if self._name is None and self._learn(reader.observed()) and self._exchange.following is not None:
            self._exchange.cut(OPERATION_KNOWN)  # read for the id only; how it ends the reaper sees

    def ended(self) -> None:
        """Nothing more of the reply comes."""
        if self._reader is not None and not self._is_done:
            self._is_done = True
            self._reader.finish()
            self._learn(self._reader.observed())

    def concluded(self) -> None:
        """The exchange has settled: the row is told what became of the create, and the caller has what was handed over."""
        record = self._record
        if record is None:
            return
        self._timer.cancel()
        self.ended()
        if self._name is not None:
            self._operations.renewals.detach(self._name)
        if self._exchange.call.committed_at is None:
            self._operations.rejected(record, "the request was never sent")
        elif self._status >= ERROR_STATUS:
            self._operations.rejected(record, f"HTTP {self._status}")
        elif self._name is None:
            self._operations.never_told(record)
        else:
            self._tell_end(record)

    def _learn(self, observed: Observed | None) -> bool:
        """Whether this says what the operation is called, which nobody knew."""
        if observed is None or not observed.provider_id or self._record is None or self._name is not None:
            return False
        self._name = name_of(self._record.upstream, observed.provider_id)
        self._operations.accepted(self._record, observed)
        self._operations.renewals.attach(self._name)
        return True

    def _tell_end(self, record: OperationRecord) -> None:
        """A create may answer with the end (`Prefer: wait`), or stream to it."""
        observed = self._reader.observed() if self._reader is not None else None
        if observed is not None and observed.progress in ENDS:
            has_it = self._exchange.call.downstream is Downstream.SERVED
            self._operations.observed(record, observed, is_claimed=has_it)
