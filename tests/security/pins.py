"""The pins of a requirements file, as uv writes them: version, hashes, when it counts, and who wants it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HEAD = re.compile(r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>.+?))?(?: \\)?$")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")
VIA = re.compile(r"^    #(?: via ?| {3})(?!-c )(.*)$", re.MULTILINE)
"""Who wants it, each in a line; `-c` only says that another file has the same pin."""
OURSELVES = re.compile(r"-r |\(pyproject\.toml\)")
"""What stands for the project itself, or for a list on standard input."""


class Pin(NamedTuple):
    """One package at one version."""

    name: str
    version: str
    marker: str
    """When it is installed at all, as PEP 508 says it; empty for always."""
    hashes: tuple[str, ...]
    """SHA-256 of each of its files."""
    wanted_by: tuple[str, ...]
    """Packages that want it; an empty name is the project's own."""


def pins_in(file: Path) -> list[Pin]:
    """All pins of a file, in its order."""
    return list(_pins(file.read_text()))


def _pins(text: str) -> Iterator[Pin]:
    for block in re.split(r"\n(?=[a-z0-9])", text):
        found = HEAD.match(block.partition("\n")[0])
        if found:
            wanted_by = ("" if OURSELVES.search(one) else one for one in VIA.findall(block) if one)
            yield Pin(
                found["name"], found["version"], found["marker"] or "", tuple(HASH.findall(block)), tuple(wanted_by)
            )
