"""What can be typed: every command and flag. Each body imports what it needs when it runs.

Help is plain text, not Rich's panels: they take 100 ms more to draw than the rest of the program's start.
"""

from typing import Annotated

import typer

from sidecar.cli import OK
from sidecar.cli.ca_command import ca
from sidecar.cli.completion import completion
from sidecar.cli.demo_command import demo
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
    parse_call_kind,
    parse_outcome,
)
from sidecar.cli.operation_commands import operations
from sidecar.cli.pod_commands import drain, inject, shutdown, wait
from sidecar.cli.price_commands import prices, reprice
from sidecar.cli.probe_command import probe
from sidecar.cli.report_command import EPILOG, report
from sidecar.cli.run_command import CONTEXT, run

app = typer.Typer(
    help="Sees when a caller of an inference API left, when the provider's work really finished, and what that cost.",
    rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False, invoke_without_command=True,
)  # fmt: skip
calls = typer.Typer(help="Look at calls in the ledger.", rich_markup_mode=None, invoke_without_command=True)
config = typer.Typer(help="Check and show the settings.", rich_markup_mode=None, invoke_without_command=True)
app.add_typer(calls, name="calls")
app.add_typer(operations, name="operations")
app.add_typer(config, name="config")
app.add_typer(prices, name="prices")
app.add_typer(ca, name="ca")


calls.callback()(help_when_alone)
config.callback()(help_when_alone)


def show_version(wanted: bool) -> None:
    """`--version`, which needs no command."""
    if wanted:
        version()
        raise typer.Exit(OK)


@app.callback()
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the versions and exit.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    """See when a caller of an inference API left, when the provider's work really finished, and what that cost."""
    help_when_alone(context)


@app.command()
def serve(
    config: ConfigFlag = None,
    mode: Annotated[str | None, typer.Option(metavar="MODE", help="observe or enforce.")] = None,
    proxy_listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where calls are taken.")] = None,
    control_listen: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Live page and API; loopback only.")
    ] = None,
    observe_listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Metrics and probes.")] = None,
    ledger: LedgerFlag = None,
    on_departure: Annotated[str | None, typer.Option(metavar="WHAT", help="auto, follow or cut.")] = None,
    log_level: Annotated[str | None, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = None,
    log_format: Annotated[str | None, typer.Option(metavar="FORMAT", help="json or console.")] = None,
) -> int:
    """Run the sidecar until SIGTERM or Ctrl-C.

    Everything else is set in the settings file and by SIDECAR_* variables; `sidecar config print` shows all of it.
    """
    from sidecar.cli.serving import serve_until_stopped

    flags = {
        "--mode": mode, "--proxy-listen": proxy_listen, "--control-listen": control_listen, "--observe-listen": observe_listen,
        "--ledger": ledger, "--on-departure": on_departure, "--log-level": log_level, "--log-format": log_format,
    }  # fmt: skip
    return serve_until_stopped(config, flags)


@calls.command("list")
def list_calls(
    since: Since = None,
    until: Until = None,
    model: Model = None,
    upstream: Upstream = None,
    caller: Caller = None,
    kind: Annotated[
        str | None,
        typer.Option(parser=parse_call_kind, metavar="CALL_KIND", help="Only unary, stream or live (in a socket)."),
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(parser=parse_outcome, metavar="OUTCOME", help="Only this: orphan_finished, open, ...")
    ] = None,
    orphaned: Annotated[bool, typer.Option("--orphaned", help="Only calls that were orphaned.")] = False,
    limit: Limit = None,
    format: RowFormatFlag = RowFormat.TABLE,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> None:
    """List calls, newest first."""
    from sidecar.cli.calling import list_calls
    from sidecar.ledger.contract import CallQuery

    query = CallQuery(
        since=since, until=until, model=model, upstream=upstream, caller=caller, kind=kind, outcome=outcome,
        orphaned_only=orphaned, limit=limit,
    )  # fmt: skip
    list_calls(query, format, config, ledger)


@calls.command("show")
def show_call(
    id: Annotated[str, typer.Argument(metavar="ID", help="The call's id, or enough of its beginning.")],
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> int:
    """Show everything known of one call."""
    from sidecar.cli.calling import show_call

    return show_call(id, format, config, ledger)


app.command(context_settings=CONTEXT)(run)
app.command(epilog=EPILOG)(report)
app.command()(demo)
app.command()(probe)
app.command()(reprice)
app.command()(wait)
app.command()(drain)
app.command()(shutdown)
app.command()(inject)
app.command()(completion)


@app.command("version")
def version() -> None:
    """Show the version, its Python and its SQLite."""
    from sidecar.cli.versions import versions

    typer.echo(versions())


@config.command("check")
def check_settings(
    strict: Annotated[bool, typer.Option("--strict", help="Let every note count as wrong.")] = False,
    config: ConfigFlag = None,
    format: FormatFlag = Format.TABLE,
) -> int:
    """Say whether the settings can be used.

    Exits with 2 if not, and with everything that is wrong. What can be used and may surprise is noted.
    """
    from sidecar.cli.configuration import check

    return check(config, as_json=format is Format.JSON, is_strict=strict)


@config.command("print")
def print_settings(
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="KEY", help="Only these, or what stands below them: calls.follow")
    ] = None,
    only_set: Annotated[bool, typer.Option("--set", help="Only what somebody has set.")] = False,
    config: ConfigFlag = None,
    format: FormatFlag = Format.TABLE,
) -> None:
    """Show the value and the origin of every key, passwords masked."""
    from sidecar.cli.configuration import print_settings

    print_settings(config, as_json=format is Format.JSON, keys=keys or (), only_set=only_set)
