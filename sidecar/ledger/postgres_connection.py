"""A connection to PostgreSQL on which nothing is waited for without end.

Neither the server, nor a lock, nor a network that is gone; and nobody waits for us.

psycopg is an extra (`postgres`): this file, and whatever imports it, is imported only where an address asks for it.
"""

import contextlib
import logging
import select
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from sidecar.ledger.postgres_address import PostgresAddress

CONNECT_SECONDS: Final = 5
"""For one host; of several each is tried."""
STATEMENT_SECONDS: Final = 10
"""After which the server ends a statement, also one that waits for a lock."""
ANSWER_SECONDS: Final = 15.0
"""After which a server that says nothing at all is given up."""

_PARAMETERS: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_SECONDS,
    # An idle connection whose other end is gone without a word is found in about 20 seconds, not in Linux' two hours.
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": int(ANSWER_SECONDS * 1000),
}
_SETTINGS: Final = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    # A sidecar that is stopped in the middle of a transaction (SIGSTOP, a frozen VM) would hold its rows against all others.
    "idle_in_transaction_session_timeout": f"{STATEMENT_SECONDS}s",
    # The statements are written for this, whatever the database's default is.
    "default_transaction_isolation": "read committed",
}

# What psycopg warns of (a rollback on a connection that is gone) reaches us as an exception; our log is ours alone.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)

R = TypeVar("R")


class Connection(psycopg.Connection[TupleRow]):
    """A connection whose every answer is waited for `answer_seconds` at most; then it is closed."""

    answer_seconds = ANSWER_SECONDS

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """Wait for an answer; psycopg does all its waiting by this.

        Raises:
            psycopg.OperationalError: none came in time. The connection is closed: an answer that is still to come would be taken
                for that of the next question.
        """
        try:
            return super().wait(gen, interval, self.answer_seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise

    @contextlib.contextmanager
    def patient(self, seconds: int) -> Iterator[None]:
        """For what is known to take its time: a transaction of which each statement has so long."""
        with self.transaction():
            self.answer_seconds = seconds + ANSWER_SECONDS
            try:
                self.execute(f"SET LOCAL statement_timeout = '{seconds}s'".encode())
                yield
            finally:
                self.answer_seconds = ANSWER_SECONDS


def connect(address: PostgresAddress, name: str, *, to_write: bool = True) -> Connection:
    """Connect; each statement is a transaction of its own unless one is begun. `name` is what the server lists us by.

    Without `to_write` nothing can be changed in the transactions that are begun (`connection.transaction`).

    Raises:
        psycopg.Error: there is no server, or it does not let us in.
    """
    usual = {**_PARAMETERS, "application_name": name, "target_session_attrs": "read-write" if to_write else "any"}
    parameters: dict[str, Any] = {**usual, **address.parameters, "client_encoding": "UTF8"}
    # Not prepared: behind a pooler such as PgBouncer the next statement may come to another session.
    connection = Connection.connect(autocommit=True, prepare_threshold=None, **parameters)
    try:
        settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
        connection.execute(f"SELECT {settings}".encode())
        # Said with each transaction, and not once for the session: behind a pooler that is the next one's session too, and
        # whoever wrote by it could not any more.
        connection.read_only = None if to_write else True
    except BaseException:
        connection.close()
        raise
    return connection


def is_usable(connection: Connection) -> bool:
    """Whether an idle connection may be used again. One on which there is something to read was told of its end."""
    if connection.closed:
        return False
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return not look.poll(0)
