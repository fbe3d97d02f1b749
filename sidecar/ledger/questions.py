"""What the words of a question mean, the same for every ledger: which calls are orphans, what a pattern matches."""

from typing import Final

from sidecar.clock import SECOND, Moment
from sidecar.lifecycle.call import Outcome

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


def glob(pattern: str) -> str:
    """A pattern in which only `*` and `?` are special, for SQLite's GLOB and Python's fnmatch alike."""
    return pattern.replace("[", "[[]")


def like(pattern: str) -> str:
    """The same for PostgreSQL's LIKE, with `!` as its escape character."""
    special = {"!": "!!", "%": "!%", "_": "!_", "*": "%", "?": "_"}
    return "".join(special.get(character, character) for character in pattern)
