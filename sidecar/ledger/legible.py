"""Whether the rows that a start goes on with can be understood: calls that are open, operations that have not settled.

SQLite keeps no checksums of a file's pages. It finds out that a page is no page of its own, but not that a word in it is another.
A settled row like that is told to whoever reads it; one that has not settled would keep every sidecar from starting.
"""

import sqlite3
from typing import Final

from sqlalchemy import select

from sidecar.ledger import operation_rows, rows
from sidecar.ledger.operation_file import executing
from sidecar.ledger.operation_statements import RECORD as OPERATION, UNSETTLED
from sidecar.ledger.statements import RECORD as CALL, C, rendered
from sidecar.ledger.trouble import UNREADABLE, primary_code

OPEN_CALLS: Final = rendered(select(*CALL).where(C.outcome.is_(None)))
UNSETTLED_OPERATIONS: Final = select(*OPERATION).where(UNSETTLED)


def illegible_in(connection: sqlite3.Connection) -> str:
    """Why what has not settled can't be understood, of a ledger of the newest version; empty where it can.

    Raises:
        sqlite3.Error: the file can't be read.
    """
    try:
        for call in connection.execute(OPEN_CALLS.sql, OPEN_CALLS.values):
            rows.as_record(call)
        for operation in executing(connection)(UNSETTLED_OPERATIONS, {}):
            operation_rows.as_record(operation)
    except UNREADABLE as error:
        return f"a row can't be understood: {error}"
    except sqlite3.OperationalError as error:
        if primary_code(error):
            raise
        return str(error)  # the driver's own: a text that is no UTF-8
    return ""
