"""What there is to see of the program's calls, its money and its settings, in the words of the API.

Rows are plain values that need no more work to become JSON: moments are RFC 3339 text, money is decimal text. So the live page's
stream, which shows a thousand calls four times a second, encodes them as they are.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Final, Literal, NamedTuple, Protocol

from pydantic import WithJsonSchema

from sidecar.clock import Moment
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.spending import SpendStep
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.money import plain
from sidecar.telemetry.calls import Attachment
from sidecar.telemetry.event import stamp
from sidecar.telemetry.log import LogLevel

Stamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment as RFC 3339 text."""
Amount = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$"})]
"""US dollars as decimal text, exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallInFlight:
    """A call that has not settled; a retry that is being given an abandoned answer is one of its own."""

    id: str
    upstream: str
    dialect: str
    model: str
    kind: str
    """`unary`, `stream` or `live`."""
    route: str
    """The provider's name of the method: `generateContent`, `chat.completions`."""
    caller: str | None
    started_at: Stamp
    committed_at: Stamp | None
    """When the request's last byte was sent: from here on it may cost money."""
    answered_at: Stamp | None
    left_at: Stamp | None
    left_reason: str | None
    finished_at: Stamp | None
    """When the provider's work ended; null while it goes on, and where it was cut."""
    age_seconds: float
    """Since `started_at`, when this row was made. In the event stream a row is made anew only when something else changed."""
    downstream_state: str
    """The caller's half, `lifecycle.halves.Downstream` in lower case."""
    upstream_state: str
    """The provider's half, `lifecycle.halves.Upstream` in lower case."""
    attachment: Attachment
    """Whether somebody is there for it, as the metric `calls_in_flight` counts it."""
    orphaned_since: Stamp | None
    """When the caller left the provider at work; null while it is there, and where the work had ended."""
    decision: str | None
    """What was done with the provider's connection when the caller left: `follow`, `cut`, `hold`. Null before."""
    decision_reason: str | None
    taken_by: str | None
    """The retry that is being given this call's answer."""
    waits_for: str | None
    """The call whose answer this one, a retry, is being given."""
    socket: str | None = None
    """The socket that it is one answer in, by the id of the first of its calls; null for any other call."""
    spend_so_far_usd: Amount | None = None
    """What it has cost by now: told by the usage that was reported or counted, else what such calls cost on average. Null where
    neither is known. Never part of any sum."""
    orphaned_so_far_usd: Amount | None = None
    """The part of it that has accrued since the caller left."""
    basis: Literal["estimated"] | None = None
    """Of both: an estimate, always. Null where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call as the ledger has it, settled or not. `lifecycle.record.CallRecord` says what each field means."""

    id: str
    upstream: str
    dialect: str
    model: str
    kind: str
    route: str | None
    """The provider's name of the method."""
    caller: str | None
    started_at: Stamp
    committed_at: Stamp | None
    answered_at: Stamp | None
    left_at: Stamp | None
    left_reason: str | None
    finished_at: Stamp | None
    settled_at: Stamp | None
    outcome: str | None
    """Null while the call is open."""
    http_status: int | None
    usage: dict[str, int]
    spend_usd: Amount | None
    """Null where there is no bill, which is not a bill of 0."""
    orphaned_usd: Amount | None
    avoidable_usd: Amount | None
    basis: str | None
    basis_reason: str | None
    unpriced_reason: str | None
    price_source: str | None
    decision: str | None
    decision_reason: str | None
    rescued_by: str | None
    attempt_of: str | None
    socket: str | None
    """As in a call in flight."""


def call_row(record: CallRecord) -> CallRow:
    """The row of a call."""
    return CallRow(
        id=record.id, upstream=record.upstream, dialect=record.dialect, model=mended(record.model), kind=str(record.kind),
        route=record.method, caller=record.caller, started_at=stamp(record.started_at),
        committed_at=stamped(record.committed_at), answered_at=stamped(record.answered_at),
        left_at=stamped(record.left_at), left_reason=record.left_reason, finished_at=stamped(record.finished_at),
        settled_at=stamped(record.settled_at), outcome=record.outcome, http_status=record.http_status,
        usage=record.usage, spend_usd=amount(record.spend_usd), orphaned_usd=amount(record.orphaned_usd),
        avoidable_usd=amount(record.avoidable_usd), basis=record.basis, basis_reason=record.basis_reason,
        unpriced_reason=record.unpriced_reason, price_source=record.price_source, decision=record.decision,
        decision_reason=record.decision_reason, rescued_by=record.rescued_by, attempt_of=record.attempt_of,
        socket=record.socket,
    )  # fmt: skip


def mended(text: str) -> str:
    """Text with a question mark where UTF-8 has no bytes for it: half a surrogate pair, as a model's name in JSON may have."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def stamped(moment: Moment | None) -> str | None:
    """A moment as text; None for none."""
    return None if moment is None else stamp(moment)


def amount(money: Decimal | None) -> str | None:
    """An amount as text; None for none, which is not 0."""
    return None if money is None else plain(money)


class Prospect(NamedTuple):
    """What is expected of an open operation. Of all of it None means that it is not known, or does not apply."""

    lease_ends_at: Moment | None = None
    """Its caller counts as gone from here on, unless it is heard of before."""
    grace_ends_at: Moment | None = None
    """It is cancelled from here on (`mode: observe`: would be), unless its caller is heard of before."""
    spend_so_far_usd: Decimal | None = None
    """What such operations cost at least, as a rule."""


NOT_KNOWN: Final = Prospect()


class Setting(NamedTuple):
    """One setting as people may see it."""

    key: str
    value: object
    """JSON, with what may be a password masked."""
    origin: str | None
    """`flag --mode`, `variable SIDECAR_MODE`, `file sidecar.yaml:3`, `default`; None where nobody has said."""


class Shown(Protocol):
    """What the program shows. Every method is called on the event loop; those that are not async are quick.

    What is async asks the ledger, in a thread, and raises LedgerError when it can't be read.
    """

    log_level: LogLevel
    """The least serious line that is logged. May be set."""

    def now(self) -> Moment:
        """The present moment."""
        ...

    def attachments(self) -> Mapping[Attachment, int]:
        """How many calls are in flight, by whether somebody is there for them."""
        ...

    def live_sockets(self) -> Mapping[str, int]:
        """How many sockets that carry calls are open, by provider; of providers that have had one."""
        ...

    def tunnels(self) -> int:
        """How many tunnels are open."""
        ...

    def watch_calls(self) -> Callable[[], Sequence[CallInFlight]]:
        """What tells, each time that it is called, the calls in flight, oldest first.

        It remembers what it has told, so that a row in which nothing has changed is the same object: let go of it in time.
        """
        ...

    async def calls_in_flight(self) -> Sequence[CallInFlight]:
        """The calls in flight, oldest first. Asks no ledger, but takes several turns of the loop where they are many."""
        ...

    def recent(self) -> Sequence[CallRecord]:
        """The calls that settled last, the newest at the end."""
        ...

    def totals(self) -> Mapping[str, object]:
        """The sums of the metrics at this moment (`telemetry.totals.totals_of`), and `exposure_usd`."""
        ...

    def prospect(self, record: OperationRecord) -> Prospect:
        """What is expected of an operation."""
        ...

    def settings(self) -> Sequence[Setting]:
        """All settings as they are now."""
        ...

    async def history(self, query: CallQuery) -> Sequence[CallRecord]:
        """Calls in the ledger, newest first. The query has a limit."""
        ...

    async def call(self, id: str) -> CallRecord | None:
        """The call of exactly this id, as the ledger has it."""
        ...

    async def spending(self, since: Moment, step: Moment, steps: int) -> Sequence[SpendStep]:
        """Money by time: so many steps, each `step` microseconds long, the first of which begins at `since`."""
        ...
