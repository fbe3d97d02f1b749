"""The campaign of pods: rounds with random lives and random deaths, and a table of what was lost (nothing) and how long it took.

    python -m tests.bench.pod_life [--rounds N] [--seed N] [--at-once N]

Exits with 1 when anything that was accepted was lost, when an operation was neither cancelled nor left with a reason, or when our
container had to be killed.
"""

import argparse
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sidecar.simulator.server import RunningSimulator, running_simulator
from tests.bench.pod_life_account import FATES, Account, account_of
from tests.bench.pod_life_plan import Crash, plan
from tests.bench.pod_life_round import play
from tests.end_to_end.pod_app import Apps

ROUNDS, AT_ONCE = 60, 2
MOST_FAULTS_SHOWN = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, and print the table."""
    asked = _arguments(arguments)
    with tempfile.TemporaryDirectory() as directory, running_simulator() as simulator:
        apps = Apps()
        with ThreadPoolExecutor(asked.at_once) as pool:
            accounts = list(
                pool.map(
                    lambda number: _round(number, asked.seed, simulator, apps, Path(directory) / str(number)),
                    range(asked.rounds),
                )
            )
    print(table(accounts))
    faults = [f"round {number}: {fault}" for number, account in enumerate(accounts) for fault in account.faults]
    print(*faults[:MOST_FAULTS_SHOWN], sep="\n")
    print(f"{len(faults)} faults with seed {asked.seed}" if faults else "nothing was lost")
    return 1 if faults else 0


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.bench.pod_life", description="Pods that live and die at random.")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how many pods ({ROUNDS})")
    parser.add_argument("--seed", type=int, default=8, help="draws the rounds; the same one draws the same")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help=f"pods that live at the same time ({AT_ONCE})")
    return parser.parse_args(arguments)


def _round(number: int, seed: int, simulator: RunningSimulator, apps: Apps, directory: Path) -> Account:
    directory.mkdir()
    account = account_of(play(plan(number, seed), simulator, apps, directory), simulator)
    shutil.rmtree(directory)
    print(f"{number:4} {account.crash:9} exit {account.status:14} {'; '.join(account.faults)[:120]}", file=sys.stderr)
    return account


def table(accounts: Sequence[Account]) -> str:
    """All rounds in one table."""
    fates = sum((Counter(account.fates) for account in accounts), Counter[str]())
    calls = {
        "calls that the provider had": sum(account.calls for account in accounts),
        "  answered to the application": sum(account.calls_answered for account in accounts),
        "  with a row": sum(account.call_rows for account in accounts),
        "  without, in the last commit before a SIGKILL": sum(account.calls_in_last_commit for account in accounts),
        "  not settled": sum(account.calls_unsettled for account in accounts),
    }
    crashes = Counter(account.crash for account in accounts)
    rounds = ", ".join(f"{crashes[crash]} {crash}" for crash in Crash)
    lines = [("rounds (killed: " + rounds + ")", str(len(accounts)))]
    lines += [("operations that the provider had", str(fates.total()))]
    lines += [(f"  {fate}", str(fates[fate])) for fate in FATES]
    lines += [(name, str(count)) for name, count in calls.items()]
    lines += [
        ("exit statuses", ", ".join(f"{status}: {count}" for status, count in _statuses(accounts).most_common())),
        ("SIGTERM to last cancel", _spread(account.last_cancel_seconds for account in accounts)),
        ("SIGTERM to exit", _spread(account.exit_seconds for account in accounts)),
        ("process start to /startupz 200", _spread(each for account in accounts for each in account.start_seconds)),
        ("preStop", _spread(account.pre_stop_seconds for account in accounts)),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:{width}}  {value}" for name, value in lines)


def _statuses(accounts: Iterable[Account]) -> Counter[str]:
    return Counter("killed by kubelet" if account.status == "None" else account.status for account in accounts)


def _spread(seconds: Iterable[float | None]) -> str:
    values = [each for each in seconds if each is not None]
    if not values:
        return "-"
    return f"median {statistics.median(values):.2f} s, max {max(values):.2f} s ({len(values)})"


if __name__ == "__main__":
    raise SystemExit(main())
