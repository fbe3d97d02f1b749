"""What ledgers that write behind a thread have in common: rows go into the backlog at once, and to their place when they can."""

from sidecar.ledger.backlog import Backlog
from sidecar.ledger.contract import LedgerHealth
from sidecar.ledger.writer import Store, Writer
from sidecar.lifecycle.record import CallRecord


class BufferedLedger:
    """The write side of a `Ledger` (see `contract.py`), but for what is lost: that only the place can say."""

    def __init__(self, store: Store, backlog: Backlog, writer: Writer) -> None:
        self._store = store
        self._backlog = backlog
        self._writer = writer
        self._into_backlog = backlog.put
        self._ring = writer.ring

    def put(self, record: CallRecord) -> None:
        """Remember a call as it is now. Never waits, never raises."""
        self._into_backlog(record)
        self._ring()

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until everything put before is durable; False when it is not within the time."""
        return self._writer.flush(timeout_seconds)

    def health(self) -> LedgerHealth:
        """How the ledger is now. Never waits for its place."""
        tally = self._writer.tally
        return LedgerHealth(
            rows_waiting=self._writer.rows_waiting,
            rows_written=tally.rows_written,
            rows_dropped=self._backlog.dropped + tally.rows_refused,
            rows_expired=tally.rows_expired,
            commits=tally.commits,
            errors=dict(tally.errors),
            problem=tally.problem,
            notices=self._store.notices,
            last_commit_at=tally.last_commit_at,
            last_commit_seconds=self._store.commit_seconds,
        )

    def close(self, timeout_seconds: float) -> bool:
        """Write what waits and let go of the place; False when rows were left unwritten. Safe to call twice."""
        return self._writer.stop(timeout_seconds)
