"""`sidecar calls list` and `sidecar calls show`."""

from functools import partial

from sidecar.cli.call_table import print_call, print_calls
from sidecar.cli.listing import Form, list_found, say_missing, show_found
from sidecar.cli.reading import reader_of
from sidecar.cli.rows import COLUMNS, call_row
from sidecar.ledger.contract import CallQuery

CALLS = Form(print_calls, call_row, COLUMNS)


def list_calls(query: CallQuery, format: str, config: str | None, ledger: str | None) -> None:
    """Print the calls asked for, newest first: a table of the newest, or all of them for machines."""
    list_found(reader_of(config, ledger).calls, query, CALLS, format)


def show_call(id: str, format: str, config: str | None, ledger: str | None) -> int:
    """Print one call, found by its id or the only beginning of an id that fits."""
    record = reader_of(config, ledger).call(id)
    if record is None:
        return say_missing(f"call {id}")
    return show_found(call_row(record), partial(print_call, record), format)
