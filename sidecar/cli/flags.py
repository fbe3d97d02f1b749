"""What several commands take: flags, and the words that stand behind them."""

from enum import StrEnum
from typing import Annotated

import typer

from sidecar.cli import OK
from sidecar.cli.moments import parse_moment

FILTERS, OUTPUT, SETTINGS = "Filters", "Output", "Settings"
"""The groups of flags in a command's help; what is of the command's own is in none."""


class RowFormat(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    JSONL = "jsonl"


class ReportFormat(StrEnum):
    """How a report is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Format(StrEnum):
    """How one thing is printed."""

    TABLE = "table"
    JSON = "json"


class By(StrEnum):
    """What a report is grouped by."""

    MODEL = "model"
    CALLER = "caller"
    UPSTREAM = "upstream"
    KIND = "kind"
    OUTCOME = "outcome"
    DAY = "day"
    PROVIDER = "provider"
    ROUTE = "route"
    REASON = "reason"


ConfigFlag = Annotated[
    str | None,
    typer.Option(
        "--config", metavar="FILE", rich_help_panel=SETTINGS,
        help="Settings file. Else $SIDECAR_CONFIG, else ./sidecar.yaml if it exists.",
    ),
]  # fmt: skip
LedgerFlag = Annotated[
    str | None,
    typer.Option(
        "--ledger", metavar="URL", rich_help_panel=SETTINGS,
        help="Ledger: sqlite:///path, four slashes from the root, or postgresql://...",
    ),
]  # fmt: skip
Since = Annotated[
    int | None,
    typer.Option(
        parser=parse_moment, metavar="WHEN", rich_help_panel=FILTERS,
        help="From this moment on: 2h, 7d (ago), 2026-11-20, or RFC 3339 (UTC).",
    ),
]  # fmt: skip
Until = Annotated[
    int | None, typer.Option(parser=parse_moment, metavar="WHEN", help="Before this moment.", rich_help_panel=FILTERS)
]
Upstream = Annotated[str | None, typer.Option(metavar="NAME", help="Only this upstream.", rich_help_panel=FILTERS)]
Model = Annotated[
    str | None, typer.Option(metavar="GLOB", help="Only models that match: 'gemini-2.5-*'.", rich_help_panel=FILTERS)
]
Caller = Annotated[str | None, typer.Option(metavar="NAME", help="Only this caller.", rich_help_panel=FILTERS)]
Limit = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="At most so many, newest first. Table: 50; else all.", rich_help_panel=FILTERS
    ),
]
FormatFlag = Annotated[Format, typer.Option("--format", help="How to print.", rich_help_panel=OUTPUT)]
RowFormatFlag = Annotated[RowFormat, typer.Option("--format", help="How to print.", rich_help_panel=OUTPUT)]


def parse_outcome(text: str) -> str:
    """One of the outcomes, or `open`: a slip would look like an empty ledger.

    Raises:
        BadParameter: it is none.
    """
    from sidecar.ledger.contract import OPEN
    from sidecar.lifecycle.call import Outcome

    return _one_of(text, (*Outcome, OPEN))


def parse_kind(text: str) -> str:
    """One of the kinds of operations.

    Raises:
        BadParameter: it is none.
    """
    from sidecar.lifecycle.operation import OperationKind

    return _one_of(text, tuple(OperationKind))


def parse_call_kind(text: str) -> str:
    """One of the kinds of calls.

    Raises:
        BadParameter: it is none.
    """
    from sidecar.lifecycle.record import CallKind

    return _one_of(text, tuple(CallKind))


def parse_state(text: str) -> str:
    """One of the states of operations, or `open` for all from which more is expected.

    Raises:
        BadParameter: it is none.
    """
    from sidecar.ledger.contract import OPEN
    from sidecar.lifecycle.operation import OperationState

    return _one_of(text, (*OperationState, OPEN))


def _one_of(text: str, words: tuple[str, ...]) -> str:
    if text in words:
        return text
    raise typer.BadParameter(f"'{text}' is not one of {', '.join(words)}")


def help_when_alone(context: typer.Context) -> None:
    """A group of commands without a command: say what there is."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
        raise typer.Exit(OK)
