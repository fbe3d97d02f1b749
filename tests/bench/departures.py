"""How soon a departure and an end are recorded: the log's moments beside the moments at which they happened.

Callers and the simulator, which keeps its own moments, run in this process; the sidecar has its CPU for itself.
"""

import asyncio
import os
import random
import socket
import struct
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

from sidecar.clock import from_rfc3339
from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.bench.figures import Measured, percentile
from tests.bench.processes import CONTENDER_CPU
from tests.end_to_end.rig import RunningSidecar, running_sidecar

STAYING = 1_000
"""Callers that wait for their reply: so many calls stay open while the others leave."""
LEAVING = 500
OPENING_SECONDS, LEAVING_SECONDS = 3.0, 3.0
WORK_SECONDS = 9.0
BODY = b'{"contents":[{"parts":[{"text":"hello"}]}]}'


class Caller:
    """Makes one call. If it leaves, it knows when it did: by closing, or by a reset."""

    def __init__(self, number: int) -> None:
        self.name = f"caller-{number}"
        self.leaves = number < LEAVING
        self.resets = number % 2 == 1
        self.left_at = 0
        """Microseconds since 1970."""

    async def call(self, host: str, port: int, everybody: asyncio.Barrier) -> None:
        await asyncio.sleep(random.uniform(0, OPENING_SECONDS))
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(
            b"POST /gemini/v1/models/gemini-2.5-flash:generateContent HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
            b"X-Sidecar-Caller: %b\r\nX-Simulator-Call: %b\r\nX-Simulator: seconds=%.1f\r\n\r\n%b"
            % (len(BODY), self.name.encode(), self.name.encode(), WORK_SECONDS, BODY)
        )
        await everybody.wait()
        if self.leaves:
            await asyncio.sleep(random.uniform(0, LEAVING_SECONDS))
            self._leave(writer)
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

    def _leave(self, writer: asyncio.StreamWriter) -> None:
        if self.resets:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.left_at = time.time_ns() // 1000
        writer.transport.abort()


async def _all_of_them(callers: list[Caller], proxy: str) -> None:
    host, port = proxy.removeprefix("http://").split(":")
    everybody = asyncio.Barrier(len(callers))
    await asyncio.gather(*(caller.call(host, int(port), everybody) for caller in callers))


def measure() -> Measured:
    """Milliseconds from the fact to the record."""
    with (
        redirect_stdout(sys.stderr),  # of what the sidecar says to its people
        tempfile.TemporaryDirectory() as directory,
        running_simulator() as simulator,
        running_sidecar(Path(directory), simulator) as sidecar,
    ):
        os.sched_setaffinity(sidecar.process.pid, {CONTENDER_CPU % (os.cpu_count() or 1)})
        callers = [Caller(number) for number in range(STAYING + LEAVING)]
        asyncio.run(_all_of_them(callers, sidecar.proxy))
        simulator.settled()
        sidecar.end()
        return _compared(callers, sidecar, simulator)


def _compared(callers: list[Caller], sidecar: RunningSidecar, simulator: RunningSimulator) -> Measured:
    rows = {line["caller"]: line for line in sidecar.log if line["event"] == "call_settled"}
    truth = {entry.id: entry for entry in simulator.bill.entries}
    gone = [caller for caller in callers if caller.leaves]
    late = {caller: (from_rfc3339(rows[caller.name]["left_at"]) - caller.left_at) / 1000 for caller in gone}
    found = {
        "fin": [late[caller] for caller in gone if not caller.resets],
        "rst": [late[caller] for caller in gone if caller.resets],
        "finish": [(from_rfc3339(rows[name]["finished_at"]) - truth[name].finished_at) / 1000 for name in rows],
    }
    return {
        f"{what}_{label}_ms": percentile(values, percent)
        for what, values in found.items()
        for label, percent in (("p50", 50), ("p99", 99), ("max", 100))
    }
