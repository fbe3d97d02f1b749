"""`sidecar report`: what can be typed. The work is in `reporting.py`, imported when it runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from sidecar.cli.flags import (
    By,
    Caller,
    ConfigFlag,
    LedgerFlag,
    Model,
    ReportFormat,
    Since,
    Until,
    Upstream,
)

if TYPE_CHECKING:
    from sidecar.ledger.contract import CallQuery

EPILOG = """JSON: by, since, until, first_at, last_at, lines[], others{lines, ...},
total{}, dearest[], foregone{}, timeouts{}. A line has its key under the name
that --by has, then calls, operations, delivered, orphaned, open, unpriced,
spend_usd, orphaned_usd, avoidable_usd, estimated_usd, orphaned_seconds,
rescued, rescued_usd, cancelled, avoided_usd, regretted_usd, saved_usd,
reclaimed_usd, orphaned_estimated_usd, avoidable_estimated_usd. CSV has the
same columns, and lines alone. Money is an exact decimal string, moments are
RFC 3339 in UTC."""


def report(
    by: Annotated[By, typer.Option("--by", help="What the lines stand for; days are UTC.")] = By.MODEL,
    timeouts: Annotated[
        bool, typer.Option("--timeouts", help="Instead: how long callers wait, against how long the provider takes.")
    ] = False,
    since: Since = None,
    until: Until = None,
    model: Model = None,
    upstream: Upstream = None,
    caller: Caller = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Only the first N lines, the others in one. Table and page: 50; else all."
        ),
    ] = None,
    format: Annotated[ReportFormat, typer.Option("--format", help="How to print.")] = ReportFormat.TABLE,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="The same as --format csv.")] = False,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page of its own to this file; - prints it.")
    ] = None,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> None:
    """Say what was spent, what of it went to answers nobody received, and what would be saved."""
    from sidecar.ledger import contract

    asked = _format(format, json=json, csv=csv, html=html)
    query = contract.CallQuery(since=since, until=until, model=model, upstream=upstream, caller=caller)
    if timeouts:
        _report_timeouts(query, asked, config, ledger)
        return
    from sidecar.cli.reporting import report

    report(query, contract.By(by), asked, config, ledger, top=top, to=html or "-")


def _report_timeouts(query: "CallQuery", format: ReportFormat, config: str | None, ledger: str | None) -> None:
    from sidecar.cli.timeout_report import report_timeouts

    if format is ReportFormat.HTML:
        raise typer.BadParameter("--timeouts is printed as a table, JSON or CSV; the page of a report names them too")
    report_timeouts(query, format, config, ledger)


def _format(format: ReportFormat, *, json: bool, csv: bool, html: str | None) -> ReportFormat:
    """The one format that was asked for.

    Raises:
        BadParameter: it was more than one.
    """
    flags = {ReportFormat.JSON: json, ReportFormat.CSV: csv, ReportFormat.HTML: html is not None}
    asked = [each for each, is_given in flags.items() if is_given or each is format]
    if len(asked) > 1:
        raise typer.BadParameter("ask for one format: " + ", ".join(f"--{each.value}" for each in asked))
    return asked[0] if asked else ReportFormat.TABLE
