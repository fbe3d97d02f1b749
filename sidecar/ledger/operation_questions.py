"""Every statement that asks for operations, by name. As in `operation_statements.py`, whose parameters these share."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, select, tuple_

from sidecar.clock import Moment
from sidecar.ledger.matching import Matches
from sidecar.ledger.operation_rows import MOVE_COLUMNS
from sidecar.ledger.operation_statements import RECORD, UNSETTLED, M, O, is_in
from sidecar.ledger.operations import OperationQuery
from sidecar.lifecycle.operation import OPEN, OperationState

PAGE_ROWS: Final = 200
"""Operations read at once: some 60 columns each."""

NEWEST_OF_KEY: Final[Select[Any]] = (
    select(*RECORD)
    .where(O.upstream == bindparam("of"), O.provider_key == bindparam("key"))
    .order_by(O.opened_at.desc(), O.id.desc())
    .limit(1)
)
DUE: Final[Select[Any]] = (
    select(*RECORD)
    .where(O.holder == bindparam("me"), UNSETTLED, O.due_at <= bindparam("at"))
    .order_by(O.due_at, O.id)
    .limit(bindparam("most"))
)
ALL_UNSETTLED: Final[Select[Any]] = (
    select(*RECORD).where(O.holder == bindparam("me"), UNSETTLED).order_by(O.opened_at, O.id)
)
TYPICAL_SPEND: Final[Select[Any]] = (
    select(O.spend_usd)
    .where(
        O.upstream == bindparam("of"),
        O.model == bindparam("model"),
        O.kind == bindparam("kind"),
        O.outcome == OperationState.SUCCEEDED.value,
        O.basis == "exact",
        O.spend_usd.is_not(None),
    )
    .order_by(O.opened_at.desc(), O.id.desc())
    .limit(bindparam("most"))
)
MOVES_OF: Final[Select[Any]] = (
    select(*(M[name] for name in MOVE_COLUMNS)).where(M.operation_id == bindparam("operation")).order_by(M.number)
)
NAMED: Final[Select[Any]] = (
    select(*RECORD).where(O.id >= bindparam("prefix"), O.id < bindparam("beyond")).order_by(O.id).limit(2)
)
"""The first two whose id begins so; an exact match is the first. A range, because LIKE would not use the key."""

_FILTERS: Final[dict[str, Callable[[Any], ColumnElement[bool]]]] = {
    "since": lambda moment: O.opened_at >= moment,
    "until": lambda moment: O.opened_at < moment,
    "upstream": lambda name: O.upstream == name,
    "model": lambda pattern: Matches(O.model, pattern),
    "caller": lambda name: O.caller == name,
    "kind": lambda kind: O.kind == kind,
    "state": lambda state: is_in(OPEN) if state == "open" else O.state == state,
}


def operations_page(query: OperationQuery, after: tuple[Moment, str] | None, rows: int) -> Select[Any]:
    """The next `rows` operations, newest first, after the one that was opened at that moment with that id.

    Page by page and not one long cursor, for the reason that `statements.calls_page` gives.
    """
    asked = [made(value) for name, made in _FILTERS.items() if (value := getattr(query, name)) is not None]
    page = select(*RECORD).where(*asked)
    if after is not None:
        page = page.where(tuple_(O.opened_at, O.id) < after)
    return page.order_by(O.opened_at.desc(), O.id.desc()).limit(rows)
