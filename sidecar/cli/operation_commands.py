"""The commands about operations. As in `commands.py`, each body imports what it needs when it runs."""

from typing import Annotated

import typer

from sidecar.cli.flags import (
    Caller,
    ConfigFlag,
    Format,
    FormatFlag,
    LedgerFlag,
    Limit,
    Model,
    RowFormat,
    RowFormatFlag,
    Since,
    Until,
    Upstream,
    help_when_alone,
    parse_kind,
    parse_state,
)

operations = typer.Typer(
    help="Look at operations in the ledger, renew their leases, have them cancelled.",
    rich_markup_mode=None, invoke_without_command=True,
)  # fmt: skip
operations.callback()(help_when_alone)

FullId = Annotated[str, typer.Argument(metavar="ID", help="The operation's id, in full.")]
ControlFlag = Annotated[
    str | None, typer.Option("--control", metavar="URL", help="Where a sidecar's API is. Else control.listen of the settings.")
]  # fmt: skip


@operations.command("list")
def list_operations(
    since: Since = None,
    until: Until = None,
    upstream: Upstream = None,
    model: Model = None,
    caller: Caller = None,
    kind: Annotated[
        str | None, typer.Option(parser=parse_kind, metavar="KIND", help="Only background, lro, batch or tuning.")
    ] = None,
    state: Annotated[
        str | None, typer.Option(parser=parse_state, metavar="STATE", help="Only this: running, cancelled, open, ...")
    ] = None,
    limit: Limit = None,
    format: RowFormatFlag = RowFormat.TABLE,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> None:
    """List operations, newest first."""
    from sidecar.cli.operation_listing import list_operations
    from sidecar.ledger.operations import OperationQuery

    query = OperationQuery(
        since=since, until=until, upstream=upstream, model=model, caller=caller, kind=kind, state=state, limit=limit
    )
    list_operations(query, format, config, ledger)


@operations.command("show")
def show_operation(
    id: Annotated[str, typer.Argument(metavar="ID", help="The operation's id, or enough of its beginning.")],
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> int:
    """Show everything known of one operation, and its history."""
    from sidecar.cli.operation_listing import show_operation

    return show_operation(id, format, config, ledger)


@operations.command("renew")
def renew_operation(id: FullId, config: ConfigFlag = None, control: ControlFlag = None) -> None:
    """Vouch for an operation's caller: a running sidecar gives it a whole lease from now on.

    Exits with 1 when there is no such operation, when it is too late, or when no sidecar runs.
    """
    from sidecar.cli.operation_wishes import renew_operation

    renew_operation(id, config, control)


@operations.command("cancel")
def cancel_operation(id: FullId, config: ConfigFlag = None, control: ControlFlag = None) -> None:
    """Have a running sidecar cancel an operation at its provider, and watch it to its end.

    Exits with 0 when the wish is written down. Exits with 1 when there is no such operation, when it has ended, when its
    provider has no cancel for it, or when no sidecar runs.
    """
    from sidecar.cli.operation_wishes import cancel_operation

    cancel_operation(id, config, control)
