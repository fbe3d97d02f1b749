"""deploy/README.md, taken apart: its blocks, tables, commands, links, and the names that it gives to things."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

from tests.readme import ROOT

PAGE = ROOT / "deploy" / "README.md"
TEXT = PAGE.read_text()

FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
COMMAND = re.compile(r"(?<![\w./=-])(?:\S*/)?sidecar ((?!sidecar\b)[a-z-].*)")
FOLDERS = ("deploy", "sidecar", "tests", "dashboards")


class Block(NamedTuple):
    """A fenced block."""

    language: str
    text: str


def blocks(language: str) -> list[str]:
    """The texts of all fenced blocks in this language."""
    return [text for found, text in FENCED.findall(TEXT) if found == language]


def prose() -> str:
    """Everything that is in no fenced block."""
    return FENCED.sub("", TEXT)


def spans() -> list[str]:
    """Everything between backquotes; a bar of a table's cell as itself."""
    return [" ".join(span.split()).replace("\\|", "|") for span in CODE.findall(prose())]


def headings() -> list[str]:
    """Every heading as it is linked to."""
    titles = re.findall(r"^#+ (.+)$", prose(), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]


def links() -> list[str]:
    """Where its links lead, but for those to other sites."""
    return [link for link in re.findall(r"\]\(([^)]+)\)", prose()) if "://" not in link]


def rows(name: str) -> list[list[str]]:
    """The cells of the table between `<!-- name -->` and `<!-- /name -->`, without its head."""
    part = TEXT.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
    return [cells(line) for line in part.strip().splitlines()[2:]]


def cells(line: str) -> list[str]:
    """The cells of a table's line."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def shell_lines() -> list[str]:
    """Every line that is shown to be typed, without its prompt."""
    shown = (line for text in blocks("console") for line in text.splitlines())
    return [line[2:] for line in shown if line.startswith(("$ ", "# "))]


def commands() -> list[list[str]]:
    """The arguments of every `sidecar ...` that is shown, in blocks and between backquotes."""
    return list(_commands())


def _commands() -> Iterator[list[str]]:
    for line in [*shell_lines(), *spans()]:
        found = COMMAND.search(line)
        if found:
            words = re.split(r"\s[|&;>]", found[1])[0]
            yield shlex.split(words, comments=True)


def paths() -> set[str]:
    """Every file or folder of the repository that is named, from its root."""
    words = (word for text in [*spans(), *shell_lines()] for word in text.split())
    bare = (word.removeprefix("../inference-sidecar/").rstrip(".,:;") for word in words)
    return {word for word in bare if word.partition("/")[0] in FOLDERS and "/" in word and "*" not in word}
