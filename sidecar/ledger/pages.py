"""How any store is read alike: rows a page at a time, and one row by the beginning of its id."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from sidecar.clock import Moment
from sidecar.errors import LedgerError


class Named(Protocol):
    """A row of calls or of operations."""

    @property
    def id(self) -> str:
        """By which it is asked for."""
        ...


Record = TypeVar("Record")
NamedRecord = TypeVar("NamedRecord", bound=Named)
Place = tuple[Moment, str]
"""Where a row stands in the order of its beginning: that moment, and its id."""


def paged(
    limit: int | None,
    most: int,
    ask: Callable[[Place | None, int], Sequence[Record]],
    place_of: Callable[[Record], Place],
) -> Iterator[Record]:
    """Rows, newest first, up to a limit, `most` at a time.

    `ask` is given the place of the last row that came, and how many more may come at once.
    """
    left, after = limit, None
    while left is None or left > 0:
        rows = most if left is None else min(left, most)
        page = ask(after, rows)
        yield from page
        if len(page) < rows:
            return
        after = place_of(page[-1])
        left = None if left is None else left - rows


def only_one(found: Sequence[NamedRecord], id: str, where: str, sort: str) -> NamedRecord | None:
    """The row of this id, or the only one whose id begins so; `found` are those that do, or the first two, in their order.

    Raises:
        LedgerError: more than one begins so. `sort` is the word for what a row is.
    """
    if len(found) > 1 and found[0].id != id:
        raise LedgerError(where, f'more than one {sort} begins with "{id}"', "write more of its id")
    return found[0] if found else None
