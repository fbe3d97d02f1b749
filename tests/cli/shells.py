"""Completion as it is in real shells."""

import subprocess
from pathlib import Path

import typer

from sidecar.cli.commands import app
from sidecar.cli.syntax import Command, syntax_of

CASES = [
    ("sidecar ca", {"ca", "calls"}),
    ("sidecar ca ", {"create", "show"}),
    ("sidecar calls ", {"list", "show"}),
    ("sidecar calls list --out", {"--outcome"}),
    ("sidecar calls list --outcome orphan_f", {"orphan_failed", "orphan_finished"}),
    ("sidecar calls list --kind ", {"unary", "stream", "live"}),
    ("sidecar serve --mode ", {"observe", "enforce"}),
    ("sidecar report --by mo", {"model"}),
    ("sidecar wait --timeout 3s --for ", {"started", "ready"}),
    ("sidecar serve --config set", {"settings.yaml"}),
    ("sidecar inject set", {"settings.yaml"}),
    ("sidecar --ver", {"--version"}),
    ("sidecar nothing ", set()),
]
"""What is typed, and what it may become."""
RUN_CASES = [("sidecar run --mode ", {"observe", "enforce"}), ("sidecar run cat set", {"settings.yaml"})]


def tree() -> Command:
    """What can be typed."""
    return syntax_of(typer.main.get_command(app))


def answer(directory: Path, *command: str) -> set[str]:
    """The words that a shell prints, one a line, in a directory with one file."""
    (directory / "settings.yaml").touch()
    ran = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=20)
    assert (ran.returncode, ran.stderr) == (0, "")
    return {line.partition("\t")[0].strip() for line in ran.stdout.splitlines() if line.strip()}
