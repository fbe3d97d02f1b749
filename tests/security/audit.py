"""Asks whether a pinned package has a known vulnerability, by pip-audit, and believes no silence.

    python -m tests.security.audit PATH/TO/pip-audit [REQUIREMENTS...]

Exit status: 0 when every package was looked up and none is known to be vulnerable, 1 when one is, 3 when some could not be
looked up. pip-audit itself ends with 0 and "No known vulnerabilities found" when the index knows nothing of any of them, as a
mirror does that has files and no advisories.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.readme import ROOT

CLEAN, VULNERABLE, UNKNOWN = 0, 1, 3
FILES = ("deploy/requirements-postgres.txt", "deploy/build-requirements.txt", "tests/requirements.txt")
"""What the image holds, what builds it, and what is on the machines that test it."""
FLAGS = ("--disable-pip", "--require-hashes", "--format", "json", "--progress-spinner", "off", "--desc", "off")


class Found(NamedTuple):
    """What came of a file of pins."""

    checked: tuple[str, ...]
    vulnerable: tuple[str, ...]
    """A sentence each."""
    unknown: tuple[str, ...]
    """Packages that could not be looked up; with an empty name when none could."""
    why: str = ""
    """Of the first of those."""

    @property
    def status(self) -> int:
        """What is known to be bad counts before what is not known."""
        return VULNERABLE if self.vulnerable else UNKNOWN if self.unknown else CLEAN


def audit(program: str, requirements: str) -> Found:
    """Ask about every pin of a file."""
    done = subprocess.run([program, *FLAGS, "--requirement", requirements], capture_output=True, text=True)
    return read(done.stdout, done.stderr)


def read(out: str, errors: str = "") -> Found:
    """What pip-audit has said, as JSON; `errors` is what it said besides."""
    try:
        packages: list[Any] = json.loads(out)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = errors.strip().splitlines() or ["pip-audit said nothing"]
        return Found((), (), ("",), said[-1][:300])
    unknown = [each for each in packages if "skip_reason" in each]
    checked = [each for each in packages if "skip_reason" not in each]
    return Found(
        tuple(each["name"] for each in checked),
        tuple(_sentence(each, one) for each in checked for one in each["vulns"]),
        tuple(each["name"] for each in unknown),
        unknown[0]["skip_reason"] if unknown else "",
    )


def _sentence(package: Any, vulnerability: Any) -> str:
    names = ", ".join([vulnerability["id"], *vulnerability.get("aliases", ())])
    fixed = ", ".join(vulnerability.get("fix_versions", ())) or "no version yet"
    return f"{package['name']} {package['version']}: {names}; fixed in {fixed}"


def said(name: str, found: Found) -> Iterable[str]:
    """What a person is told of a file."""
    yield from (f"{name}: {sentence}" for sentence in found.vulnerable)
    if found.unknown:
        how_many = (
            f"{len(found.unknown)} of {len(found.unknown) + len(found.checked)} packages"
            if any(found.unknown)
            else "its packages"
        )
        yield f"{name}: {how_many} could NOT be looked up, so nothing is known of them: {found.why}"
    if found.checked:
        yield f"{name}: {len(found.checked)} packages looked up, {len(found.vulnerable)} vulnerabilities known"


def main(arguments: Sequence[str]) -> int:
    """Ask about each file, print, and return the worst status."""
    program, *files = arguments
    results = {name: audit(program, str(ROOT / name)) for name in files or FILES if Path(ROOT / name).exists()}
    for name, found in results.items():
        print(*said(name, found), sep="\n")
    statuses = {found.status for found in results.values()}
    return VULNERABLE if VULNERABLE in statuses else max(statuses, default=UNKNOWN)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
