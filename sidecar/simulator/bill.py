"""The provider's own bill: one entry for each call it has had whole, and their sum."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from sidecar.clock import Moment


class Finished(StrEnum):
    """How the work of a call ended."""

    COMPLETED = "completed"
    STOPPED = "stopped"
    """Its caller left and the script has `on_close=stops`, or the simulator was closed."""
    CANCELLED = "cancelled"
    """It was asked to stop, by the call that its provider has for that."""
    FAILED = "failed"
    """It failed as scripted, or was declined before it began."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One call, or one operation, whose request and reply are those of its create.

    Moments are microseconds since the epoch; digests are SHA-256, hexadecimal.
    """

    number: int
    """In the order in which requests were read whole, from 1."""
    id: str
    """The request's `X-Simulator-Call`; empty when there was none."""
    dialect: str
    method: str
    model: str
    kind: str
    """`stream` or `unary`; of an operation `background`, `batch`, `lro` or `tuning`."""
    received_at: Moment
    first_byte_at: Moment | None
    """First byte of the reply written."""
    caller_left_at: Moment | None
    """The caller's connection ended before the last byte of the reply was written; None when it did not."""
    finished_at: Moment
    """The work ended."""
    finished_how: Finished
    http_status: int | None
    """None when no reply was begun."""
    is_billable: bool
    """False for what is free: counting tokens, and calls answered with an error."""
    usage: dict[str, int]
    """Counts above 0 by the names of `prices.Used`."""
    usd: Decimal
    """0 when not billable."""
    request_bytes: int
    request_sha256: str
    reply_bytes: int
    """Of the body as written, content coding included, framing not."""
    reply_sha256: str


class Bill:
    """All entries, in the order in which calls were over (work ended, and reply written or caller gone)."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """A copy that does not change any more."""
        return tuple(self._entries)

    @property
    def total_usd(self) -> Decimal:
        """The sum, exact."""
        return sum((entry.usd for entry in self._entries), Decimal(0))

    def add(self, entry: Entry) -> None:
        """Write one entry; entries are never changed."""
        self._entries.append(entry)

    def of(self, tag: str) -> list[Entry]:
        """The entries of calls that were sent with `X-Simulator-Call: <tag>`; a retry has the same tag."""
        return [entry for entry in self._entries if entry.id == tag]

    def as_object(self) -> dict[str, Any]:
        """The bill for JSON: `entries` and `total_usd`; money is text, never with an exponent."""
        entries = [
            {**msgspec.structs.asdict(entry), "usd": money(entry.usd)}
            for entry in sorted(self._entries, key=lambda entry: entry.number)
        ]
        return {"entries": entries, "total_usd": money(self.total_usd)}


def money(usd: Decimal) -> str:
    """Decimal text with no exponent and no idle zeros: `0.0000025`."""
    text = f"{usd:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
