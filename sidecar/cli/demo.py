"""`sidecar demo`: callers that vanish, and what the sidecar saw next to the provider's own bill, live."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sidecar.cli import FAILURE, OK
from sidecar.cli.browsing import is_opened, open_page
from sidecar.cli.demo_bill import Account, closing
from sidecar.cli.demo_table import demo_table, story
from sidecar.cli.interrupting import Wish, wish_to_end
from sidecar.cli.output import console_on, print_table, say
from sidecar.cli.performance import PAUSE, STEP_SECONDS, Performance, opened
from sidecar.cli.stage import Interrupted

if TYPE_CHECKING:
    from rich.console import Console

SQLITE: Final = "sqlite:///"
BESIDE_ROWS: Final = 6
"""Rows of a terminal that the live table leaves: head, gap, and what stands above it."""
DEAREST: Final = 3
"""Lines of /metrics that are shown."""


def run_demo(
    callers: int, seed: int, seconds: float, keep: bool = False, open_it: bool | None = None, ledger: str | None = None
) -> int:
    """Play it once; 0 when the sidecar's figures are the provider's to the last digit, 1 if not, 130 when interrupted.

    `open_it` is whether the page is opened in a browser (None: where a person at a desktop looks on), `ledger` a SQLite file
    that is kept.

    Raises:
        StageFailed: a process of the demo did not start, or is gone.
    """
    file = None if ledger is None else Path(ledger.removeprefix(SQLITE))
    console = console_on(sys.stdout)
    console.print(
        "A simulated provider, a sidecar in front of it, and callers that vanish. No key is needed.", soft_wrap=True
    )
    with wish_to_end() as wish:
        try:
            with opened(seconds, callers, seed, file, lambda: bool(wish)) as performance:
                _introduce(console, performance, open_it)
                code = _played(console, performance, wish, ledger)
                if keep and not wish:
                    _keep_up(console, performance, wish)
                    return code
        except Interrupted:
            pass
        if wish:
            say("interrupted: all processes of the demo are ended")
        return wish.exit_code if wish else code


def _introduce(console: "Console", performance: Performance, open_it: bool | None) -> None:
    stage = performance.stage
    for what, where in (
        ("live page", f"{stage.control_url}/"),
        ("proxy", f"{stage.proxy_url}/gemini"),
        ("metrics", f"{stage.observe_url}/metrics"),
        ("provider", f"{stage.provider_url}/simulator/bill"),
    ):
        console.print(f"  {what:<10} {where}", soft_wrap=True)
    console.print()
    if is_opened(open_it, console.is_terminal, os.environ, sys.platform):
        open_page(f"{stage.control_url}/")
    elif open_it:
        say("there is no desktop here: open the live page yourself")


def _played(console: "Console", performance: Performance, wish: Wish, ledger: str | None) -> int:
    """Play until the last call and operation has settled, then compare; 0 when interrupted before."""
    if console.is_terminal:
        _show_live(console, performance, wish)
    else:
        _tell(console, performance, wish)
    if wish:
        return OK
    stage = performance.stage
    account = Account(performance.cast, stage.settled, stage.bill())
    print_table(demo_table(performance, account.bill, console.width), sys.stdout)
    console.print()
    for line in closing(account):
        console.print(line, soft_wrap=True)
    _say_what_next(console, performance, ledger)
    differs = any(account.differences())
    if differs:
        say("\n".join(stage.complaints()[-DEAREST:]))
    return FAILURE if differs else OK


def _show_live(console: "Console", performance: Performance, wish: Wish) -> None:
    """The table in place, redrawn with each step."""
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not (wish or performance.is_over):
            performance.step()
            rows = max(4, console.height - BESIDE_ROWS)
            live.update(demo_table(performance, performance.stage.bill(), console.width, rows), refresh=True)
            PAUSE.wait(STEP_SECONDS)


def _tell(console: "Console", performance: Performance, wish: Wish) -> None:
    """Where nothing can be redrawn: a line for each caller that leaves."""
    told: set[str] = set()
    while not (wish or performance.is_over):
        performance.step()
        for role in performance.entered:
            if role.name in performance.vanished - told:
                told.add(role.name)
                console.print(f"{role.name}: {story(role, True)}; the provider works on", soft_wrap=True)
        PAUSE.wait(STEP_SECONDS)
    console.print()


def _say_what_next(console: "Console", performance: Performance, ledger: str | None) -> None:
    stage = performance.stage
    lines = stage.metrics("inference_sidecar_spend_usd_total{")
    orphaned = sorted((line for line in lines if 'fate="orphaned"' in line), key=lambda line: -float(line.split()[-1]))
    console.print("\nThe same for Prometheus, the dearest of it:")
    for line in orphaned[:DEAREST]:
        console.print(f"  {line}", soft_wrap=True)
    url = f"{SQLITE}{'demo.db' if ledger is None else stage.ledger}"
    kept = "sidecar demo --ledger demo.db && " if ledger is None else ""
    console.print("\nNext:")
    console.print("  sidecar run -- python script.py   your own program: interrupt it, and see what went on without it")
    console.print(f"  {kept}sidecar report --ledger {url}", soft_wrap=True)
    console.print("  sidecar --help                    every command; README.md says the rest")


def _keep_up(console: "Console", performance: Performance, wish: Wish) -> None:
    console.print(f"\nThe live page stays up at {performance.stage.control_url}/ until Ctrl-C.", soft_wrap=True)
    while not wish:
        PAUSE.wait(STEP_SECONDS)
