"""Every statement about calls, by name, with its reason. Made from `tables.py` with SQLAlchemy, run by the driver itself.

SQLAlchemy writes the SQL, so that one set of statements serves SQLite and PostgreSQL; the rows do not pass through it, which
saves most of their time (26 us a statement against 6 us a row with `executemany`). Names in capitals are text for SQLite;
functions give constructs. What PostgreSQL has its own way of saying is in `postgres_statements.py`.
"""

from typing import Any, Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Delete,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from sidecar.ledger.contract import OPEN, CallQuery
from sidecar.ledger.matching import Filters, asked_for, filters_on, page_of
from sidecar.ledger.pages import Place
from sidecar.ledger.questions import ORPHANED_OUTCOMES
from sidecar.ledger.rows import NOTHING, RECORD_COLUMNS, ROW_COLUMNS
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason

C: Final = CALLS.c
RECORD: Final = [C[name] for name in RECORD_COLUMNS]
EXPIRE_ROWS: Final = 500
"""Rows deleted at once, so that no commit of new rows waits long behind old ones."""

SQLITE: Final = sqlite.dialect(paramstyle="named")
_BY_PLACE: Final = sqlite.dialect(paramstyle="qmark")


class Statement(NamedTuple):
    """SQL as the driver takes it, and the values that were known when it was made."""

    sql: str
    values: dict[str, Any]


def rendered(statement: ClauseElement, dialect: Dialect = SQLITE) -> Statement:
    """A statement for a database's driver, with named parameters."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return Statement(compiled.string, dict(compiled.params))


# --- writing -----------------------------------------------------------------------------------------------------

FIXED: Final = frozenset({"id", "upstream", "provider", "dialect", "started_at", "instance"})
"""What a call is from its first snapshot on. Not set again by an update: setting `started_at` would rewrite its index."""


_NOTHING: Final[ColumnElement[Any]] = literal_column(f"'{NOTHING}'")  # in the text, or it would be one more parameter


def unless_settled(fresh: sqlite.Insert | postgresql.Insert) -> ClauseElement:
    """New rows that take the place of open ones of the same id; a settled one stays as it is."""
    return fresh.on_conflict_do_update(
        index_elements=[C.id],
        set_={name: fresh.excluded[name] for name in ROW_COLUMNS if name not in FIXED},
        where=C.outcome.is_(None),
    )


def _upsert_call() -> str:
    values = {
        name: func.nullif(bindparam(name), _NOTHING) if C[name].nullable else bindparam(name) for name in ROW_COLUMNS
    }
    return unless_settled(sqlite.insert(CALLS).values(values)).compile(dialect=_BY_PLACE).string


UPSERT_CALL: Final = _upsert_call()
"""A call's first snapshot makes its row, a later one replaces it, and a settled row is left as it is: 0 rows changed is
an answer, not an error. Parameters are `ROW_COLUMNS` by place (the columns of an INSERT stand in the table's order)."""


def _upsert_calls(rows: int) -> str:
    before, _, rest = UPSERT_CALL.partition(" VALUES ")
    one_row, _, after = rest.partition(" ON CONFLICT ")
    return f"{before} VALUES {', '.join([one_row] * rows)} ON CONFLICT {after}"


UPSERTS: Final = {rows: _upsert_calls(rows) for rows in (256, 64, 16, 4, 1)}
"""The same for many rows at once, by how many, most first. SQLite is run without Python's lock, which is taken back after each
statement: a thread that does so for each row fights the event loop for it, 18 us of CPU a row against 12 (measured)."""

_NOBODY_SEEN_LEAVING: Final = and_(C.left_reason.is_(None), C.left_at.is_(None), C.committed_at.is_not(None))


def settle_lost(*is_dead: ColumnElement[bool]) -> Update:
    """Settles the open rows of other instances of which this is true: nobody is left who could say how those calls ended."""
    return (
        update(CALLS)
        .where(C.outcome.is_(None), C.instance != bindparam("me"), *is_dead)
        .values(
            outcome=Outcome.LOST.value,
            settled_at=bindparam("now"),
            left_reason=case((_NOBODY_SEEN_LEAVING, LeftReason.SIDECAR_LOST.value), else_=C.left_reason),
            # A figure that was written before the end is kept with its own words; where there is none, this is why.
            unpriced_reason=case(
                (C.spend_usd.is_(None), func.coalesce(C.unpriced_reason, "lost")), else_=C.unpriced_reason
            ),
        )
        .returning(*RECORD)
    )


SETTLE_LOST: Final = rendered(settle_lost())
"""In a file, which one process writes, every other instance is an earlier one."""

_EXPIRED: Final = (
    select(C.id)
    # The index finds old starts; a row that was settled late (lost ones are) still has its whole time.
    .where(C.started_at < bindparam("before"), C.settled_at < bindparam("before"), C.outcome.is_not(None))
    .order_by(C.started_at)
    .limit(EXPIRE_ROWS)
)


def expire_calls() -> Delete:
    """The oldest settled rows past the retention. Never an open one: its call may still be running."""
    return delete(CALLS).where(C.id.in_(_EXPIRED))


EXPIRE_CALLS: Final = rendered(expire_calls())

MONEY_COLUMNS: Final = (
    "spend_usd", "orphaned_usd", "avoidable_usd", "basis", "price_source", "basis_reason", "avoidable_basis",
    "unpriced_reason",
)  # fmt: skip


def reprice_call() -> Update:
    """New money for a settled call, unless somebody was first: 0 rows changed is an answer, not an error."""
    is_as_read = (C[name].is_not_distinct_from(bindparam(f"was_{name}")) for name in MONEY_COLUMNS)
    call = update(CALLS).where(C.id == bindparam("call"), C.outcome.is_not(None), *is_as_read)
    return call.values({name: bindparam(f"new_{name}") for name in MONEY_COLUMNS})


REPRICE_CALL: Final = rendered(reprice_call()).sql


# --- reading -----------------------------------------------------------------------------------------------------

IS_ORPHAN: Final = or_(
    C.outcome.in_(sorted(ORPHANED_OUTCOMES)),
    and_(
        or_(C.outcome.is_(None), C.outcome == Outcome.LOST.value),
        C.committed_at <= C.left_at,
        or_(C.finished_at.is_(None), C.finished_at > C.left_at),
    ),
)
"""The rule of `questions.is_orphan`, for the database to find them."""

PAGE_ROWS: Final = 500

_FILTERS: Final[Filters] = {
    **filters_on(CALLS, "started_at"),
    "outcome": lambda outcome: C.outcome.is_(None) if outcome == OPEN else C.outcome == outcome,
}


def conditions(query: CallQuery) -> list[ColumnElement[bool]]:
    """What a question asks of a row."""
    asked = asked_for(query, _FILTERS)
    return [*asked, IS_ORPHAN] if query.orphaned_only else asked


def calls_page(query: CallQuery, after: Place | None, rows: int) -> Select[Any]:
    """The next `rows` calls, newest first, after the one in that place."""
    return page_of(select(*RECORD).where(*conditions(query)), CALLS, "started_at", after, rows)


def calls_named(prefix: str) -> Select[Any]:
    """The first two calls whose id begins so; an exact match is the first. A range, because LIKE would not use the key."""
    beyond = prefix + "\U0010ffff"
    return select(*RECORD).where(C.id >= prefix, C.id < beyond).order_by(C.id).limit(2)
