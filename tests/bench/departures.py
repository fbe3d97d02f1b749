"""How soon a departure and an end are recorded: the ledger's moments beside the moments at which they happened."""

import asyncio
import json
import random
import socket
import struct
import tempfile
import time
from pathlib import Path

from sidecar.clock import from_rfc3339
from sidecar.simulator.server import running_simulator
from tests.end_to_end.rig import running_sidecar

CALLS = 300
WORK_SECONDS = 1.5


class Vanishing:
    """A caller that leaves by closing or by a reset, and knows when it did."""

    def __init__(self, number: int) -> None:
        self.name = f"vanishing-{number}"
        self.resets = number % 2 == 1
        self.left_at = 0

    async def call(self, host: str, port: int) -> None:
        _reader, writer = await asyncio.open_connection(host, port)
        body = b'{"contents":[{"parts":[{"text":"hello"}]}]}'
        writer.write(
            b"POST /gemini/v1/models/gemini-2.5-flash:generateContent HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
            b"X-Sidecar-Caller: %b\r\nX-Simulator-Call: %b\r\nX-Simulator: seconds=%.1f\r\n\r\n%b"
            % (len(body), self.name.encode(), self.name.encode(), WORK_SECONDS, body)
        )
        await asyncio.sleep(random.uniform(0.2, 1.0))
        if self.resets:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.left_at = time.time_ns() // 1000
        writer.transport.abort()


def measure() -> dict[str, list[float]]:
    """Milliseconds from the fact to the record, over `CALLS` callers that leave while `CALLS` calls are open."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_simulator() as simulator,
        running_sidecar(Path(directory), simulator) as sidecar,
    ):
        host, port = sidecar.proxy.removeprefix("http://").split(":")
        callers = [Vanishing(number) for number in range(CALLS)]

        async def all_of_them() -> None:
            await asyncio.gather(*(caller.call(host, int(port)) for caller in callers))

        asyncio.run(all_of_them())
        simulator.settled()
        sidecar.end()
        rows = {line["caller"]: line for line in sidecar.log if line["event"] == "call_settled"}
        truth = {entry.id: entry for entry in simulator.bill.entries}
        left = {name: from_rfc3339(row["left_at"]) for name, row in rows.items()}
        return {
            "left by FIN": [(left[c.name] - c.left_at) / 1000 for c in callers if not c.resets],
            "left by RST": [(left[c.name] - c.left_at) / 1000 for c in callers if c.resets],
            "finished": [(from_rfc3339(rows[name]["finished_at"]) - truth[name].finished_at) / 1000 for name in rows],
        }


if __name__ == "__main__":
    print(json.dumps(measure()))
