"""The statements behind `timeouts.py`, by name, and how they are asked. Made as those of `statements.py` are, for both databases.

The percentile is told by the database, which sorts outside of memory; only calls whose caller left come here one by one.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import starmap
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, func, not_, null, or_, select, tuple_

from sidecar.ledger.contract import CallQuery, TimeoutReport
from sidecar.ledger.questions import UNDECIDED
from sidecar.ledger.rows import Row
from sidecar.ledger.statements import C, conditions
from sidecar.ledger.tables import CALLS
from sidecar.ledger.timeouts import PERCENT, Answers, Departure, Group, Overview, Repeat, report_of, sums_of
from sidecar.lifecycle.call import ERROR_STATUS
from sidecar.lifecycle.record import CallKind
from sidecar.metering.spend import HandedOver

Ask = Callable[[Select[Any]], Iterable[Row]]
"""Runs a question and gives its rows, piece by piece: there may be many."""

GROUP: Final = ("upstream", "model", "kind", "caller_timeout_seconds")
DEPARTURE: Final = [C[name] for name in Departure._fields]
REPEATS: Final = CALLS.alias("repeats")

_HAS_ENDED: Final = and_(
    C.outcome.not_in(sorted(word for word in UNDECIDED if word is not None)), C.committed_at.is_not(None)
)
"""The rule of `timeouts.has_ended`; NULL is in no list."""
_IS_LIVE: Final = C.kind == CallKind.LIVE.value
_IS_COUNTED: Final = and_(_HAS_ENDED, not_(_IS_LIVE))
"""The rule of `timeouts.is_counted`."""

_IS_STREAM: Final = C.kind == CallKind.STREAM.value
_HAD_ONLY_THE_HEAD: Final = and_(_IS_STREAM, C.handed_over == HandedOver.NOTHING.value, C.answered_at <= C.left_at)
_SEEN_AT: Final = case(
    (or_(_HAD_ONLY_THE_HEAD, C.http_status >= ERROR_STATUS), null()), (_IS_STREAM, C.answered_at), else_=C.finished_at
)
"""The rule of `timeouts.answer_seen_at`."""


MOST_NAMED: Final = 100
"""Groups, or limits, that a question names one by one; of more it asks for all, and is told more than it wants."""


def ask_for_timeouts(query: CallQuery, ask: Ask, *, only_mismatches: bool = False) -> TimeoutReport:
    """The whole report; or the lines of those limits alone that ran out, which is quick where none or few did."""
    (all_calls,) = starmap(Overview, ask(overview(query)))
    repeated = (Repeat(Departure(*first), spend_usd) for *first, spend_usd in ask(repeats(query)))
    sums = sums_of(starmap(Departure, ask(departures(query))), repeated)
    if not only_mismatches:
        return report_of(query, all_calls, starmap(Answers, ask(answers(query))), sums)
    ran_out = {group for group, each in sums.items() if each.left_at_limit}
    found = starmap(Answers, ask(answers(query, *_of_these(ran_out)))) if ran_out else ()
    return report_of(query, all_calls, (each for each in found if each[:4] in ran_out), sums)


def overview(query: CallQuery) -> Select[Any]:
    """The one row of an `Overview`."""
    live, told = func.count(case((_IS_LIVE, 1))), func.count(case((not_(_IS_LIVE), C.caller_timeout_seconds)))
    counts: list[ColumnElement[Any]] = [func.count() - live - told, told, live]
    return select(*counts, func.min(C.started_at), func.max(C.started_at)).where(_HAS_ENDED, *conditions(query))


def departures(query: CallQuery) -> Select[Any]:
    """Each `Departure` from the calls asked for."""
    return select(*DEPARTURE).where(*_of_those_who_left(query))


def repeats(query: CallQuery) -> Select[Any]:
    """Each repeat of one of those: the columns of the first, and what the repeat cost.

    A repeat begins after the first, which the index by start is told, and that one is found by its id.
    """
    begun = [] if query.since is None else [REPEATS.c.started_at >= query.since]
    joined = REPEATS.join(CALLS, REPEATS.c.attempt_of == C.id)
    return select(*DEPARTURE, REPEATS.c.spend_usd).select_from(joined).where(*_of_those_who_left(query), *begun)


def _of_these(groups: Collection[Group]) -> Iterator[ColumnElement[bool]]:
    """A condition that these groups meet, and few others: most calls tell the limit of minutes that their SDK has by itself."""
    limits = {limit for *_, limit in groups}
    if len(groups) <= MOST_NAMED:
        yield tuple_(*(C[name] for name in GROUP)).in_(sorted(groups))
    elif len(limits) <= MOST_NAMED:
        yield C.caller_timeout_seconds.in_(sorted(limits))


def answers(query: CallQuery, *of_these: ColumnElement[bool]) -> Select[Any]:
    """One row of `Answers` for each group of calls that meet these conditions."""
    waits = _waits(query).where(*of_these).cte("waits")
    group = [waits.c[name] for name in GROUP]
    sizes = select(*group, func.count().label("calls"), func.count(waits.c.waited).label("timed")).group_by(*group)
    each, placed = sizes.cte("sizes"), _placed(waits).cte("placed")
    is_same = [each.c[name] == placed.c[name] for name in GROUP]
    last = (each.c.timed * PERCENT + 99) // 100  # 0 where nothing is known of any, which is nobody's place
    found: Select[Any] = select(
        *(each.c[name] for name in GROUP), each.c.calls, placed.c.waited, func.coalesce(placed.c.unseen, 0)
    )
    return found.select_from(each.outerjoin(placed, and_(*is_same, placed.c.place == last)))


def _waits(query: CallQuery) -> Select[Any]:
    return select(
        *(C[name] for name in GROUP),
        (func.coalesce(_SEEN_AT, C.left_at) - C.committed_at).label("waited"),
        case((_SEEN_AT.is_(None), 1), else_=0).label("is_unseen"),
    ).where(C.caller_timeout_seconds.is_not(None), _IS_COUNTED, *conditions(query))


def _placed(waits: FromClause) -> Select[Any]:
    """Every call of which something is known with its place in its group, and how many up to it nobody saw answered.

    What was seen stands before what was not: of two that took as long so far, the one that was answered is the shorter.
    """
    group: list[ColumnElement[Any]] = [waits.c[name] for name in GROUP]
    order = [waits.c.waited, waits.c.is_unseen]
    return select(
        *group,
        waits.c.waited,
        func.row_number().over(partition_by=group, order_by=order, rows=(None, 0)).label("place"),
        func.sum(waits.c.is_unseen).over(partition_by=group, order_by=order, rows=(None, 0)).label("unseen"),
    ).where(waits.c.waited.is_not(None))


def _of_those_who_left(query: CallQuery) -> list[ColumnElement[bool]]:
    told = [C.caller_timeout_seconds.is_not(None), C.left_at.is_not(None), _IS_COUNTED]
    return [*told, *conditions(query)]
