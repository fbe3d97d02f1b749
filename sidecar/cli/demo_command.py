"""`sidecar demo` as it is typed; the body is imported when it runs."""

from typing import Annotated

import typer


def demo(
    seconds: Annotated[
        float, typer.Option("--seconds", min=10, max=3_600, metavar="SECONDS", help="About how long it takes.")
    ] = 60,
    callers: Annotated[
        int,
        typer.Option(min=1, max=100, help="How many callers make a plain call, beside those with a part of their own."),
    ] = 12,
    seed: Annotated[int, typer.Option(help="Which callers vanish, and when.")] = 7,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the live page up at the end, until Ctrl-C.")] = False,
    open: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open the live page in a browser, or don't. Else: when this is a terminal of a desktop.",
            show_default=False,
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option("--ledger", metavar="FILE", help="SQLite file to keep, for `sidecar report`. Else none is kept."),
    ] = None,
) -> int:
    """Watch callers vanish, and what the sidecar saw next to the provider's own bill.

    A simulated provider, a sidecar that enforces, and programs that are killed, give up and come back. No key is needed and
    nothing leaves this machine. Exits with 1 where the two accounts differ.
    """
    from sidecar.cli.demo import run_demo

    return run_demo(callers, seed, seconds, keep, open, ledger)
