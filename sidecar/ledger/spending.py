"""Money by time: what calls and operations cost, in equal steps, added up by the database itself.

For a chart that is asked for every few seconds beside live traffic: an hour of heavy traffic is a million rows, which Python
would add up in seconds while calls wait for it. SQLite and PostgreSQL add whole numbers exactly, so each amount is taken in
billionths of a dollar, to which the metrics' sums are told as well. Exact sums are `sidecar report`'s.
"""

import contextlib
from collections.abc import Iterator
from decimal import Context, Decimal
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Column,
    ColumnElement,
    Double,
    Select,
    Table,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)

from sidecar.clock import Moment
from sidecar.ledger.address import place_of
from sidecar.ledger.operation_database import Execute, Reading
from sidecar.ledger.operation_file import executing
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.statements import IS_ORPHAN
from sidecar.ledger.tables import CALLS, OPERATIONS

BILLIONTH: Final = Decimal("1e-9")
_WIDE: Final = Context(prec=40)
_NONE: Final[ColumnElement[int]] = literal_column("0")


class SpendStep(msgspec.Struct, frozen=True, kw_only=True):
    """What began in one step of time, and what it has cost by now. Money is US dollars, to a billionth for each of them."""

    at: Moment
    """The beginning of the step. A call counts where it started, an operation where it was opened."""
    calls: int = 0
    orphaned: int = 0
    """Of the calls: their caller left while the provider worked on them, settled or not."""
    operations: int = 0
    spend_usd: Decimal = Decimal(0)
    orphaned_usd: Decimal = Decimal(0)
    avoidable_usd: Decimal = Decimal(0)


def spending(url: str, since: Moment, step: Moment, steps: int) -> list[SpendStep]:
    """So many steps of `step` microseconds, the first of which begins at `since`; oldest first, those too in which nothing began.

    Waits for the disk or the network. `url` is the ledger's address.

    Raises:
        LedgerError: the ledger can't be read.
    """
    asked = {"since": since, "until": since + step * steps, "step": step}
    with _reading_of(url)() as execute:
        calls = {place: sums for place, *sums in execute(_calls(), asked)}
        operations = {place: sums for place, *sums in execute(_operations(), asked)}
    nothing = [0] * 5
    return [
        _step(since + place * step, calls.get(place, nothing), operations.get(place, nothing)) for place in range(steps)
    ]


def _step(at: Moment, calls: list[Any], operations: list[Any]) -> SpendStep:
    spend, orphaned, avoidable = (
        _dollars(one or 0, other or 0) for one, other in zip(calls[2:], operations[2:], strict=True)
    )
    return SpendStep(
        at=at, calls=int(calls[0]), orphaned=int(calls[1] or 0), operations=int(operations[0]),
        spend_usd=spend, orphaned_usd=orphaned, avoidable_usd=avoidable,
    )  # fmt: skip


def _dollars(*billionths: int | Decimal) -> Decimal:
    return _WIDE.multiply(Decimal(sum(int(each) for each in billionths)), BILLIONTH)


@cache
def _calls() -> Select[Any]:
    """Place, calls, orphans, billionths of dollars spent, orphaned and avoidable; of calls that started in a span of time."""
    return _summed(CALLS, CALLS.c.started_at, func.sum(case((IS_ORPHAN, 1), else_=0)))


@cache
def _operations() -> Select[Any]:
    """The same of operations, without a count of orphans."""
    return _summed(OPERATIONS, OPERATIONS.c.opened_at, func.max(_NONE))


def _summed(table: Table, begun: Column[int], orphans: ColumnElement[Any]) -> Select[Any]:
    place = ((begun - _given("since")) // _given("step")).label("place")
    money = [_billionths(table.c[name]) for name in ("spend_usd", "orphaned_usd", "avoidable_usd")]
    rows = select(place, func.count(), orphans, *money)
    return rows.where(begun >= _given("since"), begun < _given("until")).group_by("place")


def _given(name: str) -> BindParameter[int]:
    return bindparam(name, type_=BigInteger, required=False)


def _billionths(amount: ColumnElement[str]) -> ColumnElement[Any]:
    """Each amount is a double on its way, which holds sixteen digits: enough for a million dollars a call."""
    return func.sum(cast(func.round(cast(amount, Double) * literal_column("1e9")), BigInteger))


def _reading_of(url: str) -> Reading:
    place = place_of(url)
    if not isinstance(place, PostgresAddress):
        return _File(place, "ledger.url").executing
    from sidecar.ledger.postgres_reader import PostgresReader  # psycopg is an extra

    return PostgresReader(place, "ledger.url").executing


class _File(SqliteReader):
    """The road by which calls are read as well."""

    @contextlib.contextmanager
    def executing(self) -> Iterator[Execute]:
        with self._connection() as connection:
            yield executing(connection)
