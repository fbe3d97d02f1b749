"""Every regular expression of the sidecar as it was compiled, how it is used, and texts on which such a one could take for ever.

`python -m tests.security.patterns` imports the whole sidecar and prints what it compiled, a line of JSON each: also what is put
together from parts, which the source does not show.
"""

import ast
import importlib
import json
import pkgutil
import re
import re._constants as kinds  # type: ignore[import-not-found]
import re._parser as parser  # type: ignore[import-not-found]
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
"""Nothing is imported from elsewhere in tests/: that could bring parts of the sidecar in unseen."""
SEARCHES: Final = frozenset({"search", "sub", "subn", "findall", "finditer", "split"})
ANCHORED: Final = frozenset({"match", "fullmatch"})
PUMPS: Final = 'a0/:; "\\'
"""What is repeated besides what the pattern itself repeats."""
MANY: Final = 64
"""Repeats of at most so many are bounded."""


class Compiled(NamedTuple):
    """One expression, where it was compiled, and the methods that it is used by."""

    place: str
    text: str
    is_bytes: bool
    flags: int
    methods: frozenset[str]

    @property
    def pattern(self) -> "re.Pattern[Any]":
        text = self.text.encode("latin-1") if self.is_bytes else self.text
        return re.compile(text, self.flags & ~re.UNICODE if self.is_bytes else self.flags)


def record() -> None:
    """Import everything, and print each pattern that a file of the sidecar compiles."""
    really, seen = re.compile, set[tuple[Any, int]]()

    def compile(pattern: Any, flags: int = 0) -> "re.Pattern[Any]":
        made, frame = really(pattern, flags), sys._getframe(1)
        source = frame.f_code.co_filename
        if source.startswith(f"{ROOT}/sidecar/") and (made.pattern, made.flags) not in seen:
            seen.add((made.pattern, made.flags))
            is_bytes = isinstance(made.pattern, bytes)
            text = made.pattern.decode("latin-1") if is_bytes else made.pattern
            told = [source.removeprefix(f"{ROOT}/"), frame.f_lineno, text, is_bytes, made.flags]
            print(json.dumps(told), flush=True)
        return made

    re.compile = compile
    package = importlib.import_module("sidecar")
    for module in pkgutil.walk_packages(package.__path__, "sidecar."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


# === how each is used ===


@cache
def sources() -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "sidecar").rglob("*.py")}


@cache
def calls_of(source: str) -> dict[int, frozenset[str]]:
    """By line: the methods by which what is compiled there is used; all of them where that can't be told."""
    found = {}
    for node in ast.walk(ast.parse(sources()[source])):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            compiled = [each for each in ast.walk(node.value) if _is_compile(each)]
            if len(names) == len(compiled) == 1:
                used = _chained(node.value) or _used(names[0])
                found.update(dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), used))
    return found


def _is_compile(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"


def _chained(value: ast.AST) -> frozenset[str]:
    """`re.compile(...).match`, kept as a function."""
    return frozenset({value.attr}) if isinstance(value, ast.Attribute) and _is_compile(value.value) else frozenset()


def _used(name: str) -> frozenset[str]:
    uses = re.compile(rf"\b{name}\.({'|'.join(SEARCHES | ANCHORED)})\b")
    return frozenset(use for text in sources().values() for use in uses.findall(text))


def methods_at(source: str, line: int) -> frozenset[str]:
    """Every one where it is not known."""
    return calls_of(source).get(line, frozenset()) or ANCHORED | SEARCHES


def functions_among(source: str) -> Iterator[tuple[int, str, str]]:
    """Line, method and pattern of every `re.search(pattern, ...)` and the like with a pattern that stands there."""
    for node in ast.walk(ast.parse(sources()[source])):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "re":
            first = node.args[0] if node.args else None
            if (
                node.func.attr in SEARCHES | ANCHORED
                and isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                yield node.lineno, node.func.attr, first.value


# === what they are tried on ===


def attacks(compiled: Compiled) -> Iterator[tuple[str, str, str]]:
    """Beginning, what is repeated, and end, so that the whole does not match, or only almost."""
    repeats: list[tuple[str, str]] = []
    whole = _sample(parser.parse(compiled.pattern.pattern, compiled.pattern.flags & ~re.UNICODE), repeats, "")
    for before, inner in dict.fromkeys(repeats):
        yield before, inner, "\0"
        yield "", before + inner, "\0"
    for almost in {whole, whole[:-1]} - {""}:
        yield "", almost, "\0"


def _sample(tree: Any, repeats: list[tuple[str, str]], before: str) -> str:
    """A shortest text that a part of a pattern matches; notes where it repeats without a bound, and what stands before."""
    text = ""
    for kind, told in tree:
        text += _one(kind, told, repeats, before + text)
    return text


def _one(kind: Any, told: Any, repeats: list[tuple[str, str]], before: str) -> str:
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        least, most, part = told
        inner = _sample(part, repeats, before)
        if most > MANY:
            repeats += [(before, pump) for pump in (inner or "a", *PUMPS)]
        return inner * int(least)
    if kind is kinds.SUBPATTERN:
        return _sample(told[3], repeats, before)
    if kind is kinds.ATOMIC_GROUP:
        return _sample(told, repeats, before)
    if kind is kinds.BRANCH:
        samples = [_sample(branch, repeats, before) for branch in told[1]]
        return samples[0]
    return _character(kind, told)


def _character(kind: Any, told: Any) -> str:
    """One that is matched; nothing where none is, as at an assertion."""
    if kind is kinds.LITERAL:
        return chr(told)
    if kind is kinds.IN:
        return _member(told)
    return "a" if kind in (kinds.ANY, kinds.NOT_LITERAL) else ""


def _member(items: Any) -> str:
    """A character of a set."""
    one = re.compile("[" + "".join(_spelled(kind, told) for kind, told in items) + "]")
    return next((each for each in (*"aA0/", *map(chr, range(1, 256))) if one.match(each)), "a")


def _spelled(kind: Any, told: Any) -> str:
    if kind is kinds.NEGATE:
        return "^"
    if kind is kinds.RANGE:
        return f"\\x{told[0]:02x}-\\x{told[1]:02x}" if told[1] < 256 else ""
    if kind is kinds.LITERAL:
        return f"\\x{told:02x}" if told < 256 else ""
    return {"CATEGORY_DIGIT": "\\d", "CATEGORY_SPACE": "\\s", "CATEGORY_WORD": "\\w"}.get(str(told), "\\S")


if __name__ == "__main__":
    record()
