"""What stands in a line of the log, and how it becomes JSON."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import msgspec

from sidecar.clock import SECOND, Moment, rfc3339
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.money import plain
from sidecar.telemetry.durations import duration_seconds, orphaned_seconds

HEAD = ("timestamp", "level", "event")
"""What every event begins with."""
ENCODER = msgspec.json.Encoder(enc_hook=str)
UNSEEN = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""Characters that JSON lets stand and that are more than text to whoever shows a line, as UTF-8: C1 controls (U+009B begins a
terminal's commands, U+0085 ends a line), the separators of lines and paragraphs, and what turns the direction of text around."""


class CallLine(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """The line of a settled call: the fields of its record that are set, by the same names, and its durations.

    They stand in the order in which they are read: who, when, what was decided, how it ended and with whose help, the money.
    What a record holds only to be priced anew (`ledger.billables`) is left to the ledger.
    A struct with its fields spelled out is encoded in a third of the time of a dict made by a loop.
    """

    timestamp: str
    level: str
    event: str
    id: str
    upstream: str
    provider: str
    dialect: str
    model: str
    kind: CallKind
    caller: str | None = None
    caller_timeout_seconds: float | None = None
    started_at: str
    committed_at: str | None = None
    answered_at: str | None = None
    left_at: str | None = None
    left_reason: str | None = None
    decision: str | None = None
    decision_reason: str | None = None
    finished_at: str | None = None
    settled_at: str | None = None
    outcome: str | None = None
    rescued_by: str | None = None
    attempt_of: str | None = None
    socket: str | None = None
    http_status: int | None = None
    usage: dict[str, int] = {}
    spend_usd: str | None = None
    orphaned_usd: str | None = None
    avoidable_usd: str | None = None
    basis: str | None = None
    price_source: str | None = None
    basis_reason: str | None = None
    avoidable_basis: str | None = None
    unpriced_reason: str | None = None
    method: str | None = None
    tier: str | None = None
    labels: dict[str, str] = {}
    duration_seconds: float | None = None
    orphaned_seconds: float | None = None


def call_line(record: CallRecord) -> CallLine:
    """The line of one settled call, at the moment it settled."""
    settled_at = _stamp(record.settled_at)
    return CallLine(
        timestamp=settled_at or "", level="info", event="call_settled",
        id=record.id, upstream=record.upstream, provider=record.provider, dialect=record.dialect, model=record.model,
        kind=record.kind, caller=record.caller, caller_timeout_seconds=record.caller_timeout_seconds,
        started_at=stamp(record.started_at), committed_at=_stamp(record.committed_at),
        answered_at=_stamp(record.answered_at), left_at=_stamp(record.left_at), left_reason=record.left_reason,
        decision=record.decision, decision_reason=record.decision_reason,
        finished_at=_stamp(record.finished_at), settled_at=settled_at,
        outcome=record.outcome, rescued_by=record.rescued_by, attempt_of=record.attempt_of, socket=record.socket,
        http_status=record.http_status, usage=record.usage, spend_usd=_amount(record.spend_usd),
        orphaned_usd=_amount(record.orphaned_usd), avoidable_usd=_amount(record.avoidable_usd),
        basis=record.basis, price_source=record.price_source, basis_reason=record.basis_reason,
        avoidable_basis=record.avoidable_basis, unpriced_reason=record.unpriced_reason,
        method=record.method, tier=record.tier, labels=record.labels,
        duration_seconds=duration_seconds(record),
        orphaned_seconds=None if record.left_at is None else orphaned_seconds(record),
    )  # fmt: skip


def shown(line: CallLine) -> dict[str, object]:
    """The fields of a call's line that say something of the call, for people."""
    fields = msgspec.structs.asdict(line)
    return {name: value for name, value in fields.items() if value not in (None, {}) and name not in HEAD}


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    return rfc3339(seconds * SECOND).removesuffix("000000Z")


def stamp(moment: Moment) -> str:
    """RFC 3339 as `clock.rfc3339` writes it, at a fifth of the price: a call's moments share their seconds."""
    seconds, micros = divmod(moment, SECOND)
    return f"{_second(seconds)}{micros:06d}Z"


def _stamp(moment: Moment | None) -> str | None:
    return None if moment is None else stamp(moment)


def _amount(money: Decimal | None) -> str | None:
    if not money:  # mostly: a delivered call has nothing orphaned
        return None if money is None else "0"
    return plain(money)


def encode(event: Mapping[str, object] | CallLine) -> bytes:
    """One event as JSON, without an end of line: one line to every reader, whoever named the model or the caller.

    A name that was no UTF-8 is escaped rather than lost, and so is what is not seen.
    """
    try:
        line = ENCODER.encode(event)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(event, enc_hook=str)).encode()
    return line if line.isascii() else UNSEEN.sub(_escaped, line)


def _escaped(found: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(found[0].decode())
