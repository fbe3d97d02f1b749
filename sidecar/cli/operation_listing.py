"""`sidecar operations list` and `sidecar operations show`, from the ledger: a sidecar may run or not."""

from functools import partial

from sidecar.cli.listing import Form, list_found, say_missing, show_found
from sidecar.cli.operation_rows import COLUMNS, history_row, operation_row
from sidecar.cli.operation_table import print_operation, print_operations
from sidecar.cli.reading import operation_reader_of
from sidecar.ledger.operations import OperationQuery

OPERATIONS = Form(print_operations, operation_row, COLUMNS)


def list_operations(query: OperationQuery, format: str, config: str | None, ledger: str | None) -> None:
    """Print the operations asked for, newest first: a table of the newest, or all of them for machines."""
    list_found(operation_reader_of(config, ledger).operations, query, OPERATIONS, format)


def show_operation(id: str, format: str, config: str | None, ledger: str | None) -> int:
    """Print one operation and its history, found by its id or the only beginning of an id that fits."""
    reader = operation_reader_of(config, ledger)
    record = reader.operation(id)
    if record is None:
        return say_missing(f"operation {id}")
    moves = reader.moves(record.id)
    return show_found(history_row(record, moves), partial(print_operation, record, moves), format)
