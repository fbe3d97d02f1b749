"""`make bench`: what the sidecar costs beside nginx, and how soon it sees a departure. Prints figures; asserts nothing.

CPU time is user + system of the contender's processes per call, from the kernel's own clock. Rounds are interleaved over
the contenders and the table shows medians: on a shared machine absolute figures wander, ratios hold.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

from tests.bench import departures
from tests.bench.contenders import Contender, all_contenders, on_cpu

PORTS = (18090, 18091, 18092)
SCENARIOS = {"64 at once": 64, "1 at a time": 1}
WARM_UP_SECONDS = 1
LOAD = Path(__file__).with_name("load.lua")

Measured = dict[str, float]


def load(contender: Contender, concurrency: int, seconds: int) -> Measured:
    """One round of load on one contender."""
    command = ["wrk", "-t1", f"-c{concurrency}", f"-d{seconds}s", "-s", str(LOAD), f"http://127.0.0.1:{contender.port}"]
    before = contender.cpu_ns()
    output = subprocess.run(on_cpu(0, command), check=True, capture_output=True, text=True).stdout
    measured: Measured = json.loads(output.splitlines()[-1])
    measured["cpu_us"] = (contender.cpu_ns() - before) / 1000 / measured["calls"]
    measured["resident_kib"] = contender.resident_kib()
    return measured


def compare(rounds: int, seconds: int) -> dict[str, dict[str, list[Measured]]]:
    """Scenario -> contender -> one measurement a round."""
    found: dict[str, dict[str, list[Measured]]] = {scenario: {} for scenario in SCENARIOS}
    with tempfile.TemporaryDirectory() as directory, all_contenders(Path(directory), PORTS) as contenders:
        for contender in contenders:
            load(contender, 64, WARM_UP_SECONDS)
        for _ in range(rounds):
            for scenario, concurrency in SCENARIOS.items():
                for contender in contenders:
                    found[scenario].setdefault(contender.name, []).append(load(contender, concurrency, seconds))
    return found


def report(found: dict[str, dict[str, list[Measured]]]) -> None:
    """The medians, and the ratios to nginx."""
    for scenario, contenders in found.items():
        medians = {
            name: {key: statistics.median(one[key] for one in measured) for key in measured[0]}
            for name, measured in contenders.items()
        }
        print(f"\nunary calls, {scenario}")
        print(f"{'':10}{'CPU us/call':>12}{'p50 us':>10}{'p99 us':>10}{'errors':>8}{'RSS MiB':>9}")
        for name, one in medians.items():
            print(
                f"{name:10}{one['cpu_us']:12.1f}{one['p50_us']:10.0f}{one['p99_us']:10.0f}{one['errors']:8.0f}"
                f"{one['resident_kib'] / 1024:9.1f}"
            )
        nginx, ours, direct = medians["nginx"], medians["sidecar"], medians["direct"]
        print(f"sidecar / nginx: CPU {ours['cpu_us'] / nginx['cpu_us']:.2f} x", end="")
        added = [one["p50_us"] - direct["p50_us"] for one in (ours, nginx)]
        print(
            f", p50 {ours['p50_us'] / nginx['p50_us']:.2f} x, added latency p50 {added[0]:.0f} us against {added[1]:.0f} us"
        )


def report_departures() -> None:
    """Percentiles of the detection."""
    print(f"\nfact -> record, {departures.CALLS} calls open, ms")
    for name, milliseconds in departures.measure().items():
        cuts = statistics.quantiles(milliseconds, n=100)
        print(f"{name:14} p50 {cuts[49]:7.2f}   p99 {cuts[98]:7.2f}   max {max(milliseconds):7.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of load, each round")
    flags = parser.parse_args()
    report(compare(flags.rounds, flags.seconds))
    report_departures()


if __name__ == "__main__":
    main()
