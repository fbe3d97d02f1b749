"""Every statement that changes operations, by name, with its reason. Made from `tables.py` and `lifecycle.operation.MOVES`.

These are SQLAlchemy's constructs and not text: each ledger compiles them for its own database, once (a construct is made once
for what it is made from, so that the compiled text can be kept by it). Parameters of a kind have a name of a kind: `new_*` is a
column's new value, the others say which rows. A statement that changes rows returns them: none is an answer, not an error.
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Insert,
    Update,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)

from sidecar.ledger.operation_rows import MOVE_ROW_COLUMNS, RECORD_COLUMNS, ROW_COLUMNS
from sidecar.ledger.tables import INSTANCES, OPERATION_MOVES, OPERATIONS
from sidecar.lifecycle.operation import MOVES, OPEN, OperationEvent, OperationState

O: Final = OPERATIONS.c  # noqa: E741
M: Final = OPERATION_MOVES.c
RECORD: Final = [O[name] for name in RECORD_COLUMNS]
UNSETTLED: Final = O.settled_at.is_(None)
ENDED: Final = frozenset(OperationState) - OPEN
"""States in which an operation may settle."""

IDS: Final = 64
"""Ids in one statement. One size, so that there is one text of it: a shorter list is filled up with its last id."""
EXPIRE_ROWS: Final = 500
"""Operations deleted at once, so that no other write waits long behind old ones."""


def _new(name: str) -> BindParameter[Any]:
    return bindparam(f"new_{name}")


def _set(names: tuple[str, ...]) -> dict[str, Any]:
    # Nothing to set is no error, and UPDATE must set something.
    return {name: _new(name) for name in names} or {"fence": O.fence}


def is_in(states: frozenset[OperationState]) -> ColumnElement[bool]:
    """An operation is in one of these states; in none where there are none."""
    return or_(false(), *(O.state == literal_column(f"'{state.value}'") for state in sorted(states)))


def _is_named() -> ColumnElement[bool]:
    return O.id == bindparam("operation")


def _is_held() -> ColumnElement[bool]:
    return O.fence == bindparam("held_fence")


def _is_one_of(column: ColumnElement[str]) -> ColumnElement[bool]:
    return column.in_([bindparam(f"operation_{place}") for place in range(IDS)])


OPEN_OPERATION: Final = insert(OPERATIONS).values({name: _new(name) for name in ROW_COLUMNS}).returning(*RECORD)
"""The row of an operation that is about to be created."""

APPEND_MOVE: Final[Insert] = insert(OPERATION_MOVES).values(
    {name: _new(name) for name in MOVE_ROW_COLUMNS}
    | {
        "number": select(func.coalesce(func.max(M.number), 0) + 1)
        .where(M.operation_id == bindparam("operation"))
        .scalar_subquery()
    }
)
"""The next line of an operation's history. Whoever writes it has changed the row in the same transaction: others wait."""


@lru_cache(256)
def moved(event: OperationEvent, names: tuple[str, ...], *, is_fenced: bool) -> Update:
    """One move, with these columns; only from a state of the table, and only by the holder where it is fenced."""
    passage = MOVES[event]
    move = update(OPERATIONS).where(_is_named(), UNSETTLED, is_in(passage.allowed_from))
    if is_fenced:
        move = move.where(_is_held())
    return move.values({**_set(names), "state": passage.becomes.value}).returning(*RECORD)


@lru_cache(256)
def noted(names: tuple[str, ...]) -> Update:
    """Columns of an unsettled operation, set by its holder."""
    return update(OPERATIONS).where(_is_named(), _is_held(), UNSETTLED).values(_set(names)).returning(O.id)


@lru_cache(256)
def renewed(names: tuple[str, ...]) -> Update:
    """Columns of every unsettled operation of a key.

    More than one has it where a create was sent again with its idempotency key: the provider gave both the same name.
    """
    mine = update(OPERATIONS).where(O.upstream == bindparam("of"), O.provider_key == bindparam("key"), UNSETTLED)
    return mine.values(_set(names)).returning(*RECORD)


RENEW_ALL: Final[Update] = (
    update(OPERATIONS)
    .where(_is_one_of(O.id), UNSETTLED, O.renewed_at < bindparam("at"))
    .values(renewed_at=bindparam("at"))
    .returning(*RECORD)
)
"""Leases of operations that are being listened to; never back, should somebody have been slow to say so."""


@lru_cache(256)
def settled(names: tuple[str, ...]) -> Update:
    """The end of an operation's row: outcome, usage and money, once, when it has ended, by its holder."""
    end = update(OPERATIONS).where(_is_named(), _is_held(), UNSETTLED, is_in(ENDED))
    return end.values({**_set(names), "outcome": O.state}).returning(*RECORD)


@lru_cache(2)
def marked_after(name: str) -> Update:
    """The one thing that may still be told of a settled operation, once."""
    late = update(OPERATIONS).where(_is_named(), O.settled_at.is_not(None), O[name].is_(None))
    return late.values({name: _new(name)}).returning(O.id)


_WITHOUT_HOLDER: Final = (
    select(O.id)
    .where(
        UNSETTLED,
        O.holder != bindparam("me"),
        ~select(INSTANCES.c.instance)
        .where(INSTANCES.c.instance == O.holder, INSTANCES.c.alive_until > bindparam("now"))
        .exists(),
    )
    .order_by(O.due_at, O.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)  # rendered where rows have locks; a file has one writer
    .cte("without_holder")
)
TAKE_OVER: Final[Update] = (
    update(OPERATIONS)
    # A common table expression, which PostgreSQL evaluates once: a subquery it may run again for each row, and lock too many.
    .where(O.id.in_(select(_WITHOUT_HOLDER.c.id)))
    .values(holder=bindparam("me"), fence=O.fence + 1)
    .returning(*RECORD)
)
"""Unsettled operations of instances that are not alive (in a file: all others), the longest overdue first."""

_EXPIRED: Final = (
    select(O.id)
    # The index finds old ones; one that was settled late still has its whole time.
    .where(O.opened_at < bindparam("before"), O.settled_at < bindparam("before"))
    .order_by(O.opened_at)
    .limit(EXPIRE_ROWS)
)
EXPIRE_OPERATIONS: Final = delete(OPERATIONS).where(O.id.in_(_EXPIRED)).returning(O.id)
"""The oldest settled rows past the retention. Never an unsettled one: it may run, and be billed."""
EXPIRE_MOVES: Final[Delete] = delete(OPERATION_MOVES).where(_is_one_of(M.operation_id))
"""Their history."""
