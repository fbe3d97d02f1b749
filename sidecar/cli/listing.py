"""What `list` and `show` do alike, of calls and of operations: a table for people, every row for machines."""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TextIO, TypeVar

import msgspec

from sidecar.cli import FAILURE, OK
from sidecar.cli.output import say, standard_output
from sidecar.cli.rows import Row, write_csv, write_json, write_jsonl, write_object
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.operations import OperationQuery

Record = TypeVar("Record")
Query = TypeVar("Query", CallQuery, OperationQuery)

TABLE_LIMIT = 50
"""Rows in a table when no limit is given: a screen or two."""


class Form(NamedTuple, Generic[Record]):
    """How records of one sort are printed."""

    print_table: Callable[[Sequence[Record], TextIO], None]
    row: Callable[[Record], Row]
    columns: Sequence[str]


def list_found(find: Callable[[Query], Iterator[Record]], query: Query, form: Form[Record], format: str) -> None:
    """Print what is asked for, newest first: a table of the newest, or all of it for machines."""
    with standard_output() as file:
        if format == "table":
            _print_newest(find, query, form, file)
            return
        rows = map(form.row, find(query))
        match format:
            case "json":
                write_json(rows, file)
            case "jsonl":
                write_jsonl(rows, file)
            case _:
                write_csv(rows, form.columns, file)


def _print_newest(find: Callable[[Query], Iterator[Record]], query: Query, form: Form[Record], file: TextIO) -> None:
    limit = query.limit or TABLE_LIMIT
    found = list(find(msgspec.structs.replace(query, limit=limit + 1)))
    form.print_table(found[:limit], file)
    if len(found) > limit:
        file.write(f"\nthe newest {limit}; --limit N shows more, --since and the other filters fewer\n")


def show_found(row: Row, print_table: Callable[[TextIO], None], format: str) -> int:
    """Print the one that was asked for: in full for machines, as `print_table` does for people."""
    with standard_output() as file:
        if format == "table":
            print_table(file)
        else:
            write_object(row, file)
    return OK


def say_missing(what: str) -> int:
    """What `show` comes to when the ledger has none: `what` is the sort and the id that was asked for."""
    say(f"no {what} in the ledger")
    return FAILURE
