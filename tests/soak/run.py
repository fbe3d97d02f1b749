"""A soak: traffic of every kind through one `sidecar serve`, and all that happens to it in hours. README.md says more.

    make soak                                                       five minutes on SQLite
    make soak ARGS="--seconds 1800 --rate 500 --ledger postgresql"  what README.md shows
    make soak ARGS="--summary FILE"                                 its figures in Markdown besides

A line every ten seconds, and in the end a sentence for each thing that does not hold; then it exits with 1.
"""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from tests.postgres import PostgresServer
from tests.soak.accounts import Accounts
from tests.soak.answers import learned
from tests.soak.house import Edition, House
from tests.soak.ledgers import PostgresLedger, SoakedLedger, SqliteLedger, seed
from tests.soak.soak import Say, Scene, Soak, Wanted
from tests.soak.stage import running_providers
from tests.soak.summary import summary
from tests.soak.totals import of_ledger
from tests.soak.verdict import findings
from tests.soak.watched_sidecar import watched_sidecar

SEEDED_EACH_SECOND = 20


class Soaked(NamedTuple):
    """What came of it."""

    findings: list[str]
    summary: str


@contextmanager
def postgres_ledger() -> Iterator[PostgresLedger]:
    """A ledger in a server of its own."""
    server = PostgresServer()
    try:
        with server.new_place() as url:
            yield PostgresLedger(server, url)
    finally:
        server.remove()


@contextmanager
def scene(folder: Path, wanted: Wanted, ledger: SoakedLedger) -> Iterator[tuple[Scene, Edition]]:
    """All that a soak is played on, running."""
    answers = learned()
    (folder / "answers").write_bytes(msgspec.msgpack.encode(answers))
    with running_providers(folder) as providers:
        house = House(folder, providers.soak_url, providers.simulator_url, ledger.url)
        house.renew_certificate()
        first = Edition(0, 0, time.time_ns() // 1000)
        house.write(first)
        with watched_sidecar(folder, wanted.hour_seconds) as sidecar:
            yield Scene(folder, providers, ledger, house, sidecar), first


def soak(wanted: Wanted, ledger: SoakedLedger, folder: Path, say: Say) -> Soaked:
    """Soak a sidecar of its own, and look whether all holds."""
    seeded = seed(ledger.url, wanted.seconds, SEEDED_EACH_SECOND)
    with scene(folder, wanted, ledger) as (played_on, first):
        one = Soak(wanted, played_on, first, say)
        one.run()
        desk = {**played_on.providers.desk("settled"), **played_on.providers.desk("operations")}
        played_on.providers.end()
        totals = of_ledger(ledger)
        with ExitStack() as stack:
            accounts = Accounts(folder / "accounts.db")
            stack.callback(accounts.close)
            accounts.read(folder, learned(), ledger, one.hours.editions)
            found = findings(one, played_on, accounts, desk, totals, seeded)
            return Soaked(found, summary(one, wanted, played_on, accounts, totals, found))


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak as the flags say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.run")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--rate", type=float, default=500.0, help="calls a second")
    parser.add_argument("--ledger", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--summary", type=Path, help="a file for the figures in Markdown")
    parser.add_argument("--folder", type=Path, help="an empty one that stays: its ledger, and all accounts")
    flags = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what was started is ended, too
    with ExitStack() as stack:
        folder = flags.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        ledger: SoakedLedger = SqliteLedger(folder)
        if flags.ledger == "postgresql":
            ledger = stack.enter_context(postgres_ledger())
        wanted = Wanted(flags.seconds, flags.rate, seed=flags.seed)
        soaked = soak(wanted, ledger, folder, lambda line: print(line, flush=True))
    print(soaked.summary)
    if flags.summary:
        flags.summary.write_text(soaked.summary)
    for finding in soaked.findings:
        print(f"DOES NOT HOLD: {finding}", file=sys.stderr)
    return 1 if soaked.findings else 0


if __name__ == "__main__":
    sys.exit(main())
