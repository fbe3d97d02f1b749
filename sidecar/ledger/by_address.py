"""The ledger that an address names, in a file or in a database, opened to write or to read.

What speaks with PostgreSQL is imported only where an address asks for it: psycopg is an extra, and costs 100 ms.
"""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Union

from sidecar.clock import Clock
from sidecar.errors import LedgerError
from sidecar.ledger.address import place_of
from sidecar.ledger.file import Say, unsaid
from sidecar.ledger.operation_sqlite import SqliteOperationReader
from sidecar.ledger.operations import OperationLedgerReader
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.reader import SqliteReader
from sidecar.ledger.sqlite import SqliteLedger

if TYPE_CHECKING:
    from sidecar.ledger.postgres import PostgresLedger
    from sidecar.ledger.postgres_reader import PostgresReader

OpenLedger = Union[SqliteLedger, "PostgresLedger"]
"""A `Ledger` with the `operations` of the same place."""
OpenReader = Union[SqliteReader, "PostgresReader"]
"""A `LedgerReader`; its `place` is what `repricing.reprice` is told."""


def open_ledger(
    url: str,
    *,
    clock: Clock,
    instance: str,
    retention_days: int | None = None,
    term_seconds: float | None = None,
    most_bytes: int | None = None,
    say: Say = unsaid,
) -> OpenLedger:
    """Open the ledger that an address names, to write it; arguments as of `SqliteLedger.open`.

    `term_seconds` is for how long others who share it take us to be alive after our last word; None is the usual. Of no
    meaning to a file; `most_bytes` of none to a database, nor `say`, which is told what became of a file.

    Raises:
        LedgerError: it can't be opened. Says what to do.
    """
    place = place_of(url)
    if not isinstance(place, PostgresAddress):
        return SqliteLedger.open(
            url, clock=clock, instance=instance, retention_days=retention_days, most_bytes=most_bytes, say=say
        )
    with _with_psycopg(place):
        from sidecar.ledger.postgres import PostgresLedger
        from sidecar.ledger.postgres_presence import TERM_SECONDS
    term = TERM_SECONDS if term_seconds is None else term_seconds
    return PostgresLedger.open(url, clock=clock, instance=instance, retention_days=retention_days, term_seconds=term)


def open_reader(url: str, *, named_by: str = "ledger.url") -> OpenReader:
    """Open the ledger that an address names, to read its calls. `named_by` is the setting, as it was typed, for messages.

    Raises:
        LedgerError: there is none, or it can't be read. Says what to do.
    """
    place = place_of(url)
    if not isinstance(place, PostgresAddress):
        return SqliteReader.open(url, named_by=named_by)
    with _with_psycopg(place):
        from sidecar.ledger.postgres_reader import PostgresReader
    return PostgresReader.open(url, named_by=named_by)


def open_operation_reader(url: str, *, named_by: str = "ledger.url") -> OperationLedgerReader:
    """Open the ledger that an address names, to read its operations. As `open_reader`.

    Raises:
        LedgerError: there is none, or it can't be read. Says what to do.
    """
    place = place_of(url)
    if not isinstance(place, PostgresAddress):
        return SqliteOperationReader.open(url, named_by=named_by)
    with _with_psycopg(place):
        from sidecar.ledger.postgres_operations import PostgresOperationReader
    return PostgresOperationReader.open(url, named_by=named_by)


@contextlib.contextmanager
def _with_psycopg(place: PostgresAddress) -> Iterator[None]:
    try:
        yield
    except ImportError as error:
        raise LedgerError(
            place.shown,
            f"needs psycopg, which can't be imported ({error})",
            "install the extra: pip install 'inference-sidecar[postgres]'",
        ) from error
