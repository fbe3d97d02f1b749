"""Which lines of the readers a corpus reaches, and which inputs are worth keeping for it. By `sys.settrace`: it needs no tool."""

import functools
import gc
import sys
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tests.fuzz.places import ROOT
from tests.fuzz.target import Target

Line = tuple[str, int]
Step = tuple[str, int, int]
"""A file, a line of it, and the one before it in the same call: tells more than lines alone, as a branch that was not taken."""

CACHED = functools._lru_cache_wrapper

MOST_FILES = 100
LONGEST = 1024
"""Bytes of an input that is kept, unless nothing shorter reaches something."""


class Reach(NamedTuple):
    """How far a corpus goes."""

    inputs: int
    lines: set[Line]
    """Of the functions in the files that the target reads."""
    there_are: set[Line]


class Tracer:
    """Notes the steps that are made in some files."""

    def __init__(self, files: Iterable[str]) -> None:
        self._files = {str(ROOT / "sidecar" / file) for file in files}
        self.steps: set[Step] = set()
        self._caches = [each for each in gc.get_objects() if isinstance(each, CACHED) and _is_ours(each)]

    def steps_of(self, run: Callable[[bytes], None], data: bytes) -> set[Step]:
        """The steps that one input makes. What it raises says nothing here."""
        self.steps = set()
        for cached in self._caches:  # what is remembered is not run again
            cached.cache_clear()
        sys.settrace(self._called)
        try:
            run(data)
        except Exception:
            pass
        finally:
            sys.settrace(None)
        return self.steps

    def _called(self, frame: types.FrameType, _event: str, _argument: Any) -> Any:
        file, before = frame.f_code.co_filename, 0
        if file not in self._files:
            return None

        def stepped(frame: types.FrameType, event: str, _argument: Any) -> Any:
            nonlocal before
            if event == "line":
                self.steps.add((file, frame.f_lineno, before))
                before = frame.f_lineno
            return stepped

        return stepped


def _is_ours(cached: Any) -> bool:
    return str(getattr(cached, "__module__", "")).startswith("sidecar.")


def reach_of(target: Target, files: Iterable[Path]) -> Reach:
    """What a target's seeds and inputs reach together."""
    tracer, lines = Tracer(target.reads), set[Line]()
    inputs = [*target.seeds, *(file.read_bytes() for file in files)]
    for data in inputs:
        lines.update((name, line) for name, line, _ in tracer.steps_of(target.run, data))
    there_are = {
        (str(ROOT / "sidecar" / file), line) for file in target.reads for line in lines_of(ROOT / "sidecar" / file)
    }
    return Reach(len(inputs), lines & there_are, there_are)


def lines_of(file: Path) -> set[int]:
    """The lines of a file's functions: those that only an import runs are not counted."""
    found: set[int] = set()
    codes = [compile(file.read_text(), str(file), "exec")]
    while codes:
        code = codes.pop()
        codes += [inner for inner in code.co_consts if isinstance(inner, types.CodeType)]
        if (
            code.co_flags & 0x0001 or code.co_flags & 0x0002
        ):  # CO_OPTIMIZED, CO_NEWLOCALS: a function, not a module or a class
            found.update(line for *_, line in code.co_lines() if line and line != code.co_firstlineno)
    return found


def worth_keeping(target: Target, files: Iterable[Path]) -> list[Path]:
    """Few inputs that together make every step that all of them make and the seeds do not; the shorter ones first."""
    tracer, chosen = Tracer(target.reads), list[Path]()
    of_seeds = {step for seed in target.seeds for step in tracer.steps_of(target.run, seed)}
    made = set(of_seeds)
    by_name = {file.name: file for file in files}
    for file in sorted(by_name.values(), key=lambda file: (file.stat().st_size, file.name)):
        steps = tracer.steps_of(target.run, file.read_bytes())
        is_short = file.stat().st_size <= LONGEST or (file.stat().st_size <= target.most_bytes and _is_far(steps, made))
        if is_short and not steps <= made and len(chosen) < MOST_FILES:
            made |= steps
            chosen.append(file)
    return _without_those_that_others_cover(target, tracer, chosen, of_seeds)


def _is_far(steps: set[Step], made: set[Step]) -> bool:
    """It reaches a line, and not only another way to one."""
    return bool({step[:2] for step in steps} - {step[:2] for step in made})


def _without_those_that_others_cover(target: Target, tracer: Tracer, chosen: list[Path], made: set[Step]) -> list[Path]:
    """The last ones reach most: what they reach, no other is needed for."""
    left = list[Path]()
    for file in reversed(chosen):
        steps = tracer.steps_of(target.run, file.read_bytes())
        if not steps <= made:
            made |= steps
            left.append(file)
    return left
