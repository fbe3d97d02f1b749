"""Node.js with a program of tests/node, led by HTTPS_PROXY: by itself from 22.21 on, and by its own library from npm before.

`make parts` brings the library (tests/node/package.json) into the virtual environment.
"""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests import parts

PROGRAMS = Path(__file__).parents[1] / "node"
FOLDER = Path(sys.prefix) / "node"
"""Where its package is installed."""
HEEDS = ((22, 21), (24, 0))
"""The first versions of two lines that heed NODE_USE_ENV_PROXY."""


def node_command(program: str) -> list[str]:
    """The command line of a program that is to heed HTTPS_PROXY; skips the test where this Node.js can't be brought to."""
    node = parts.part("node").path()
    assert node is not None
    version = _version(node)
    if any(version >= first and (version[0] == first[0] or first == HEEDS[-1]) for first in HEEDS):
        return ["env", "NODE_USE_ENV_PROXY=1", node, str(PROGRAMS / program)]
    if not (FOLDER / "node_modules" / "undici").is_dir():
        told = "undici is missing (npm, tests/node/package.json): Node.js before 22.21 heeds no HTTPS_PROXY without it"
        if parts.is_ci():
            pytest.fail(told, pytrace=False)
        pytest.skip(told)
    before = ["env", f"NODE_FOLDER={FOLDER}", node, "--import", (PROGRAMS / "env_proxy.mjs").as_uri()]
    return [*before, str(PROGRAMS / program)]


@cache
def _version(node: str) -> tuple[int, int]:
    told = subprocess.run(
        [node, "-p", "JSON.stringify(process.versions.node.split('.').map(Number))"], capture_output=True, check=True
    )
    major, minor, _ = json.loads(told.stdout)
    return major, minor
