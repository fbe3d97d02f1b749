"""`make bench`: the sidecar beside nginx, haproxy, Envoy, LiteLLM and Portkey. Prints figures; asserts nothing.

CPU time is user + system of all of a contender's processes, from the kernel's own clocks. Rounds are interleaved over the
contenders; tables show medians, ratios are medians of the rounds' ratios. README.md beside this file says how to read it.
"""

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import peers, streams, unary, upstreams
from tests.bench.contenders import FAST, Contender, up
from tests.bench.figures import OURS, SECURE, SIDECAR, beside_table, scenario_table, summary_table
from tests.bench.gateways import SLOW
from tests.bench.processes import settle_down_on_the_load_cpu
from tests.bench.scenarios import CONCURRENCY, SCENARIOS, SSE_PACE, SSE_STREAMS, Bench

CONTENDERS = {contender.name: contender for contender in (*FAST, *SLOW)}


def names(known: list[str]) -> Callable[[str], list[str]]:
    """A flag's type: some of these names, with commas between them."""

    def some(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := set(wanted) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return wanted

    return some


def flags() -> argparse.Namespace:
    """What the command line says."""
    others = [name for name in CONTENDERS if name != SIDECAR]
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of unary load, each round")
    parser.add_argument("--only", type=names(list(SCENARIOS)), default=list(SCENARIOS), help=",".join(SCENARIOS))
    parser.add_argument("--peers", type=names(others), default=others, help=",".join(others))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what each round found")
    parser.add_argument(
        "--profile",
        choices=["unary", "sse"],
        help="no comparison: load the sidecar alone for --seconds, and print its process id for a profiler",
    )
    return parser.parse_args()


def present(wanted: list[str]) -> list[Contender]:
    """The contenders that can be started here; those that can't are named where it will be seen."""
    found = []
    for name in [*wanted, SIDECAR]:
        lacking = CONTENDERS[name].lacking()
        if lacking:
            print(f"*** {name} IS LEFT OUT: no {', '.join(lacking)}; make bench-setup", file=sys.stderr)
        else:
            found.append(CONTENDERS[name])
    return found


def machine(contenders: list[Contender]) -> dict[str, str]:
    """What the figures depend on."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "system": platform.platform(),
        "cpus": str(os.cpu_count()),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **{contender.name: peers.version(contender.name) for contender in contenders if contender.name not in OURS},
    }


def compare(told: argparse.Namespace, folder: Path, descriptors: int) -> None:
    """Run the scenarios and print their tables."""
    bench = Bench(present(told.peers), told.rounds, told.seconds, descriptors, folder)
    conditions = machine(bench.contenders)
    for name, measure in SCENARIOS.items():
        if name in told.only:
            measure(bench)
    print(*(f"{key} {value}" for key, value in conditions.items()), sep=", ")
    for scenario, rounds in bench.results.items():
        print(f"\n{scenario}\n\n{scenario_table(rounds)}")
    if any(scenario in bench.results for scenario in SECURE):
        print(f"\n{beside_table(bench.results, SECURE, 'cpu_us', 'nginx')}")
    print(f"\n{summary_table(bench.results)}")
    if told.json:
        told.json.write_text(json.dumps({"machine": conditions, "results": bench.results}, indent=1) + "\n")


def hold_under_load(what: str, seconds: int, folder: Path) -> None:
    """Load the sidecar, and nobody else, so that a profiler can watch it."""
    provider = upstreams.replying if what == "unary" else upstreams.pacing
    with provider(folder) as upstream, up(CONTENDERS[SIDECAR], folder, upstream) as sidecar:
        assert sidecar.process is not None
        print(f"the sidecar is process {sidecar.process.pids()[0]}, loaded for {seconds} s", flush=True)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if what == "unary":
                unary.load(sidecar, CONCURRENCY, max(1, int(left)))
            else:
                streams.read(sidecar, SSE_STREAMS, SSE_PACE)
            sidecar.process.go_on()


def main() -> None:
    """Measure and print."""
    told = flags()
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))  # or what we started would stay
    descriptors = settle_down_on_the_load_cpu()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)  # nginx's workers are nobody
        if told.profile:
            hold_under_load(told.profile, told.seconds, Path(folder))
        else:
            compare(told, Path(folder), descriptors)


if __name__ == "__main__":
    main()
