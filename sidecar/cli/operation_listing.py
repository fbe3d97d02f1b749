"""`sidecar operations list` and `sidecar operations show`, from the ledger: a sidecar may run or not."""

import msgspec

from sidecar.cli import FAILURE, OK
from sidecar.cli.calling import TABLE_LIMIT
from sidecar.cli.operation_rows import COLUMNS, history_row, operation_row
from sidecar.cli.operation_table import print_operation, print_operations
from sidecar.cli.output import say, standard_output
from sidecar.cli.reading import operation_reader_of
from sidecar.cli.rows import write_csv, write_json, write_jsonl, write_object
from sidecar.ledger.operations import OperationQuery


def list_operations(query: OperationQuery, format: str, config: str | None, ledger: str | None) -> None:
    """Print the operations asked for, newest first: a table of the newest, or all of them for machines."""
    reader = operation_reader_of(config, ledger)
    with standard_output() as file:
        if format == "table":
            limit = query.limit or TABLE_LIMIT
            found = list(reader.operations(msgspec.structs.replace(query, limit=limit + 1)))
            print_operations(found[:limit], file)
            if len(found) > limit:
                file.write(f"\nthe newest {limit}; --limit N shows more, --since and the other filters fewer\n")
            return
        rows = map(operation_row, reader.operations(query))
        match format:
            case "json":
                write_json(rows, file)
            case "jsonl":
                write_jsonl(rows, file)
            case _:
                write_csv(rows, COLUMNS, file)


def show_operation(id: str, format: str, config: str | None, ledger: str | None) -> int:
    """Print one operation and its history, found by its id or the only beginning of an id that fits."""
    reader = operation_reader_of(config, ledger)
    record = reader.operation(id)
    if record is None:
        say(f"no operation {id} in the ledger")
        return FAILURE
    moves = reader.moves(record.id)
    with standard_output() as file:
        if format == "table":
            print_operation(record, moves, file)
        else:
            write_object(history_row(record, moves), file)
    return OK
