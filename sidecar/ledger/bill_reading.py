"""How a bill is made of what a database answers: which questions are asked, and what is added up here.

The database adds up; rows come here a line each, and one by one only where an amount has more digits than it can add.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal, localcontext
from itertools import starmap
from typing import Any

from sidecar.ledger.bill import ZERO, Bill, Enforcing, Orphan
from sidecar.ledger.bill_statements import (
    BOOKS,
    LONG,
    Book,
    Part,
    dearest as dearest_of,
    ends,
    line_names,
    lines,
    long_amounts,
)
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.exact_sums import amount_of
from sidecar.ledger.foregone import Spared, foregone
from sidecar.ledger.foregone_statements import long_bills, repeats, spared
from sidecar.ledger.rows import Row
from sidecar.ledger.timeout_statements import Ask, ask_for_timeouts
from sidecar.ledger.totals import EXACT, MONEY, Sums, add, add_up

Group = tuple[Any, Sums]


def ask_for_bill(query: CallQuery, by: By, top: int | None, dearest: int, enforcing: Enforcing, ask: Ask) -> Bill:
    """The whole bill, if `ask` answers all questions from what was committed at one moment."""
    added = add_up(_groups(query, by, ask), by, top)
    begun = [moment for book in BOOKS for end in ends(query, book) for (moment,) in ask(end) if moment is not None]
    return Bill(
        lines=added.lines,
        others=added.others,
        others_count=added.others_count,
        total=added.total,
        dearest=dearest_among(
            (_orphan(row) for book in BOOKS for row in ask(dearest_of(query, book, dearest))), dearest
        ),
        foregone=foregone(starmap(Spared, ask(spared(query))), *_repeats(query, enforcing, ask), enforcing),
        timeouts=ask_for_timeouts(query, ask, only_mismatches=True),
        first_at=min(begun, default=None),
        last_at=max(begun, default=None),
    )


def dearest_among(orphans: Iterable[Orphan], count: int) -> list[Orphan]:
    """The dearest; of those that cost the same, the latest."""
    return sorted(orphans, key=lambda orphan: (-orphan.orphaned_usd, -orphan.begun_at, orphan.id))[:count]


def _groups(query: CallQuery, by: By, ask: Ask) -> Iterator[Group]:
    """Every line, of all parts of both tables in one. All but the last part are small: theirs wait for those of the last."""
    *first, last = [(book, part) for book in BOOKS for part in book.parts]
    waiting: dict[Any, Sums] = {}
    for book, part in first:
        for key, sums in _groups_of(book, part, query, by, ask):
            _merge(waiting, key, sums)
    for key, sums in _groups_of(*last, query, by, ask):
        _merge(held := {key: sums}, key, waiting.pop(key, {}))
        yield from held.items()
    yield from waiting.items()


def _merge(groups: dict[Any, Sums], key: object, more: Sums) -> None:
    with localcontext(EXACT):
        add(groups.setdefault(key, {}), more)


def _groups_of(book: Book, part: Part, query: CallQuery, by: By, ask: Ask) -> Iterator[Group]:
    """The lines of one part; those of which rows are still to be added come last."""
    names = line_names(part)
    unfinished: dict[Any, Sums] = {}
    for key, *figures in ask(lines(query, by, book, part)):
        with localcontext(EXACT):
            sums = {name: _figure(name, figure) for name, figure in zip(names, figures, strict=True) if figure}
        if sums.pop(LONG, 0):
            unfinished[key] = sums
        else:
            yield key, sums
    if unfinished:
        for key, *amounts in ask(long_amounts(query, by, book, part)):
            named = zip(part.money, amounts, strict=True)
            _merge(unfinished, key, {name: Decimal(text) for name, text in named if text})
        yield from unfinished.items()


def _figure(name: str, figure: Any) -> Any:  # noqa: ANN401  a count or money, as its name says
    return (amount_of(figure) or ZERO) if name in MONEY else int(figure)


def _orphan(row: Row) -> Orphan:
    return Orphan(**dict(zip(Orphan.__struct_fields__, row, strict=True)) | {"orphaned_usd": Decimal(row[9])})


def _repeats(query: CallQuery, enforcing: Enforcing, ask: Ask) -> tuple[int, Decimal]:
    ((count, summed, long),) = ask(repeats(query, enforcing))
    with localcontext(EXACT):
        usd = amount_of(summed) or ZERO
        if long:
            usd += sum((Decimal(text) for (text,) in ask(long_bills(query, enforcing))), ZERO)
    return count, usd
