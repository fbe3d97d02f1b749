"""`sidecar demo`: callers that vanish, and what the sidecar saw next to the provider's bill, live."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sidecar.cli import FAILURE, OK
from sidecar.cli.stage import Row, Stage
from sidecar.clock import SystemClock
from sidecar.simulator.fleet import Ending, Fleet, Role, roles

STEP_SECONDS = 0.1
BETWEEN_CALLERS_SECONDS = 0.25
LAST_ANSWER_SECONDS = 30.0
ZERO = Decimal(0)
PAUSE = threading.Event()
"""Never set: waiting for it is waiting."""


def _seconds() -> float:
    return SystemClock().monotonic_ns() / 1e9


def run_demo(callers: int, seed: int) -> int:
    """Play it once; returns 0 when the sidecar's figures are the provider's, to the last digit."""
    console = Console()
    cast = list(roles(callers, seed))
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(Path(directory))
        fleet = Fleet(f"{stage.proxy_url}/gemini")
        try:
            _play(console, stage, fleet, cast)
            return _verdict(console, stage, cast)
        finally:
            fleet.close()
            stage.close()


def _play(console: Console, stage: Stage, fleet: Fleet, cast: list[Role]) -> None:
    """Let the callers in one by one, and show what is going on until the last call has settled."""
    console.print(f"A simulated provider, and a sidecar in front of it at {stage.proxy_url}. Money is USD.\n")
    vanished: set[str] = set()
    waiting, entered = list(cast), list[Role]()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        started = _seconds()
        while waiting or not _is_over(stage, cast, started):
            if waiting and _seconds() - started >= len(entered) * BETWEEN_CALLERS_SECONDS:
                entered.append(waiting.pop(0))
                fleet.start(entered[-1])
            vanished.update(fleet.look())
            if console.is_terminal:
                live.update(_table(stage, entered, vanished, stage.in_flight()), refresh=True)
            PAUSE.wait(STEP_SECONDS)
    console.print(_table(stage, cast, vanished, {}))


def _is_over(stage: Stage, cast: list[Role], started: float) -> bool:
    longest = max(role.work_seconds for role in cast) + len(cast) * BETWEEN_CALLERS_SECONDS
    late = _seconds() - started > longest + LAST_ANSWER_SECONDS
    return late or all(role.name in stage.settled for role in cast)


def _table(stage: Stage, cast: list[Role], vanished: set[str], in_flight: dict[str, Row]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for title in ("caller", "call", "the caller", "outcome"):
        table.add_column(title, no_wrap=True)
    for title in ("on for", "spend", "orphaned", "bill"):
        table.add_column(title, justify="right", no_wrap=True)
    bill = stage.bill()
    for role in cast:
        table.add_row(
            *_cells(role, role.name in vanished, stage.settled.get(role.name), in_flight.get(role.name), bill)
        )
    return table


def _cells(
    role: Role, has_vanished: bool, settled: Row | None, live: Row | None, bill: dict[str, Row]
) -> Iterator[str]:
    yield role.name
    yield f"{role.model.removeprefix('gemini-')} {'stream' if role.is_stream else 'unary'}"
    yield _story(role, has_vanished)
    if settled is None:
        since = None if live is None else live["orphaned_since"]
        yield "[yellow]orphaned" if since else "in flight"
        yield from ("", "", "", "")
        return
    orphaned = Decimal(settled.get("orphaned_usd", "0"))
    yield f"[red]{settled['outcome']}" if orphaned else f"[green]{settled['outcome']}"
    yield f"{settled['orphaned_seconds']:.1f} s" if settled.get("orphaned_seconds") else ""
    yield _usd(Decimal(settled.get("spend_usd", "0")))
    yield f"[red]{_usd(orphaned)}" if orphaned else ""
    entry = bill.get(role.name)
    yield _usd(Decimal(entry["usd"])) if entry else "?"


def _story(role: Role, has_vanished: bool) -> str:
    if role.ending is Ending.STAYS or not has_vanished:
        return "stays"
    return f"{role.ending} at {role.vanishes_after_seconds:.1f} s"


def _usd(amount: Decimal) -> str:
    return f"{amount:.6f}"


def _verdict(console: Console, stage: Stage, cast: list[Role]) -> int:
    """The sums, side by side, and the metrics that Prometheus would scrape."""

    def total(of: Callable[[str], Decimal]) -> Decimal:
        return sum((of(role.name) for role in cast), ZERO)

    bill = stage.bill()
    spend = total(lambda name: Decimal(stage.settled.get(name, {}).get("spend_usd", "0")))
    orphaned = total(lambda name: Decimal(stage.settled.get(name, {}).get("orphaned_usd", "0")))
    avoidable = total(lambda name: Decimal(stage.settled.get(name, {}).get("avoidable_usd", "0")))
    billed = total(lambda name: Decimal(bill.get(name, {}).get("usd", "0")))
    console.print(f"\nThe provider billed   {billed:.6f} USD")
    console.print(f"The sidecar counted   {spend:.6f} USD: {'the same' if spend == billed else 'NOT the same'}")
    console.print(
        f"  orphaned            {orphaned:.6f} USD, {orphaned / spend if spend else ZERO:.0%} of it, for answers nobody received"
    )
    console.print(f"  avoidable           {avoidable:.6f} USD, had the work stopped when its caller left\n")
    for line in stage.metrics("inference_sidecar_spend_usd_total{"):
        console.print(line, soft_wrap=True, highlight=False)
    return OK if spend == billed else FAILURE
