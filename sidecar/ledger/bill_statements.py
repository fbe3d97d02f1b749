"""The statements behind a bill, by name. Made as those of `statements.py` are, for both databases.

Each is asked of one table, calls or operations, whose `Book` says what a figure is there.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Table, and_, case, func, literal, not_, or_, select

from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.exact_sums import ExactSum, IsLong, as_number, long_part
from sidecar.ledger.matching import asked_for, filters_on
from sidecar.ledger.operation_statements import O
from sidecar.ledger.questions import DAY
from sidecar.ledger.statements import IS_ORPHAN, C
from sidecar.ledger.tables import CALLS, OPERATIONS
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.operation import CancelResult, CancelTrigger, OperationState
from sidecar.metering.basis import Basis

Column = ColumnElement[Any]
Condition = ColumnElement[bool]

LONG: Final = "long"
"""How many rows hold an amount that is in no `ExactSum`."""


class Part(NamedTuple):
    """Figures that are summed over some rows of a table, in one reading of it."""

    counts: Mapping[str, Column]
    """By the names of `totals.COUNTS`."""
    money: Mapping[str, tuple[Column, *tuple[Condition, ...]]]
    """By the names of `totals.MONEY`: an amount, and the conditions under which it counts."""
    amounts: tuple[Column, ...]
    """All columns of money that are summed."""
    rows: tuple[Condition, ...] = ()
    """Which rows have anything to add."""


class Book(NamedTuple):
    """What the words of a bill mean in one table."""

    table: Table
    begun_at: str
    """The column of the moment at which a row's work began."""
    keys: Mapping[By, Column]
    parts: tuple[Part, ...]
    """A figure is the sum of those of its name; what has no name here is 0."""
    is_lost: Condition
    """The caller is gone, or never fetched what was billed."""
    orphan: tuple[Column, ...]
    """The fields of an `Orphan`, in their order."""


def _count(condition: Condition, each: int = 1) -> Column:
    return func.sum(case((condition, each)))


def _ran_on(is_lost: Condition, gone_at: Column, ended_at: Column) -> Column:
    return func.sum(case((and_(is_lost, ended_at > gone_at), ended_at - gone_at)))


_IS_INEXACT: Final = C.basis.is_distinct_from(Basis.EXACT.value)
_IS_NOT_DELIVERED: Final = C.outcome.is_distinct_from(Outcome.DELIVERED.value)
_WAS_RESCUED: Final = C.outcome == Outcome.RESCUED.value
_EVERY_CALL: Final = Part(
    counts={"calls": func.count(), "delivered": func.count()},
    money={"spend_usd": (C.spend_usd,), "estimated_usd": (C.spend_usd, _IS_INEXACT)},
    amounts=(C.spend_usd,),
)
_UNUSUAL_CALLS: Final = Part(
    # Most calls are delivered and that is all: not to ask of each what it has not (what is avoidable is a part of what is
    # orphaned) halves the time.
    rows=(or_(_IS_NOT_DELIVERED, C.orphaned_usd != "0", C.unpriced_reason.is_not(None)),),
    counts={
        "delivered": _count(_IS_NOT_DELIVERED, each=-1),
        "orphaned": _count(IS_ORPHAN),
        "open": _count(C.outcome.is_(None)),
        "unpriced": func.count(C.unpriced_reason),
        "rescued": _count(_WAS_RESCUED),
        "microseconds": _ran_on(IS_ORPHAN, C.left_at, C.finished_at),
    },
    money={
        "orphaned_usd": (C.orphaned_usd,),
        "avoidable_usd": (C.avoidable_usd,),
        "rescued_usd": (C.spend_usd, _WAS_RESCUED),
        "orphaned_estimated_usd": (C.orphaned_usd, _IS_INEXACT),
        "avoidable_estimated_usd": (
            C.avoidable_usd,
            func.coalesce(C.avoidable_basis, C.basis).is_distinct_from(Basis.EXACT.value),
        ),
    },
    amounts=(C.spend_usd, C.orphaned_usd, C.avoidable_usd),
)
CALL_BOOK: Final = Book(
    table=CALLS,
    begun_at="started_at",
    keys={
        By.MODEL: C.model,
        By.CALLER: C.caller,
        By.UPSTREAM: C.upstream,
        By.KIND: C.kind,
        By.OUTCOME: C.outcome,
        By.DAY: C.started_at // DAY,
        By.PROVIDER: C.provider,
        By.ROUTE: C.method,
        By.REASON: C.left_reason,
    },
    parts=(_UNUSUAL_CALLS, _EVERY_CALL),
    is_lost=IS_ORPHAN,
    orphan=(
        literal("call"), C.id, C.started_at, C.left_at, C.finished_at, C.upstream, C.model, C.caller, C.left_reason,
        C.orphaned_usd, C.basis,
    ),
)  # fmt: skip

_IS_LOST: Final = or_(
    as_number(func.coalesce(O.orphaned_usd, "0")) > 0, and_(O.lapsed_at.is_not(None), O.claimed_at.is_(None))
)
_GONE_AT: Final = func.coalesce(O.lapsed_at, O.ended_at, O.opened_at)
_SERVED: Final = func.coalesce(O.served_model, O.model)
_BY_US: Final = O.cancel_trigger.in_([CancelTrigger.ORPHANED.value, CancelTrigger.ASKED.value])
_IS_UNSURE: Final = O.basis.is_distinct_from(Basis.EXACT.value)
OPERATION_BOOK: Final = Book(
    table=OPERATIONS,
    begun_at="opened_at",
    keys={
        By.MODEL: _SERVED,
        By.CALLER: O.caller,
        By.UPSTREAM: O.upstream,
        By.KIND: O.kind,
        By.OUTCOME: O.outcome,
        By.DAY: O.opened_at // DAY,
        By.PROVIDER: O.provider,
        By.ROUTE: O.method,
        By.REASON: O.gone_reason,
    },
    parts=(
        Part(
            counts={
                "operations": func.count(),
                "delivered": _count(and_(O.outcome == OperationState.SUCCEEDED.value, not_(_IS_LOST))),
                "orphaned": _count(_IS_LOST),
                "open": _count(O.outcome.is_(None)),
                "unpriced": func.count(O.unpriced_reason),
                "cancelled": _count(and_(O.cancel_result == CancelResult.CONFIRMED.value, _BY_US)),
                "microseconds": _ran_on(_IS_LOST, _GONE_AT, O.ended_at),
            },
            money={
                "spend_usd": (O.spend_usd,),
                "orphaned_usd": (O.orphaned_usd,),
                "avoidable_usd": (O.avoidable_usd,),
                "estimated_usd": (O.spend_usd, _IS_UNSURE),
                "avoided_usd": (O.avoided_usd,),
                "regretted_usd": (O.spend_usd, O.regretted_at.is_not(None)),
                "reclaimed_usd": (O.orphaned_usd, O.reclaimed_at.is_not(None)),
                "orphaned_estimated_usd": (O.orphaned_usd, _IS_UNSURE),
                "avoidable_estimated_usd": (O.avoidable_usd,),
            },
            amounts=(O.spend_usd, O.orphaned_usd, O.avoidable_usd, O.avoided_usd),
        ),
    ),
    is_lost=_IS_LOST,
    orphan=(
        literal("operation"), O.id, O.opened_at, O.lapsed_at, O.ended_at, O.upstream, _SERVED, O.caller, O.gone_reason,
        O.orphaned_usd, O.basis,
    ),
)  # fmt: skip
BOOKS: Final = (OPERATION_BOOK, CALL_BOOK)


def asked(query: CallQuery, book: Book) -> list[Condition]:
    """What a bill's question asks of a row."""
    return asked_for(query, filters_on(book.table, book.begun_at))


def line_names(part: Part) -> tuple[str, ...]:
    """What the columns of `lines` are, behind the key."""
    return (*part.counts, LONG, *part.money)


def lines(query: CallQuery, by: By, book: Book, part: Part) -> Select[Any]:
    """A row for each line: its key, and the sums of `line_names`."""
    key = book.keys[by].label("key")
    sums = [ExactSum(*terms) for terms in part.money.values()]
    found: Select[Any] = select(key, *part.counts.values(), _count(IsLong(*part.amounts)), *sums)
    return found.where(*part.rows, *asked(query, book)).group_by(key)


def long_amounts(query: CallQuery, by: By, book: Book, part: Part) -> Select[Any]:
    """What `lines` leaves out, a row of the table each: the key, and the amounts of `part.money`."""
    parts = [long_part(*terms) for terms in part.money.values()]
    found: Select[Any] = select(book.keys[by], *parts)
    return found.where(IsLong(*part.amounts), *part.rows, *asked(query, book))


def dearest(query: CallQuery, book: Book, count: int) -> Select[Any]:
    """The first `Orphan`s, by what they cost.

    By no index: the table is read once for that, 0.15 s a million rows, and an index would be written to with each orphan.
    """
    usd, begun = as_number(book.table.c.orphaned_usd), book.table.c[book.begun_at]
    found = select(*book.orphan).where(book.table.c.orphaned_usd != "0", book.is_lost, usd > 0, *asked(query, book))
    return found.order_by(usd.desc(), begun.desc(), book.table.c.id).limit(count)


def ends(query: CallQuery, book: Book) -> list[Select[Any]]:
    """When the first began, and the last; two questions, each of which the index answers."""
    begun = book.table.c[book.begun_at]
    return [select(end(begun)).where(*asked(query, book)) for end in (func.min, func.max)]
