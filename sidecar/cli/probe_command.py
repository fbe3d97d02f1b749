"""`sidecar probe`. As in `commands.py`, the body imports what it needs when it runs."""

from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from sidecar.cli.flags import ConfigFlag, Format, FormatFlag


def parse_usd(text: str) -> Decimal:
    """An amount of US dollars.

    Raises:
        BadParameter: it is none.
    """
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise typer.BadParameter(f"'{text}' is no amount; write US dollars: 0.05")
    return amount


def probe(
    upstream: Annotated[str, typer.Argument(metavar="UPSTREAM", help="An upstream of the settings: openai, my-vllm, ...")],
    model: Annotated[str, typer.Option(metavar="NAME", help="The model to ask, as the provider calls it.")],
    max_usd: Annotated[
        Decimal, typer.Option(parser=parse_usd, metavar="USD", help="The most that all calls together may cost.")
    ] = Decimal("0.05"),
    max_requests: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many calls; needed where the model has no price.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="The method to ask by: responses, interactions, ... Else the usual one.")
    ] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Streamed replies alone.")] = False,
    unary: Annotated[bool, typer.Option("--unary", help="Whole replies alone.")] = False,
    both: Annotated[bool, typer.Option("--both", help="Both, which is the default.")] = False,
    rounds: Annotated[int, typer.Option(min=1, max=20, metavar="N", help="Cut calls of each kind.")] = 2,
    tokens: Annotated[
        int, typer.Option(min=50, max=100_000, metavar="N", help="The most that each call may answer; more takes longer.")
    ] = 500,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before calls are made.")] = False,
    write: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to write what was found. Else as facts_file says.")
    ] = None,
    format: FormatFlag = Format.TABLE,
    config: ConfigFlag = None,
) -> int:  # fmt: skip
    """Measure whether closing the connection stops a provider's work. Costs money: a few calls with your own key.

    Of each kind one call is made whole and some are cut in the middle; then it is looked at where the provider shows what
    became of them. What was found is written to a file that the next start reads, above the built-in table and below
    upstreams.<name>.on_close. The key is upstreams.<name>.credential, else the variable that the provider's SDK reads.
    Answers in sockets (kind live) are not measured: of them only upstreams.<name>.on_close.live says something.

    Exits with 1 when nothing could be told.
    """
    from sidecar.cli.probing import Asked, probe_upstream

    kinds = (stream or both or not unary, unary or both or not stream)
    asked = Asked(upstream, model, max_usd, max_requests, method, *kinds, rounds, tokens, yes, write)
    return probe_upstream(asked, format, config)
