"""A command line run in this process, or as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from sidecar.cli.guard import run

REPOSITORY = Path(__file__).parents[2]


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    """No settings of the machine that runs the tests."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SIDECAR_")] + ["COLUMNS", "NO_COLOR", "FORCE_COLOR"]:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def sidecar(capsys):
    """Runs `sidecar ...` through everything but the process."""

    def ran(*arguments: str) -> Ran:
        code = run(arguments)
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return ran


@pytest.fixture
def start(empty_folder):
    """Starts `python -m sidecar ...` as a child; every child is gone at the end."""
    children = []

    def child(*arguments: str) -> subprocess.Popen[bytes]:
        command = (sys.executable, "-m", "sidecar", *arguments)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        children.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return children[-1]

    yield child
    for each in children:
        each.kill()
        each.communicate()
