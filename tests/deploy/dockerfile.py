"""The Dockerfile as its builder reads it: instructions of stages, and which files .dockerignore lets through."""

import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy/Dockerfile"


class Instruction(NamedTuple):
    """One instruction; `stage` counts from 0, and is -1 before the first FROM."""

    stage: int
    word: str
    flags: tuple[str, ...]
    rest: str

    def words(self) -> list[str]:
        """What stands behind the flags: the list of an exec form, or else words as a shell would part them."""
        return list(json.loads(self.rest)) if self.is_exec() else shlex.split(self.rest)

    def is_exec(self) -> bool:
        """Whether it is a JSON list, which no shell sees."""
        return self.rest.startswith("[")


@cache
def instructions() -> list[Instruction]:
    """All of ours."""
    return list(read(DOCKERFILE.read_text()))


def read(text: str) -> Iterator[Instruction]:
    """Instructions of a Dockerfile without here-documents: comments gone, continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    stage = -1
    for line in filter(str.strip, re.sub(r"\\\n", "", lines).splitlines()):
        word, _, rest = line.strip().partition(" ")
        flags = []
        while found := re.match(r"\s*(--[a-z-]+=\S+)\s+", rest):
            flags.append(found[1])
            rest = rest[found.end() :]
        stage += word == "FROM"
        yield Instruction(stage, word, tuple(flags), rest.strip())


def of(word: str, stage: int | None = None) -> list[Instruction]:
    """The instructions of this word, of one stage or of all; -1 would be before the first."""
    return [found for found in instructions() if found.word == word and stage in (None, found.stage)]


def last_stage() -> int:
    """The number of the stage that is the image."""
    return instructions()[-1].stage


def pairs(instruction: Instruction) -> dict[str, str]:
    """What an ENV or LABEL sets."""
    return dict(word.partition("=")[::2] for word in instruction.words())


@cache
def _patterns() -> list[tuple[bool, re.Pattern[str]]]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [
        (line.startswith("!"), _pattern(line.removeprefix("!"))) for line in lines if line and not line.startswith("#")
    ]


def _pattern(line: str) -> re.Pattern[str]:
    """A pattern of .dockerignore: of a whole path from the root, or of a folder above it."""
    parts = {r"\*\*/": "(?:.*/)?", r"\*": "[^/]*", r"\?": "[^/]", r"\[": "[", r"\]": "]"}
    translated = re.escape(line)
    for quoted, meaning in parts.items():
        translated = translated.replace(quoted, meaning)
    return re.compile(f"{translated}(?:/.*)?")


def is_let_through(path: str) -> bool:
    """Whether a file, named from the root of the repository, is in the build's context: the last pattern that matches says."""
    verdicts = [is_exception for is_exception, pattern in _patterns() if pattern.fullmatch(path)]
    return not verdicts or verdicts[-1]


def context(below: str = "") -> list[str]:
    """The files of the build's context that are this one or lie below it."""
    start = ROOT / below
    found = [start] if start.is_file() else (path for path in start.rglob("*") if path.is_file())
    return sorted(name for path in found if is_let_through(name := path.relative_to(ROOT).as_posix()))
