"""Coverage-guided fuzzing of everything that reads what others wrote.

    make fuzz                                   a minute a target
    make fuzz ARGS="--seconds 600 --only sse"   longer, and one target; several: --only sse,ndjson
    make fuzz ARGS="--keep"                     and then keep in the repository what takes steps that nothing takes by now
    make fuzz ARGS="--reach"                    only say which part of the readers' lines seeds and corpora reach

atheris is needed (`make fuzz-setup` fetches it). Each target runs in a process of its own at low priority, one after another.
What is found is written to `tests/fuzz/found/<target>/` and printed with its traceback; `make test` replays it from then on.
Exits with 1 when something was found.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tests.fuzz.places import CORPUS, FOUND, HOME, TOOL, WORKING, files_of
from tests.fuzz.reach import Line, Reach, reach_of, worth_keeping
from tests.fuzz.target import Target
from tests.fuzz.targets import MODULE_OF, TARGETS

SECONDS = 60
NICENESS = 19
EXECUTED = re.compile(r"stat::number_of_executed_units: (\d+)")
HEADINGS = ("target", "executions", "CPU s", "inputs", "lines", "of", "found")


class Searched(NamedTuple):
    """What one search came to."""

    executions: int
    cpu_seconds: float
    found: int
    """Inputs that were not known to find something."""
    output: str


def search(target: Target, seconds: int) -> Searched:
    """Fuzz one target."""
    before, known = _cpu_seconds(), len(files_of(FOUND / target.name))
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.engine", MODULE_OF[target.name], target.name, str(seconds)],
        capture_output=True, text=True, errors="replace", check=False, preexec_fn=lambda: os.nice(NICENESS) and None,
    )  # fmt: skip
    output = done.stdout + done.stderr
    executed = EXECUTED.search(output)
    found = len(files_of(FOUND / target.name)) - known
    if executed is None or done.returncode:
        print(output[-4000:], file=sys.stderr)
    return Searched(int(executed[1]) if executed else 0, _cpu_seconds() - before, found, output)


def _cpu_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def line_of(target: Target, searched: Searched, reach: Reach) -> str:
    """A line of the table."""
    cells = (
        target.name, searched.executions, round(searched.cpu_seconds), reach.inputs, len(reach.lines),
        len(reach.there_are), searched.found,
    )  # fmt: skip
    return tabulated(cells)


def tabulated(cells: Iterable[object]) -> str:
    """Cells as a line of a Markdown table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def keep(target: Target) -> None:
    """Make the target's corpus anew: of all inputs that are known, few that reach the same."""
    files = [*files_of(CORPUS / target.name), *files_of(WORKING / target.name)]
    chosen = {file.name: file.read_bytes() for file in worth_keeping(target, files)}
    folder = CORPUS / target.name
    folder.mkdir(parents=True, exist_ok=True)
    for file in files_of(folder):
        if file.name not in chosen:
            file.unlink()
    for name, data in chosen.items():
        (folder / name).write_bytes(data)


def reached() -> str:
    """The lines that all targets reach together, of all that any of them reads: a reader's file often has two targets."""
    lines, there_are = set[Line](), set[Line]()
    for name, target in TARGETS.items():
        reach = reach_of(target, files_of(CORPUS / name))
        lines |= reach.lines
        there_are |= reach.there_are
        print(tabulated((name, reach.inputs, len(reach.lines), len(reach.there_are))), flush=True)
    return tabulated(("together", "", len(lines), len(there_are)))


def main(arguments: Sequence[str]) -> int:
    """Search, and print the table."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Fuzz what reads what others wrote.")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"a target ({SECONDS})")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TARGETS), metavar="NAME[,NAME]")
    parser.add_argument("--keep", action="store_true", help="make the corpora in the repository anew")
    parser.add_argument("--reach", action="store_true", help="search for nothing, and say what is reached")
    asked = parser.parse_args(arguments)
    if asked.reach:
        print(tabulated(("target", "inputs", "lines", "of")), tabulated(["---"] * 4), sep="\n")
        print(reached())
        return 0
    if unknown := set(asked.only) - TARGETS.keys():
        parser.error(f"no target is called {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if not (TOOL / "atheris").is_dir():
        parser.error(f"atheris is not in {TOOL.relative_to(HOME.parent)}: make fuzz-setup")
    print(tabulated(HEADINGS), tabulated(["---"] * len(HEADINGS)), sep="\n", flush=True)
    found = 0
    for name in asked.only:
        target = TARGETS[name]
        searched = search(target, asked.seconds)
        found += searched.found
        if asked.keep:
            keep(target)
        print(line_of(target, searched, reach_of(target, files_of(CORPUS / name))), flush=True)
        if searched.found:
            print(searched.output[searched.output.find("FOUND") :][:6000], file=sys.stderr, flush=True)
    return min(found, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
