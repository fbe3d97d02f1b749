"""Every statement that asks for operations, by name. As in `operation_statements.py`, whose parameters these share."""

from typing import Any, Final

from sqlalchemy import Select, bindparam, select

from sidecar.ledger.matching import Filters, asked_for, filters_on, page_of
from sidecar.ledger.operation_rows import MOVE_COLUMNS
from sidecar.ledger.operation_statements import RECORD, UNSETTLED, M, O, is_in
from sidecar.ledger.operations import OperationQuery
from sidecar.ledger.pages import Place
from sidecar.ledger.tables import OPERATIONS
from sidecar.lifecycle.operation import OPEN, OperationState

PAGE_ROWS: Final = 200
"""Operations read at once: some 60 columns each."""

NEWEST_OF_KEY: Final[Select[Any]] = (
    select(*RECORD)
    .where(O.upstream == bindparam("of"), O.provider_key == bindparam("key"))
    .order_by(O.opened_at.desc(), O.id.desc())
    .limit(1)
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
EXACTLY: Final[Select[Any]] = select(*RECORD).where(O.id == bindparam("operation"))
NAMED: Final[Select[Any]] = (
    select(*RECORD).where(O.id >= bindparam("prefix"), O.id < bindparam("beyond")).order_by(O.id).limit(2)
)
"""The first two whose id begins so; an exact match is the first. A range, because LIKE would not use the key."""

_FILTERS: Final[Filters] = {
    **filters_on(OPERATIONS, "opened_at"),
    "state": lambda state: is_in(OPEN) if state == "open" else O.state == state,
}


def operations_page(query: OperationQuery, after: Place | None, rows: int) -> Select[Any]:
    """The next `rows` operations, newest first, after the one in that place."""
    return page_of(select(*RECORD).where(*asked_for(query, _FILTERS)), OPERATIONS, "opened_at", after, rows)
