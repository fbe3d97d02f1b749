"""The statements behind `foregone.py`, by name. Made as those of `statements.py` are, for both databases."""

from typing import Any, Final

from sqlalchemy import Select, func, or_, select

from sidecar.ledger.bill import Enforcing
from sidecar.ledger.bill_statements import CALL_BOOK, OPERATION_BOOK, asked
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.exact_sums import ExactSum, IsLong
from sidecar.ledger.foregone import HOLD, READ_TO_THE_END, RESCUES, Spared, window
from sidecar.ledger.operation_statements import O
from sidecar.ledger.statements import C
from sidecar.ledger.tables import CALLS
from sidecar.lifecycle.call import ERROR_STATUS
from sidecar.lifecycle.operation import CancelResult

FIRST: Final = CALLS.alias("first")
_OTHER: Final = CALLS.alias("other")
_ENFORCING: Final = (
    select(_OTHER.c.instance)
    .distinct()
    .where(or_(_OTHER.c.outcome.in_(sorted(RESCUES)), _OTHER.c.decision == HOLD))
    .scalar_subquery()
)
"""Processes that have given an answer to a retry, or held a call for one. Looked for once, when a repeat was found."""


def spared(query: CallQuery) -> Select[Any]:
    """The columns of each `Spared`."""
    would = O.cancel_result == CancelResult.WOULD_CANCEL.value
    return select(*(O[name] for name in Spared._fields)).where(would, *asked(query, OPERATION_BOOK))


def repeats(query: CallQuery, enforcing: Enforcing) -> Select[Any]:
    """How many repeats would have been given an answer, the sum of their bills, and how many of these are in no such sum."""
    count, long = func.count(), func.count().filter(IsLong(C.spend_usd))
    return _joined(select(count, ExactSum(C.spend_usd), long), query, enforcing)


def long_bills(query: CallQuery, enforcing: Enforcing) -> Select[Any]:
    """What that sum leaves out, an amount a row."""
    return _joined(select(C.spend_usd), query, enforcing).where(IsLong(C.spend_usd))


def _joined(found: Select[*tuple[Any, ...]], query: CallQuery, enforcing: Enforcing) -> Select[Any]:
    first = FIRST.c
    return found.select_from(CALLS.join(FIRST, C.attempt_of == first.id)).where(
        C.attempt_of.is_not(None),
        C.spend_usd != "0",
        first.outcome.in_(sorted(READ_TO_THE_END)),
        or_(first.http_status.is_(None), first.http_status < ERROR_STATUS),
        first.left_at <= C.started_at,
        C.started_at <= first.finished_at + window(enforcing),
        C.instance.not_in(_ENFORCING),
        *asked(query, CALL_BOOK),
    )
