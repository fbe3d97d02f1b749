"""What ten thousand pods do to Prometheus, to PostgreSQL and to providers: measured of one, and played with all.

    make scale                                   all of it; half an hour of two processors
    make scale ARGS="--only fleet --pods 1000"   one part: pages, prometheus, postgres, sessions, fleet
    make scale ARGS=--write                      and put the tables into tests/scale/README.md

The exit status is 1 if a fleet lost an operation, took one twice, or cancelled one whose caller was there.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from tests.scale import tables
from tests.scale.fleet_report import Report
from tests.scale.pages import Page, busy_sidecar, pages_of
from tests.scale.postgres_cost import Measured, Shape, measured
from tests.scale.prometheus_cost import TYPICAL, measured as measured_prometheus
from tests.scale.scenarios import SCENARIOS, everybody_looks_at_everything, play
from tests.scale.sessions import sessions

README: Final = Path(__file__).with_name("README.md")
PARTS: Final = ("pages", "prometheus", "postgres", "sessions", "fleet")
UNSETTLED: Final = 100_000
AT_REST: Final = SCENARIOS[0]
BEFORE_PODS: Final = 500
"""In the comparison with how it was, of which the processors' time is the square."""

Tables = Iterator[tuple[str, str]]


class Scale:
    """One run. What one part has found others reckon with."""

    def __init__(self, pods: int) -> None:
        self.pods = pods
        self.findings: list[str] = []
        self._page: Page | None = None
        self._measured: Measured | None = None
        self._at_rest: Report | None = None

    def pages(self) -> Tables:
        """A real sidecar's page, and what a fleet's pages are."""
        with tempfile.TemporaryDirectory() as directory, busy_sidecar(Path(directory)) as sidecar:
            found = pages_of(sidecar)
        self._page = next(page for page in found if page.seen == TYPICAL)
        yield "pages", tables.pages(found)
        yield "prometheus_of", tables.prometheus_of(self.pods, self._page)

    def prometheus(self) -> Tables:
        """A real Prometheus before many such pages."""
        yield "prometheus", tables.scraped(measured_prometheus())

    def postgres(self) -> Tables:
        """A real PostgreSQL with the ledger of a fleet."""
        rows = UNSETTLED
        self._measured = measured(Shape(self.pods, rows, 4 * rows, rows // 2, 4 * rows))
        yield "postgres", tables.costs(self._measured)

    def sessions(self) -> Tables:
        """A real sidecar's sessions."""
        yield "sessions", tables.sessions(sessions())

    def fleet(self) -> Tables:
        """The simulation, a scenario on each processor."""
        # A process for each, which gives its memory back: a fleet takes half a gigabyte.
        with ProcessPoolExecutor(2, max_tasks_per_child=1) as processes:
            compared = [processes.submit(_compared, is_before) for is_before in (True, False)]
            playing = {each.name: processes.submit(_played, at, self.pods) for at, each in enumerate(SCENARIOS)}
            reports: Mapping[str, Report] = {name: future.result() for name, future in playing.items()}
            before, now = (future.result() for future in compared)
        self._at_rest = reports[AT_REST.name]
        self.findings += [f"{name}: {found}" for name, report in reports.items() for found in report.findings()]
        yield "scenarios", tables.scenarios(reports)
        yield "before", tables.before_and_now(before, now)

    def together(self) -> Tables:
        """What needs two parts."""
        if self._measured is not None and self._at_rest is not None:
            yield "database_of", tables.database_of(self.pods, self._at_rest, self._measured)


def _played(number: int, pods: int) -> Report:
    began, scenario = time.monotonic(), SCENARIOS[number]
    report = play(scenario, pods)
    print(f"played in {time.monotonic() - began:.0f} s: {scenario.name}", file=sys.stderr, flush=True)
    return report


def _compared(is_before: bool) -> Report:
    prepare = everybody_looks_at_everything if is_before else _as_it_is
    return play(AT_REST, BEFORE_PODS, prepare=prepare)


def _as_it_is(_: object) -> None:
    """Change nothing."""


def put(readme: str, name: str, table: str) -> str:
    """A text with a table between its two marks.

    Raises:
        LookupError: they are not there.
    """
    marks = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    if marks.search(readme) is None:
        raise LookupError(f"{README.name} has no <!-- {name} --> and <!-- /{name} -->")
    return marks.sub(lambda _: f"\n{table}\n", readme)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and play as the flags say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.scale.run")
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--only", choices=PARTS, action="append", help="a part; more than once for more")
    parser.add_argument("--write", action="store_true", help="put the tables into tests/scale/README.md")
    flags = parser.parse_args(arguments)
    scale = Scale(flags.pods)
    parts: list[Callable[[], Tables]] = [getattr(scale, name) for name in flags.only or PARTS]
    for part in (*parts, scale.together):
        began = time.monotonic()
        for name, table in part():
            print(f"{name}, {time.monotonic() - began:.0f} s\n\n{table}", flush=True)
            if flags.write:
                README.write_text(put(README.read_text(), name, table))
    for finding in scale.findings:
        print(finding, file=sys.stderr)
    return 1 if scale.findings else 0


if __name__ == "__main__":
    sys.exit(main())
