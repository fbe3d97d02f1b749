"""Does what the Dockerfile's builder stage says, on this machine: the same commands, in a folder instead of `/`.

A stand-in for `docker build`, which this project's machines do not have. What differs: the base is the Python that runs the
tests, `/opt` and `/src` are folders of the test, and pip may use its cache.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.deploy.dockerfile import ROOT, Instruction, context, instructions, pairs

BUILDER = 0
PATIENCE_SECONDS = 300.0
NO_INDEX = ("No matching distribution found", "Connection error", "Temporary failure in name resolution")
"""What pip says where there is no package index to ask."""


class BuildFailed(Exception):
    """A command ended with an error; what was printed."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.is_for_want_of_an_index = any(reason in told for reason in NO_INDEX)


class Builder:
    """The stage as it goes on."""

    def __init__(self, folder: Path, **arguments: str) -> None:
        self.folder = folder
        self.told = ""
        self._arguments = arguments
        self._workdir = folder
        programs = Path(sys.executable).parent
        self._environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}

    def moved(self, text: str) -> str:
        """A text with the image's folders as they are called here."""
        return text.replace("/opt/", f"{self.folder}/opt/").replace("/src", f"{self.folder}/src")

    def build(self) -> None:
        """Carry out the whole stage; raises BuildFailed."""
        for instruction in instructions():
            if instruction.stage == BUILDER:
                self.carry_out(instruction)

    def carry_out(self, instruction: Instruction) -> None:
        """One instruction."""
        {"FROM": self._from, "ARG": self._arg, "ENV": self._env, "WORKDIR": self._enter, "COPY": self._copy, "RUN": self._run}[
            instruction.word
        ](instruction)  # fmt: skip

    def _from(self, _: Instruction) -> None:
        (self.folder / "opt").mkdir()

    def _arg(self, instruction: Instruction) -> None:
        name, _, default = instruction.rest.partition("=")
        self._environment[name] = self._arguments.get(name, default)

    def _env(self, instruction: Instruction) -> None:
        self._environment |= {name: value for name, value in pairs(instruction).items() if name != "PIP_NO_CACHE_DIR"}

    def _enter(self, instruction: Instruction) -> None:
        self._workdir = Path(self.moved(instruction.rest))
        self._workdir.mkdir(parents=True)

    def _copy(self, instruction: Instruction) -> None:
        """As Docker does: a file keeps its name, and of a folder what is in it is copied."""
        *sources, target = instruction.words()
        for source in sources:
            for name in context(source):
                below = Path(name).relative_to(source if (ROOT / source).is_dir() else Path(source).parent)
                place = self._workdir / target / below
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, place)

    def _run(self, instruction: Instruction) -> None:
        done = subprocess.run(
            ["sh", "-e", "-c", self.moved(instruction.rest)], cwd=self._workdir, env=self._environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        self.told += done.stdout
        if done.returncode:
            raise BuildFailed(done.stdout[-4000:])
