"""The statements that are PostgreSQL's own: many rows by one parameter, and who is alive by the database's clock.

Everything else is compiled from the constructs of `statements.py` and `operation_statements.py`.
"""

from functools import lru_cache
from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Subquery,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    extract,
    func,
    literal_column,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from sidecar.clock import SECOND
from sidecar.ledger.operation_statements import RECORD, UNSETTLED, O
from sidecar.ledger.questions import DAY
from sidecar.ledger.rows import ROW_COLUMNS
from sidecar.ledger.statements import Statement, expire_calls, rendered, reprice_call, settle_lost, unless_settled
from sidecar.ledger.tables import CALLS, INSTANCES, OPERATIONS

I: Final = INSTANCES.c  # noqa: E741
POSTGRESQL: Final[Dialect] = postgresql.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call]


@lru_cache(512)
def for_postgres(statement: ClauseElement) -> Statement:
    """A statement for psycopg. Kept, for most are asked for again and compiling takes longer than running."""
    return rendered(statement, POSTGRESQL)


NOW: Final = cast(func.trunc(extract("epoch", func.clock_timestamp()) * SECOND), BigInteger)
"""The database's present moment, in microseconds."""

_ROWS: Final = func.json_populate_recordset(
    literal_column(f"NULL::{CALLS.name}"), bindparam("rows", type_=postgresql.JSON())
).table_valued(*ROW_COLUMNS)
UPSERT_CALLS: Final = for_postgres(
    unless_settled(insert(CALLS).from_select(list(ROW_COLUMNS), select(*(_ROWS.c[name] for name in ROW_COLUMNS))))
).sql
"""The same as `statements.UPSERTS`, for any number of rows in one parameter, a JSON array of objects: the driver is not asked
about each value, and there is one text whatever their number. No id may be in it twice."""

EXPIRE_CALLS: Final = for_postgres(expire_calls())
REPRICE_CALL: Final = for_postgres(reprice_call()).sql

_PRESENT: Final = insert(INSTANCES).values(
    instance=bindparam("me"), started_at=NOW, alive_until=NOW + bindparam("term")
)
KEEP_ALIVE: Final = for_postgres(
    _PRESENT.on_conflict_do_update(
        index_elements=[I.instance], set_={"alive_until": _PRESENT.excluded.alive_until}
    ).returning(I.alive_until - bindparam("term"))
)
"""This instance is alive for one more term. Returns the database's present moment."""
SAY_GOODBYE: Final = for_postgres(delete(INSTANCES).where(I.instance == bindparam("me")))
"""What has no row is dead, and nobody need wait to see it."""
FORGET_THE_DEAD: Final = for_postgres(delete(INSTANCES).where(I.alive_until < NOW - DAY))
"""Nothing changes by it: they are as dead as before."""
HOW_IT_STANDS: Final = for_postgres(
    select(NOW, select(I.alive_until).where(I.instance == bindparam("me")).scalar_subquery())
)
"""The database's present moment, and until when this instance is alive; None when it is not known."""


def _next_alive(lap: int, is_there: ColumnElement[bool]) -> Subquery:
    is_alive = I.alive_until > bindparam("dead_before")
    found = select(literal_column(str(lap)).label("lap"), I.instance).where(is_there, is_alive)
    return found.order_by(I.instance).limit(bindparam("reach")).subquery()


_AHEAD: Final = _next_alive(0, I.instance > bindparam("me"))
_FROM_THE_BEGINNING: Final = _next_alive(1, I.instance < bindparam("me"))
_RING: Final = union_all(select(_AHEAD), select(_FROM_THE_BEGINNING)).subquery("ring")
NEXT_ALIVE: Final = for_postgres(
    select(_RING.c.instance).order_by(_RING.c.lap, _RING.c.instance).offset(bindparam("reach") - 1).limit(1)
)
"""Who lives and stands so many places behind this instance, around the end; none where fewer others live."""


def _is_dead_in_gap(holder: ColumnElement[str], *, is_around: bool) -> ColumnElement[bool]:
    """The index finds those of the gap; each of them is then looked for among the living."""
    behind, ahead = holder > bindparam("me"), holder < bindparam("before")
    is_alive = select(I.instance).where(I.instance == holder, I.alive_until > bindparam("dead_before")).exists()
    return and_(or_(behind, ahead) if is_around else and_(behind, ahead), ~is_alive)


def _dead_holders(*, is_around: bool) -> Statement:
    return for_postgres(select(O.holder).distinct().where(UNSETTLED, _is_dead_in_gap(O.holder, is_around=is_around)))


def _settle_lost_of_dead(*, is_around: bool) -> Statement:
    return for_postgres(settle_lost(_is_dead_in_gap(CALLS.c.instance, is_around=is_around)))


DEAD_HOLDERS: Final = {is_around: _dead_holders(is_around=is_around) for is_around in (False, True)}
"""Those in a gap (`lifecycle.neighbors`) who left operations and are not alive; by whether it goes around the end."""
SETTLE_LOST_OF_DEAD: Final = {is_around: _settle_lost_of_dead(is_around=is_around) for is_around in (False, True)}
"""The open calls that such have left. By the same."""
_LEFT: Final = (
    select(O.id)
    .where(UNSETTLED, O.holder == any_(bindparam("dead", type_=ARRAY(Text()))))
    .order_by(O.due_at, O.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
    .cte("left_behind")
)
TAKE_OVER: Final = for_postgres(
    update(OPERATIONS)
    # A common table expression is evaluated once; a subquery may be run again for each row, and lock too many.
    .where(O.id.in_(select(_LEFT.c.id)))
    .values(holder=bindparam("me"), fence=O.fence + 1)
    .returning(*RECORD)
)
"""Operations of these holders, the longest overdue first; those that another is taking at this moment are passed over.

The dead are named, and not looked up once more: of a row that another took since the statement began PostgreSQL looks at the new
version, but at it alone. A condition over two tables would still hold by what the other table said before (PostgreSQL
documentation, 13.2.1), and the row would be taken from the living.
"""
