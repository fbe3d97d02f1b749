"""Pricing calls anew: their money is worked out again from what their rows say was used, by the rules of a price book.

The one change that a settled row may see (`contract.py`), and it changes money alone: not what was used, nor what became of
the call. A sidecar may be writing the same ledger meanwhile.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from sidecar.ledger.address import Place
from sidecar.ledger.billables import billable_of, changed
from sidecar.ledger.opening import BUSY_SECONDS
from sidecar.ledger.statements import MONEY_COLUMNS, REPRICE_CALL
from sidecar.ledger.trouble import as_ledger_error
from sidecar.lifecycle.record import CallRecord
from sidecar.metering.billable import Money, money_of
from sidecar.metering.money import plus
from sidecar.metering.price import PriceBook

BATCH_ROWS: Final = 500
"""Rows changed in one transaction: some milliseconds, for which a running sidecar's own rows wait."""
ZERO: Final = Decimal(0)


class Sums(msgspec.Struct):
    """What became of the calls of one model. Amounts are US dollars, before and after."""

    calls: int = 0
    """Settled calls that were looked at."""
    changed: int = 0
    """Calls whose money, its source or its basis is another now."""
    priced: int = 0
    """Of these: calls that had no price before."""
    unpriced: int = 0
    """Of these: calls that have no price any more."""
    left_alone: int = 0
    """Calls that can't be priced anew: nothing can have been spent, or an older version kept too little of them."""
    spend_before_usd: Decimal = ZERO
    spend_after_usd: Decimal = ZERO
    orphaned_before_usd: Decimal = ZERO
    orphaned_after_usd: Decimal = ZERO
    avoidable_before_usd: Decimal = ZERO
    avoidable_after_usd: Decimal = ZERO

    def add(self, was: CallRecord, money: Money | None, *, is_changed: bool) -> None:
        """Count one call; `money` is None for one that is left alone."""
        self.calls += 1
        self.left_alone += money is None
        self.changed += is_changed
        after = was if money is None or not is_changed else money
        self.priced += was.spend_usd is None and after.spend_usd is not None
        self.unpriced += was.spend_usd is not None and after.spend_usd is None
        for name in ("spend", "orphaned", "avoidable"):
            for when, of in (("before", was), ("after", after)):
                field = f"{name}_{when}_usd"
                setattr(self, field, plus(getattr(self, field), getattr(of, f"{name}_usd") or ZERO))


class Change(msgspec.Struct, frozen=True):
    """One call, and the money that it has by the book."""

    record: CallRecord
    money: Money | None
    """None: it can't be priced anew, or has no price for lack of usage, as before."""

    @property
    def is_one(self) -> bool:
        """Whether anything is another now."""
        return self.money is not None and bool(changed(self.record, self.money))


def reprice(records: Iterable[CallRecord], book: PriceBook, place: Place | None) -> dict[str, Sums]:
    """Price settled calls anew; returns the sums by model. `place` is where the ledger is, None to change nothing.

    Raises:
        LedgerError: the ledger can't be written; the batches before are.
    """
    sums: dict[str, Sums] = {}
    settled = (record for record in records if record.outcome is not None)
    for batch in _batches(settled):
        changes = [Change(record, priced_anew(record, book)) for record in batch]
        written = {change.record.id for change in changes if change.is_one}
        if place is not None and written:
            written = _write(place, [change for change in changes if change.is_one])
        for change in changes:
            model = sums.setdefault(change.record.model, Sums())
            model.add(change.record, change.money, is_changed=change.record.id in written)
    return sums


def priced_anew(record: CallRecord, book: PriceBook) -> Money | None:
    """The money of a settled call by a book; None where its row does not say what it used, and must be left alone."""
    billable = billable_of(record)
    if billable is None:
        return None
    money = money_of(book, billable)
    has_no_usage = billable.usage is None and billable.told_usd is None
    return None if has_no_usage and money.spend_usd is None and record.spend_usd is None else money


def _batches(records: Iterable[CallRecord]) -> Iterator[Sequence[CallRecord]]:
    each = iter(records)
    while batch := list(islice(each, BATCH_ROWS)):
        yield batch


def _write(place: Place, changes: Sequence[Change]) -> set[str]:
    """Change these rows in one transaction; returns the ids of those that were still as they had been read."""
    values = [_values(change) for change in changes]
    if isinstance(place, Path):
        written = _write_file(place, values)
    else:
        from sidecar.ledger import postgres_repricing  # psycopg is an extra

        written = postgres_repricing.write(place, values)
    return {change.record.id for change, is_written in zip(changes, written, strict=True) if is_written}


def _write_file(path: Path, changes: Sequence[Mapping[str, str | None]]) -> list[bool]:
    """Change rows in one transaction.

    The lock is left to the sidecar that may hold it: it says who settles calls, and none is settled here.
    """
    try:
        with contextlib.closing(_connected(path)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            written = [connection.execute(REPRICE_CALL, values).rowcount > 0 for values in changes]
            connection.execute("COMMIT")
            return written
    except sqlite3.Error as error:
        raise as_ledger_error(path, error) from error


def _connected(path: Path) -> sqlite3.Connection:
    """The file as it is: never made, never brought up to date."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _values(change: Change) -> dict[str, str | None]:
    values: dict[str, str | None] = {"call": change.record.id}
    for name in MONEY_COLUMNS:
        values[f"was_{name}"] = _text(getattr(change.record, name))
        values[f"new_{name}"] = _text(getattr(change.money, name))
    return values


def _text(value: object) -> str | None:
    if isinstance(value, Decimal):
        return format(value, "f")
    return None if value is None else str(value)
