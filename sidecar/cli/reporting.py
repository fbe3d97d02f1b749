"""`sidecar report`: the bill that the ledger makes, printed as it was asked for."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from sidecar.cli.loading import load_settings
from sidecar.cli.output import say, standard_output
from sidecar.cli.reading import reader_of
from sidecar.cli.report_rows import FIGURES, bill_object, line_row
from sidecar.cli.report_words import period
from sidecar.cli.rows import write_csv, write_object
from sidecar.clock import SystemClock
from sidecar.errors import SidecarError
from sidecar.ledger.bill import Bill, Enforcing
from sidecar.ledger.contract import By, CallQuery

DEAREST: Final = 10
SHOWN: Final = 50
"""Lines for people when no number is given: a screen or two. Machines get all."""
STANDARD_OUTPUT: Final = "-"


def report(
    query: CallQuery,
    by: By,
    format: str,
    config: str | None,
    ledger: str | None,
    *,
    top: int | None = None,
    to: str = STANDARD_OUTPUT,
) -> None:
    """Print the bill over the calls and operations asked for; to a file where `to` names one.

    Raises:
        BadSettings: the settings are wrong.
        LedgerError: there is no ledger, or it can't be read.
        SidecarError: the file can't be written.
    """
    now = SystemClock().now()
    most = SHOWN if top is None and format in {"table", "html"} else top
    enforcing = _enforcing(config, ledger)
    bill = reader_of(config, ledger).bill(query, by, top=most, dearest=DEAREST, enforcing=enforcing)
    with output_to(to) as file:
        match format:
            case "json":
                write_object(bill_object(query, by, bill), file)
            case "csv":
                write_csv((line_row(line, by) for line in bill.lines), (by.value, *FIGURES), file)
            case "html":
                from sidecar.cli.report_html import write_page

                write_page(bill, by, period(query, bill, now), now, file)
            case _:
                _print(bill, by, period(query, bill, now), file)


def _print(bill: Bill, by: By, when: str, file: TextIO) -> None:
    from sidecar.cli.report_table import print_bill

    print_bill(bill, by, when, file)


def _enforcing(config: str | None, ledger: str | None) -> Enforcing:
    settings = load_settings(config, {"--ledger": ledger}).settings
    return Enforcing(grace_seconds=settings.operations.grace_seconds, window_seconds=settings.rescue.window_seconds)


@contextlib.contextmanager
def output_to(to: str) -> Iterator[TextIO]:
    """Standard output for `-`, else a file, whole or not at all: it is written beside its place and moved there.

    Raises:
        SidecarError: it can't be written.
    """
    if to == STANDARD_OUTPUT:
        with standard_output() as file:
            yield file
        return
    path = Path(to)
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w", encoding="utf-8") as file:
            yield file
        beside.replace(path)
    except OSError as error:
        raise SidecarError(f"{path} can't be written: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
    say(f"written to {path}")
