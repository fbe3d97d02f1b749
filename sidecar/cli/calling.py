"""`sidecar calls list` and `sidecar calls show`."""

import msgspec

from sidecar.cli import FAILURE, OK
from sidecar.cli.call_table import print_call, print_calls
from sidecar.cli.output import say, standard_output
from sidecar.cli.reading import reader_of
from sidecar.cli.rows import COLUMNS, call_row, write_csv, write_json, write_jsonl, write_object
from sidecar.ledger.contract import CallQuery

TABLE_LIMIT = 50
"""Calls in a table when no limit is given: a screen or two."""


def list_calls(query: CallQuery, format: str, config: str | None, ledger: str | None) -> None:
    """Print the calls asked for, newest first: a table of the newest, or all of them for machines."""
    calls = reader_of(config, ledger)
    with standard_output() as file:
        if format == "table":
            limit = query.limit or TABLE_LIMIT
            found = list(calls.calls(msgspec.structs.replace(query, limit=limit + 1)))
            print_calls(found[:limit], file)
            if len(found) > limit:
                file.write(f"\nthe newest {limit}; --limit N shows more, --since and the other filters fewer\n")
            return
        rows = map(call_row, calls.calls(query))
        match format:
            case "json":
                write_json(rows, file)
            case "jsonl":
                write_jsonl(rows, file)
            case _:
                write_csv(rows, COLUMNS, file)


def show_call(id: str, format: str, config: str | None, ledger: str | None) -> int:
    """Print one call, found by its id or the only beginning of an id that fits."""
    record = reader_of(config, ledger).call(id)
    if record is None:
        say(f"no call {id} in the ledger")
        return FAILURE
    with standard_output() as file:
        if format == "table":
            print_call(record, file)
        else:
            write_object(call_row(record), file)
    return OK
