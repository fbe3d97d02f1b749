"""A soak: mixed traffic through one `sidecar serve` for minutes, and then everything it took must have been given back.

    make soak                           five minutes
    make soak ARGS="--seconds 60"       shorter; --callers (40) and --seed change the traffic

The provider is the simulator, in a thread of its own; callers are bare sockets, google-genai clients, and processes that are
killed. Every ten seconds it prints the calls so far, resident memory, file descriptors, connections, threads and rows that the
ledger has not written yet, and at the end the calls by outcome. Asyncio's tasks can't be seen from outside; a task that
leaks holds memory, a connection or a call, and those can.

It exits with 1 and a sentence for each figure that did not come back:

    calls in flight, callers' connections   0, within 30 s of the last caller
    file descriptors, threads               as many as after the warm-up
    resident memory                         grown by less than the bound from the half of the time to its end
    started = settled                       on the metrics page, and as many rows in the ledger
    spend                                   in the ledger what the simulator's bill says, to the last digit
    callers that stayed                     each got its whole answer
    exceptions in the sidecar's loop        none
"""

import argparse
import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.end_to_end.rig import RunningSidecar, running_sidecar, usd
from tests.soak.figures import MIB, Figures, look
from tests.soak.traffic import Traffic

EVERY_SECONDS = 10.0
WARM_UP_SECONDS = 10.0
"""At most; a fifth of the time where that is less."""
POOL_SECONDS = 7.0
"""By then no connection to the provider is left: one second of idleness closes it, and that is looked at every five."""
SETTINGS = {"LIMITS__UPSTREAM_IDLE_SECONDS": "1"}
QUIET_SECONDS = 30.0
"""At most, until all is given back."""
MOST_GROWTH_BYTES = 4 * MIB
"""Of resident memory in the second half. It grows by a third of a MiB a second at first, and stands still after a minute."""

Say = Callable[[str], None]


class Soak:
    """One process under traffic. `findings` are the figures that did not come back, each a sentence."""

    def __init__(self, sidecar: RunningSidecar, simulator: RunningSimulator, traffic: Traffic, say: Say) -> None:
        self._sidecar, self._simulator, self._traffic, self._say = sidecar, simulator, traffic, say
        self._stderr = sidecar.ledger.with_name("stderr")
        self.findings: list[str] = []

    def run(self, seconds: float) -> None:
        """Warm up, soak, let it rest, and look."""
        asyncio.run(self._traffic.run(min(seconds / 5, WARM_UP_SECONDS)))
        self._simulator.settled()
        time.sleep(POOL_SECONDS)
        warm = look(self._sidecar)
        self._say(f"after the warm-up:\n{warm.line(0)}")
        half, end = asyncio.run(self._soak(seconds))
        self._simulator.settled()
        last = self._at_rest(warm)
        self._say(f"at rest:\n{last.line(seconds)}")
        for outcome, count in sorted(last.outcomes.items()):
            self._say(f"{count:9d} {outcome}")
        self._say(f"{sum(self._traffic.made.values()):9d} callers, of {len(self._traffic.made)} kinds")
        self._check(warm, half, end, last)

    async def _soak(self, seconds: float) -> tuple[Figures, Figures]:
        """Traffic for so long; the figures at half of the time and at its end."""
        running = asyncio.ensure_future(self._traffic.run(seconds))
        began = time.monotonic()
        figures = [await asyncio.to_thread(look, self._sidecar)]
        step = min(EVERY_SECONDS, seconds / 4)
        while (passed := time.monotonic() - began) < seconds - step / 2:
            await asyncio.sleep(min(step, seconds - passed))
            figures.append(await asyncio.to_thread(look, self._sidecar))
            self._say(figures[-1].line(time.monotonic() - began))
        await running
        return figures[len(figures) // 2], figures[-1]

    def _at_rest(self, warm: Figures) -> Figures:
        """The figures once all is given back, or when it was waited for long enough."""
        deadline = time.monotonic() + QUIET_SECONDS
        while True:
            now = look(self._sidecar)
            is_idle = not (now.in_flight or now.connections or now.rows_waiting)
            if (is_idle and now.file_descriptors <= warm.file_descriptors) or time.monotonic() > deadline:
                return now
            time.sleep(0.25)

    def _check(self, warm: Figures, half: Figures, end: Figures, last: Figures) -> None:
        rows = self._sidecar.rows()
        spend = sum((usd(row) for row in rows if row["spend_usd"] is not None), Decimal(0))
        grown, bill = end.resident_bytes - half.resident_bytes, self._simulator.bill.total_usd
        claims = {
            f"{last.in_flight} calls are still in flight": last.in_flight == 0,
            f"{last.connections} connections of callers are still open": last.connections == 0,
            f"{last.file_descriptors} file descriptors are open; after the warm-up there were {warm.file_descriptors}":
                last.file_descriptors <= warm.file_descriptors,
            f"{last.threads} threads are running; after the warm-up there were {warm.threads}":
                last.threads <= warm.threads,
            f"resident memory grew by {grown / MIB:.1f} MiB in the second half; the bound is {MOST_GROWTH_BYTES / MIB:.0f}":
                grown <= MOST_GROWTH_BYTES,
            f"{last.started} calls were started and {last.settled} have settled": last.started == last.settled,
            f"{last.rows_waiting} rows wait for the ledger, {last.rows_dropped} were dropped":
                last.rows_waiting == last.rows_dropped == 0,
            f"the ledger has {len(rows)} rows for {last.started} calls": len(rows) == last.started,
            f"{sum(not row['outcome'] for row in rows)} rows have no outcome": all(row["outcome"] for row in rows),
            f"the ledger says {spend} USD were spent; the provider's bill says {bill}": spend == bill,
            f"{len(self._traffic.troubles)} callers that stayed were not served, as: {self._traffic.troubles[:3]}":
                not self._traffic.troubles,
        }  # fmt: skip
        self.findings = [f"the sidecar's own loop reported: {fault}" for fault in faults_in(self._stderr.read_text())]
        self.findings += [finding for finding, holds in claims.items() if not holds]
        self._say(f"resident memory: {grown / MIB:+.1f} MiB in the second half; spend: {spend} USD, bill: {bill} USD")


def faults_in(stderr: str) -> list[str]:
    """The last line of each traceback that a program has printed."""
    return [part.splitlines()[-1] for part in re.findall(r"Traceback .*\n(?: .*\n)*.*", stderr)]


def soak(seconds: float, callers: int, seed: int, say: Say) -> list[str]:
    """Soak a sidecar of its own; returns the findings."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_simulator() as simulator,
        running_sidecar(Path(directory), simulator, SETTINGS) as sidecar,
    ):
        one = Soak(sidecar, simulator, Traffic(sidecar.proxy, callers, seed), say)
        one.run(seconds)
        return one.findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak as the flags say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.run")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--callers", type=int, default=40, help="bare sockets at once; SDK clients come on top")
    parser.add_argument("--seed", type=int, default=1)
    flags = parser.parse_args(arguments)
    findings = soak(flags.seconds, flags.callers, flags.seed, lambda line: print(line, flush=True))
    for finding in findings:
        print(f"NOT GIVEN BACK: {finding}", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
