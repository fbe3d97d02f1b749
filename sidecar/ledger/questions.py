"""What the words of a question mean, the same for every ledger: which calls are orphans, what a pattern matches."""

from fnmatch import fnmatchcase
from typing import Final

from sidecar.clock import SECOND, Moment
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.record import CallRecord

DAY: Final[Moment] = 86_400 * SECOND

ORPHANED_OUTCOMES: Final = frozenset(
    {Outcome.ORPHAN_FINISHED.value, Outcome.ORPHAN_CUT.value, Outcome.ORPHAN_FAILED.value}
)
UNDECIDED: Final = frozenset({None, Outcome.LOST.value})
"""Where the outcome does not say whether the call was orphaned."""


def is_orphan(
    outcome: str | None, committed_at: Moment | None, left_at: Moment | None, finished_at: Moment | None
) -> bool:
    """Whether the caller left while the provider worked on the call.

    Told by the outcome where there is one; by the moments while the call is open or when it was lost.
    """
    if outcome in ORPHANED_OUTCOMES:
        return True
    if outcome not in UNDECIDED or committed_at is None or left_at is None or committed_at > left_at:
        return False
    return finished_at is None or finished_at > left_at


def is_asked_for(query: CallQuery | OperationQuery, record: CallRecord | OperationRecord, begun_at: Moment) -> bool:
    """Whether a record is among those asked for, as far as calls and operations are asked for alike."""
    exact = ("upstream", "caller", "kind")
    return (
        (query.since is None or begun_at >= query.since)
        and (query.until is None or begun_at < query.until)
        and all(getattr(query, name) in (None, getattr(record, name)) for name in exact)
        and (query.model is None or fnmatchcase(record.model, glob(query.model)))
    )


def glob(pattern: str) -> str:
    """A pattern in which only `*` and `?` are special, for SQLite's GLOB and Python's fnmatch alike."""
    return pattern.replace("[", "[[]")


def like(pattern: str) -> str:
    """The same for PostgreSQL's LIKE, with `!` as its escape character."""
    special = {"!": "!!", "%": "!%", "_": "!_", "*": "%", "?": "_"}
    return "".join(special.get(character, character) for character in pattern)
