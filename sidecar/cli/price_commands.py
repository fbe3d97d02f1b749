"""The commands about prices: what stands in the price book, and what the ledger's calls cost by it.

As in `commands.py`, each body imports what it needs when it runs.
"""

from typing import Annotated

import typer

from sidecar.cli.flags import ConfigFlag, Format, FormatFlag, LedgerFlag, Model, Until, Upstream, help_when_alone
from sidecar.cli.moments import parse_moment

prices = typer.Typer(help="Look prices up.", rich_markup_mode=None, invoke_without_command=True)
prices.callback()(help_when_alone)


@prices.command("show")
def show_prices(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model, as it is asked for.")],
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Only at this provider: openai, bedrock, ...")] = None,
    upstream: Annotated[str | None, typer.Option(metavar="NAME", help="Only at this upstream of the settings.")] = None,
    tier: Annotated[str, typer.Option(metavar="TIER", help="Service tier: batch, flex, priority, ... Else standard.")] = "",
    method: Annotated[str, typer.Option(metavar="NAME", help="For this method: chat.completions, generateContent, ...")] = "",
    at: Annotated[
        int | None, typer.Option(parser=parse_moment, metavar="WHEN", help="Prices in force then. Else now.")
    ] = None,
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
) -> int:  # fmt: skip
    """Say what a model costs, which source says so, and what is doubtful about it.

    At every provider that has a price for it, unless one is named. Exits with 1 when none has.
    """
    from sidecar.cli.price_listing import Asked, show_prices
    from sidecar.clock import SystemClock

    asked = Asked(model, SystemClock().now() if at is None else at, provider, upstream, tier, method)
    return show_prices(asked, format, config)


def reprice(
    since: Annotated[
        int, typer.Option(parser=parse_moment, metavar="WHEN", help="Calls from this moment on: 7d (ago), 2026-11-20, ...")
    ],
    until: Until = None,
    upstream: Upstream = None,
    model: Model = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would change.")] = False,
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
    ledger: LedgerFlag = None,
) -> None:  # fmt: skip
    """Work out again what calls cost, from the usage in the ledger and by the prices of the settings as they are now.

    The ledger may be in use. Calls whose row does not say what they used are left alone. Metrics are not touched: counters
    tell what was known when a call settled, and can't go down.
    """
    from sidecar.cli.repricing import reprice_calls
    from sidecar.ledger.contract import CallQuery

    query = CallQuery(since=since, until=until, upstream=upstream, model=model)
    reprice_calls(query, format, config, ledger, is_dry_run=dry_run)
