"""What several commands take: flags, and the words that stand behind them."""

from enum import StrEnum
from typing import Annotated

import typer

from sidecar.cli import OK
from sidecar.cli.moments import parse_moment


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


ConfigFlag = Annotated[
    str | None,
    typer.Option("--config", metavar="FILE", help="Settings file. Else $SIDECAR_CONFIG, else ./sidecar.yaml if it exists."),
]  # fmt: skip
LedgerFlag = Annotated[
    str | None,
    typer.Option("--ledger", metavar="URL", help="Ledger: sqlite:///path, four slashes from the root, or postgresql://..."),
]  # fmt: skip
Since = Annotated[
    int | None,
    typer.Option(parser=parse_moment, metavar="WHEN", help="From this moment on: 2h, 7d (ago), 2026-11-20, or RFC 3339 (UTC)."),
]  # fmt: skip
Until = Annotated[int | None, typer.Option(parser=parse_moment, metavar="WHEN", help="Before this moment.")]
Upstream = Annotated[str | None, typer.Option(metavar="NAME", help="Only this upstream.")]
Model = Annotated[str | None, typer.Option(metavar="GLOB", help="Only models that match: 'gemini-2.5-*'.")]
Caller = Annotated[str | None, typer.Option(metavar="NAME", help="Only this caller.")]
Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="At most so many, newest first. Table: 50; else all.")
]
FormatFlag = Annotated[Format, typer.Option("--format", help="How to print.")]
RowFormatFlag = Annotated[RowFormat, typer.Option("--format", help="How to print.")]


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
