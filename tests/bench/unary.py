"""Unary calls over kept connections, one at a time and 64 at once; made by `wrk`."""

import json
import subprocess
from pathlib import Path

from tests.bench.contenders import Up, alone
from tests.bench.figures import Measured
from tests.bench.transcript import AT_ONCE, HEADERS, Pace

LOAD = Path(__file__).with_name("load.lua")
WARM_UP_SECONDS = 1
HEAVY_FACTOR = 3


def load(one: Up, concurrency: int, seconds: int, pace: Pace = AT_ONCE) -> Measured:
    """One round of load on one contender.

    Calls that the end of the load finds under way are paid for and not counted: of a heavy contender that is a good part of
    a short round, so it gets a longer one.
    """
    with alone(one):
        before = one.process.cpu_ns() if one.process else 0
        measured = _wrk(one, concurrency, seconds * HEAVY_FACTOR if one.is_heavy else seconds, pace)
        if one.process and measured["calls"]:
            measured["cpu_us"] = (one.process.cpu_ns() - before) / 1000 / measured["calls"]
        return measured


def warm_up(contenders: list[Up], concurrency: int, pace: Pace = AT_ONCE) -> None:
    """Let everybody open connections and load what they load at first use."""
    for one in contenders:
        with alone(one):
            _wrk(one, concurrency, WARM_UP_SECONDS, pace)


def _wrk(one: Up, concurrency: int, seconds: int, pace: Pace) -> Measured:
    headers = [word for name, value in {**HEADERS, **one.headers}.items() for word in ("-H", f"{name}: {value}")]
    url = f"http://127.0.0.1:{one.port}{one.dialect.unary}"
    flags = ["-t1", f"-c{concurrency}", f"-d{seconds}s", "--timeout", "30s", "-s", str(LOAD)]
    command = ["wrk", *flags, *headers, url, "--", one.dialect.prompt(pace).decode()]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    measured: Measured = json.loads(said.splitlines()[-1])
    return measured
