"""What a failure of PostgreSQL means to the people who run the program."""

import contextlib
from collections.abc import Iterator
from typing import Final

import msgspec
import psycopg

from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import PostgresAddress

# By SQLSTATE (PostgreSQL documentation, appendix A). A refused connection has none: libpq gives its text alone.
_ADVICE: Final = {
    "3F000": "create the schema that the search path names, or name another",
    "25006": "it is a standby or set to read-only: name the primary in ledger.url",
    "42501": "let the sidecar's user create and write tables there: GRANT USAGE, CREATE ON SCHEMA ... TO ...",
    "53100": "make room on the server's disk",
    "53300": "allow more connections to the server, up to five for each sidecar, or put PgBouncer before it (deploy/README.md)",
    "55P03": "another program holds a lock on the ledger's tables: close that one",
    "57014": "the server was too slow: look at its load, and for locks on the ledger's tables",
}
_CONNECTING: Final = "look whether the server runs and can be reached, and at user, password and database in ledger.url"

# What no retry can cure: the row itself can't be written, whatever state the server is in, such as one with a NUL in it.
UNWRITABLE: Final = (psycopg.DataError, psycopg.IntegrityError, ValueError, TypeError, ArithmeticError)
FAILURES: Final = (psycopg.Error, OSError, msgspec.MsgspecError, LedgerError)


def as_ledger_error(address: PostgresAddress, error: BaseException) -> LedgerError:
    """The error to show for what PostgreSQL, psycopg or the network reported. Never holds the password."""
    if isinstance(error, LedgerError):
        return error
    if isinstance(error, msgspec.MsgspecError):
        return LedgerError(
            address.shown, f"holds a row that this sidecar has no words for ({error})", "use a newer one"
        )
    return LedgerError(address.shown, _problem(address, error), _advice(error))


def _problem(address: PostgresAddress, error: BaseException) -> str:
    """One line. Of a server's error only the message: its details may hold a whole row."""
    said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    text = " ".join((said or str(error) or type(error).__name__).split())
    for name in ("password", "sslpassword"):
        secret = address.parameters.get(name)
        text = text.replace(secret, "***") if secret else text  # libpq says none; its next version shall not either
    return text.removeprefix("connection failed: ").removesuffix(".")


def _advice(error: BaseException) -> str:
    if not isinstance(error, psycopg.Error):
        return ""
    if error.sqlstate is None:
        return _CONNECTING if isinstance(error, psycopg.OperationalError) else ""
    return _ADVICE.get(error.sqlstate, "")


@contextlib.contextmanager
def told(address: PostgresAddress) -> Iterator[None]:
    """Whatever goes wrong inside, as the one error that the contracts name.

    Raises:
        LedgerError: something did.
    """
    try:
        yield
    except (*FAILURES, *UNWRITABLE) as error:
        raise as_ledger_error(address, error) from error
