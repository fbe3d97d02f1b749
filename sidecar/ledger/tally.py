"""What the writer counts of its own work; read by others at any moment without waiting."""

from collections import Counter
from collections.abc import Sequence

from sidecar.clock import Moment


class Tally:
    """Counts since the ledger was opened. Written by one thread only."""

    def __init__(self) -> None:
        self.rows_written = 0
        self.rows_refused = 0
        self.rows_expired = 0
        self.commits = 0
        self.errors: Counter[str] = Counter()
        self.problem = ""
        self.last_commit_at: Moment | None = None

    def committed(self, rows: int, refusals: Sequence[Exception], at: Moment) -> None:
        """A batch is durable, less the rows that no ledger could take."""
        self.commits += 1
        self.rows_written += rows
        self.last_commit_at = at
        self.problem = ""
        if refusals:
            self.rows_refused += len(refusals)
            self.errors["row"] += len(refusals)
            self.problem = _sentence(refusals[-1])

    def failed(self, operation: str, error: Exception) -> None:
        """An operation did not succeed, and is tried again later."""
        self.errors[operation] += 1
        self.problem = _sentence(error)


def _sentence(error: Exception) -> str:
    return str(error) or type(error).__name__
