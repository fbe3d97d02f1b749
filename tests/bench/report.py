"""How long `sidecar report` takes over millions of rows, and what it occupies: `python -m tests.bench.report [--rows 2000000]`.

Each figure is of a process of its own, from its start to its end, while a ledger writes 100 calls a second into the file.
PostgreSQL is measured where it is installed: with the settings of the tests' server, a buffer of 16 MB among them.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from sidecar.clock import SystemClock
from sidecar.ledger.contract import By
from sidecar.ledger.postgres import PostgresLedger
from sidecar.ledger.sqlite import SqliteLedger
from tests import parts
from tests.bench.report_ledger import write_database, write_file
from tests.cli.ledgers import call
from tests.postgres import PostgresServer

FORMATS: Final = ("table", "json", "csv", "html")
MIB: Final = 1024
MOST_SECONDS, MOST_MIB = 10.0, 150.0
"""What was promised for two million rows."""
PAUSE_SECONDS: Final = 0.01


class Run(NamedTuple):
    """What one process took."""

    seconds: float
    processor_seconds: float
    mib: float
    code: int


def main() -> int:
    """Make the ledgers, ask them, print what it took; 1 where more than was promised."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--rows", type=int, default=2_000_000)
    flags.add_argument("--only", choices=("sqlite", "postgresql"))
    asked = flags.parse_args()
    runs: list[Run] = []
    if asked.only != "postgresql":
        with tempfile.TemporaryDirectory() as folder, _file(Path(folder), asked.rows) as url:
            runs += _measured("SQLite", url)
    if asked.only != "sqlite" and parts.part("postgresql").path() is not None:
        with _database(asked.rows) as url:
            runs += _measured("PostgreSQL", url)
    return int(any(run.code or run.mib > MOST_MIB or run.seconds > MOST_SECONDS for run in runs))


@contextlib.contextmanager
def _file(folder: Path, rows: int) -> Iterator[str]:
    begin = time.monotonic()
    url = write_file(folder / "sidecar.db", rows)
    size = (folder / "sidecar.db").stat().st_size / MIB**2
    print(f"SQLite: {rows:,} calls in {size:,.0f} MiB, made in {time.monotonic() - begin:.0f} s")
    ledger, is_over = SqliteLedger.open(url, clock=SystemClock(), instance="writer"), threading.Event()
    writer = threading.Thread(target=_write, args=(ledger, is_over))
    writer.start()
    try:
        yield url
    finally:
        is_over.set()
        writer.join()
        ledger.close(10)


def _write(ledger: SqliteLedger, is_over: threading.Event) -> None:
    number = 0
    while not is_over.wait(PAUSE_SECONDS):
        ledger.put(call(number))
        number += 1


@contextlib.contextmanager
def _database(rows: int) -> Iterator[str]:
    begin, server = time.monotonic(), PostgresServer()
    try:
        with server.new_place() as url:
            PostgresLedger.open(url, clock=SystemClock(), instance="bench").close(10)
            schema = url.rpartition("%3D")[2]
            with server.connect(options=f"-csearch_path={schema}") as connection:
                write_database(connection, rows)
            print(f"PostgreSQL: {rows:,} calls, made in {time.monotonic() - begin:.0f} s")
            yield url
    finally:
        server.remove()


def _measured(name: str, url: str) -> list[Run]:
    print(f"{name:<12}{'':<22}{'seconds':>9}{'processor':>11}{'MiB':>7}")
    asked = [(["--by", by.value], f"--by {by.value}") for by in By]
    asked += [(["--format", each], f"--format {each}") for each in FORMATS]
    asked += [(["--since", "2026-11-19"], "--since, a day"), (["--timeouts"], "--timeouts")]
    return [_printed(name, words, run(url, flags)) for flags, words in asked]


def _printed(name: str, words: str, found: Run) -> Run:
    failed = "" if not found.code else f"  ended with {found.code}"
    print(
        f"{name:<12}{words:<22}{found.seconds:>9.2f}{found.processor_seconds:>11.2f}{found.mib:>7.0f}{failed}",
        flush=True,
    )
    return found


def run(url: str, flags: list[str]) -> Run:
    """Run `sidecar report` once; nobody reads what it prints."""
    begin = time.monotonic()
    command = [sys.executable, "-m", "sidecar", "report", "--ledger", url, *flags]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = time.monotonic() - begin
    return Run(taken, used.ru_utime + used.ru_stime, used.ru_maxrss / MIB, process.returncode)


if __name__ == "__main__":
    sys.exit(main())
