"""Ask pytest for tests; what failed beside others is tried once more, alone.

Two processors that others use too stand still for seconds at random, and among 25,000 tests, most of them with real sockets,
one may be the one that waits for just that. It is no reason to hold up a change, and none for silence either: a test that
passes only alone is named UNSTEADY in the last lines, and is a defect to be mended. A test that fails twice is red, and so is
a run in which more fail than chance explains.

    python -m tests.second_try PYTEST-ARGUMENTS
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MOST_BY_CHANCE: Final = 20
"""Failures in one run; a test that breaks its process takes some of its neighbors with it."""
SOME_FAILED: Final = 1
BESIDE_OTHERS: Final = ("--numprocesses", "--dist")
"""Flags, each with a value, that the second try does without."""


def alone(arguments: Sequence[str]) -> list[str]:
    """The same arguments for one process."""
    kept, rest = list[str](), iter(arguments)
    for argument in rest:
        if argument in BESIDE_OTHERS:
            next(rest, None)
        else:
            kept.append(argument)
    return kept


def failed_in(cache: Path) -> list[str]:
    """The names of the tests that failed in the run that wrote this cache of pytest's."""
    try:
        return sorted(json.loads((cache / "v" / "cache" / "lastfailed").read_bytes()))
    except FileNotFoundError:
        return []


def _pytest(cache: Path, arguments: Sequence[str]) -> int:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", *arguments], check=False
    ).returncode


def run(arguments: Sequence[str]) -> int:
    """Pytest's exit status; 0 where what failed has passed alone."""
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        status = _pytest(cache, arguments)
        failed = failed_in(cache)
        if status != SOME_FAILED or not 0 < len(failed) <= MOST_BY_CHANCE:
            return status
        print(f"\n{len(failed)} failed; once more, alone:", *failed, sep="\n    ", flush=True)
        status = _pytest(cache, [*alone(arguments), "--last-failed"])
        if status == 0:
            print("UNSTEADY: failed beside others and passed alone:", *failed, sep="\n    ", flush=True)
        return status


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
