"""What every ledger promises. `tests/ledger/conformance.py` holds all of them to it.

**Who is authoritative.** While a call runs, the program is; the ledger is told. Once a row is settled (its `outcome` is
set), the ledger is: that row is never changed again, whatever is put afterwards and in whatever order. One thing excepted:
when people ask for it, its money is worked out anew from the usage that it holds (`repricing.py`).

**What `put` means.** A call is put whenever something worth remembering has happened to it, each time as a whole, and the
last snapshot put is the one that counts. A snapshot is made when it is written: it may show what happened to the call after
it was put, and a call that began and settled in between has one row and never had another. Being put is not being durable:
snapshots are gathered for at most `GATHER_SECONDS` and committed together, so that a process that is killed loses at most
that (plus the disk's own delay), and a settled row once committed survives the loss of power. `flush` says when all that
was put is durable.

**What a broken ledger may do.** Nothing to the traffic: `put` neither waits nor raises. Rows wait in memory, bounded,
and are tried again; past the bound the oldest snapshots of *open* calls go first (their settled row is still to come), then
the oldest settled ones. Everything given up is counted. `health` tells all of it at any moment.

**Who writes.** One process at a time writes a SQLite ledger; a second is refused. Every row names the instance that
wrote it, and an instance that starts settles the open rows of those before it as `lost`: nothing in them is invented, what was
known stays, and there is no money where none was known.

**Who reads.** Anybody, at any time, while a sidecar writes and when none runs; reading never delays writing.
"""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

import msgspec

from sidecar.clock import Moment
from sidecar.lifecycle.record import CallRecord

GATHER_SECONDS: Final = 0.02
"""How long a snapshot may wait for others to be committed with it. A commit is an fsync; this bounds them to 50 a second."""
MOST_ROWS_WAITING: Final = 100_000
"""Rows kept in memory while the ledger can't be written: about 100 MB, some minutes of very heavy traffic."""
OPEN: Final = "open"
"""Stands for "no outcome yet" where outcomes are named: in queries and in reports."""


class LedgerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a ledger is. Counts are since it was opened."""

    rows_waiting: int = 0
    """Rows put and not yet committed."""
    rows_written: int = 0
    rows_dropped: int = 0
    """Rows given up: the bound on waiting rows was reached, or no ledger could take such a row."""
    rows_expired: int = 0
    """Rows deleted because they were older than the retention."""
    commits: int = 0
    errors: dict[str, int] = {}
    """Failures by operation: `write`, `row` (one that can never be written), `expire`."""
    problem: str = ""
    """Why the latest attempt failed, in one sentence; empty when it did not."""
    notices: tuple[str, ...] = ()
    """What people should be told once, such as that a damaged file was moved aside and what was lost."""
    last_commit_at: Moment | None = None
    last_commit_seconds: float = 0.0
    """How long the latest COMMIT took, most of it the disk's fsync."""

    @property
    def write_errors(self) -> int:
        """Commits that failed; they are tried again."""
        return self.errors.get("write", 0)


class Ledger(Protocol):
    """The write side. Every method may be called from any thread."""

    def put(self, record: CallRecord) -> None:
        """Remember a call as it is now. Never waits, never raises.

        The record may be changed afterwards until its `outcome` is set, which is set last. Its `usage` is replaced, not edited.
        """
        ...

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until everything put before is durable; False when it is not within the time."""
        ...

    def settle_lost(self, now: Moment, reach: int | None = None) -> list[CallRecord]:
        """Settle what dead instances left open as `lost`, and return those rows. Waits for the disk.

        With a `reach`, which a file does without, what those of the dead left that this one looks after (`lifecycle.neighbors`).

        To be asked at the start, and in a shared ledger now and then: an instance that was killed just before may not be known to
        be dead. In a file that one process writes, every other instance is.

        `left_reason` becomes `sidecar_lost` where the provider had the request and nobody had been seen leaving: the caller
        lost its answer with us. `left_at` stays empty then, for nobody saw when.

        Raises:
            LedgerError: it could not be done; nothing has changed.
        """
        ...

    def health(self) -> LedgerHealth:
        """How the ledger is now. Quick, and never waits for the disk."""
        ...

    def close(self, timeout_seconds: float) -> bool:
        """Write what waits and let go of the ledger; False when rows were left unwritten. Safe to call twice.

        What is put afterwards is not written.
        """
        ...


class CallQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls are asked for. None asks for any."""

    since: Moment | None = None
    """Started at this moment or later."""
    until: Moment | None = None
    """Started before this moment."""
    upstream: str | None = None
    model: str | None = None
    """With `*` for any characters and `?` for one; upper and lower case differ, and nothing else is special."""
    caller: str | None = None
    kind: str | None = None
    outcome: str | None = None
    """One of `lifecycle.call.Outcome`, or `open`."""
    orphaned_only: bool = False
    """Only calls whose caller left while the provider worked on them, settled or not."""
    limit: int | None = None
    """At most so many; None for all. Sums take no notice of it."""


class By(StrEnum):
    """What the lines of a report stand for."""

    MODEL = "model"
    """The one that served, where it is known."""
    CALLER = "caller"
    UPSTREAM = "upstream"
    KIND = "kind"
    OUTCOME = "outcome"
    DAY = "day"
    """The day in UTC on which the call started, or the operation was opened."""
    PROVIDER = "provider"
    ROUTE = "route"
    """The provider's name of the method that was called: `generateContent`, `chat.completions`."""
    REASON = "reason"
    """How it is known that the caller was gone (`left_reason`, `gone_reason`); none where it stayed."""


class TimeoutLine(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one upstream, model and kind whose callers told the same limit. Money is exact, in US dollars."""

    upstream: str
    model: str
    kind: str
    caller_timeout_seconds: float
    """How long the callers said that they wait."""
    calls: int
    """Those that the provider had, and of which it is known how they ended: neither open nor `lost`."""
    left: int
    """Of these: their caller left before the answer was handed over, for whatever reason."""
    left_at_limit: int
    """Of these: it left as its limit ran out (`timeouts.left_at_limit`)."""
    answer_p90_seconds: float | None
    """Nine in ten are answered within this: a stream's head is there, a whole answer's end. None where nothing is known."""
    answer_p90_basis: str | None
    """`exact`, or `at_least` where callers left so early that nobody saw how long it takes."""
    orphaned_usd: Decimal
    """What those that left at the limit lost."""
    orphaned_usd_per_day: Decimal
    """The same for each day of the time asked about."""
    estimated_usd: Decimal
    """Part of `orphaned_usd` whose basis is not `exact`."""
    unpriced: int
    """Of those that left at the limit: no money in the row."""
    repeats: int
    """Calls that say that they repeat one of those (`attempt_of`)."""
    repeats_usd: Decimal
    """What these cost; nothing where they were given the first one's answer."""


class TimeoutReport(msgspec.Struct, frozen=True, kw_only=True):
    """What callers' limits cost."""

    lines: list[TimeoutLine]
    """By most orphaned money, then by most that left at their limit."""
    untold: int
    """Calls whose caller told no limit: in no line."""
    told: int
    """Calls whose caller told one."""
    live: int = 0
    """Calls of kind `live`, which are neither: a limit told with the request for a socket is none of an answer in it."""
    days: float
    """How long the time asked about is, 1 at least; without ends it goes from the first call to the last."""


class LedgerReader(Protocol):
    """The read side. Every question is answered from what is committed when it is asked."""

    def calls(self, query: CallQuery) -> Iterator[CallRecord]:
        """Calls, newest first, in constant memory however many there are and however slowly they are taken.

        Raises:
            LedgerError: the ledger can't be read.
        """
        ...

    def call(self, id: str) -> CallRecord | None:
        """The call of this id, or the only one whose id begins so; None when there is none.

        Raises:
            LedgerError: more than one begins so, or the ledger can't be read.
        """
        ...

    def timeouts(self, query: CallQuery) -> TimeoutReport:
        """How long callers say that they wait, against how long the provider takes, over the calls asked for.

        Raises:
            LedgerError: the ledger can't be read.
        """
        ...
