"""The campaign: every fault, everywhere it can strike, and the table of what came of it.

    make faults                                  all of it
    make faults ARGS="--only 'the disk'"         one family; --short tries the few places that `make test` tries
    make faults ARGS=--write                     and put the table into tests/faults/README.md

The exit status is 1 if anything was lost, wrong or leaked; each finding is a sentence on standard error.
"""

import argparse
import contextlib
import io
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests import parts
from tests.faults.campaign import FAMILIES
from tests.faults.fault import Fault, Stage, Verdict

README: Final = Path(__file__).with_name("README.md")
TABLE: Final = re.compile(r"(?<=<!-- faults -->\n).*(?=<!-- end of faults -->)", re.DOTALL)
HEAD: Final = (
    "| strikes | fault | tried | lost | wrong | leaked | recovered in | remarks |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
)


class Played(NamedTuple):
    """One line of the table."""

    family: str
    fault: Fault
    verdict: Verdict

    def line(self) -> str:
        """In Markdown."""
        lost, wrong, leaked = (len(found) for found in (self.verdict.lost, self.verdict.wrong, self.verdict.leaked))
        return (
            f"| {self.family} | {self.fault.name} | {self.verdict.tried} | {lost} | {wrong} | {leaked} "
            f"| {recovered(self.verdict.recovered_seconds)} | {self.verdict.remark} |\n"
        )


def recovered(seconds: float | None) -> str:
    """For people."""
    if seconds is None:
        return "-"
    return "at once" if seconds < 0.1 else f"{seconds:.1f} s"


def play(families: Sequence[str], is_full: bool) -> Iterator[Played]:
    """All faults of these families, one after the other; those that need a missing part are named and left out."""
    for family in families:
        for fault in FAMILIES[family]:
            lacking = parts.missing_of(fault.needs)
            if lacking:
                print(f"NOT PLAYED: {fault}: {', '.join(part.origin for part in lacking)}", file=sys.stderr)
                continue
            began = time.monotonic()
            with tempfile.TemporaryDirectory() as directory:
                played = Played(family, fault, _verdict_of(fault, Stage(Path(directory), is_full)))
            print(f"{time.monotonic() - began:7.1f} s  {played.line()}", end="", flush=True)
            for finding in played.verdict.findings():
                print(f"{fault}: {finding}", file=sys.stderr)
            yield played


def _verdict_of(fault: Fault, stage: Stage) -> Verdict:
    """What came of it; what the sidecars said meanwhile is printed where it may explain something."""
    said, findings = io.StringIO(), ["it was not played to its end"]
    try:
        with contextlib.redirect_stdout(said):
            verdict = fault.play(stage)
        findings = verdict.findings()
    finally:
        if findings:
            print(said.getvalue(), end="", file=sys.stderr)
    return verdict


def table_of(played: Sequence[Played], where: str) -> str:
    """The summary, in Markdown, with a line for all of it, which says where the faults struck."""
    total = Verdict(
        tried=sum(each.verdict.tried for each in played),
        lost=tuple(found for each in played for found in each.verdict.lost),
        wrong=tuple(found for each in played for found in each.verdict.wrong),
        leaked=tuple(found for each in played for found in each.verdict.leaked),
    )
    faults = f"{len(played)} faults"
    in_all = (
        f"| **all** | **{faults}** | **{total.tried}** | **{len(total.lost)}** | **{len(total.wrong)}** "
        f"| **{len(total.leaked)}** | | {where} |\n"
    )
    return HEAD + "".join(each.line() for each in played) + in_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Play as the flags say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.run")
    parser.add_argument("--only", choices=FAMILIES, action="append", help="a family; more than once for more")
    parser.add_argument("--short", action="store_true", help="the few places that make test tries")
    parser.add_argument("--write", action="store_true", help="put the table into tests/faults/README.md")
    flags = parser.parse_args(arguments)
    played = list(play(flags.only or list(FAMILIES), not flags.short))
    table = table_of(played, "the few places of `--short`" if flags.short else "every place")
    print(f"\n{table}", end="")
    if flags.write:
        README.write_text(TABLE.sub(lambda _found: table, README.read_text()))
    return 1 if any(each.verdict.findings() for each in played) else 0


if __name__ == "__main__":
    sys.exit(main())
