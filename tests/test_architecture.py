"""The house keeps its own rules, so that nobody argues about them.

A list of exceptions stands beside each rule, with the reason; an exception that is no longer needed is a failure too.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType

import pytest
from importlinter.cli import lint_imports

from tests.readme import APART, ROOT, floors

MOST_LINES_IN_A_FILE = 250
MOST_LINES_IN_A_FUNCTION = 40
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "core", "manager", "managers", "misc"}

LONG_FILES: Mapping[str, str] = {
    "tests/ledger/conformance.py": "one suite of promises, kept together so that each ledger is held to all of them",
}
LONG_FUNCTIONS: Mapping[str, str] = {}
NO_TEST_FILE = {
    "sidecar/__main__.py": "a call of cli.main; every test of end_to_end starts the sidecar through it",
    "sidecar/control/view.py": "values and a protocol; test_people.py and tests/test_app.py see them used",
    "sidecar/simulator/__main__.py": "flags around server.py",
}
MAY_FAIL = re.compile(rb"(?<![|(])\)[*+?]\+").search
TURNS_NEVER_FAIL = {
    "sidecar/websocket/upgrade.py": "its outer group: what begins with a quote goes to the end at least",
}
READS_A_CLOCK = {
    "sidecar/clock.py": "it is the clock",
}


def sources(*folders: str) -> list[str]:
    """Every Python file below these folders, as a path from the root of the repository."""
    found = (path.relative_to(ROOT).as_posix() for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return sorted(found)


def tree_of(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(), source)


SOURCES = sources("sidecar")
TESTS = sources("tests")


def demand(offenders: Mapping[str, str], excused: Mapping[str, str] = MappingProxyType({})) -> None:
    """Fail with everything that breaks a rule without an excuse, and with the excuses that nothing needs any more."""
    broken = [f"{name}: {offense}" for name, offense in offenders.items() if name not in excused]
    broken += [f"{name}: needs no exception any more" for name in excused if name not in offenders]
    assert not broken, "\n" + "\n".join(broken)


def test_import_contracts_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(ROOT)
    status = lint_imports(config_filename="pyproject.toml", show_timings=False)
    assert status == 0, capsys.readouterr().out


def test_every_room_stands_on_a_floor() -> None:
    rooms = {PurePosixPath(source).parts[1].removesuffix(".py") for source in SOURCES}
    assert rooms - {"__init__", "__main__"} == {*floors(), *APART}


def test_every_folder_says_what_lives_in_it_and_what_does_not() -> None:
    silent = {
        source: "no caption"
        for source in SOURCES
        if source.endswith("/__init__.py")
        and source != "sidecar/__init__.py"  # it points to the map
        and "Not here:" not in (ast.get_docstring(tree_of(source)) or "")
    }
    folders = {path for path in (ROOT / "sidecar").iterdir() if path.is_dir() and path.name != "__pycache__"}
    demand(silent)
    assert [folder.name for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_name_says_nothing() -> None:
    named = {source: "says nothing" for source in SOURCES + TESTS if FORBIDDEN_NAMES & set(_words_of(source))}
    demand(named)


def _words_of(source: str) -> Iterator[str]:
    for part in PurePosixPath(source).with_suffix("").parts:
        yield part
        yield from part.split("_")


def test_no_folder_is_deeper_than_two() -> None:
    deep = {source: "too deep" for source in SOURCES + TESTS if len(PurePosixPath(source).parts) > 3}
    demand(deep)


def test_no_file_has_more_than_one_subject() -> None:
    lengths = {source: (ROOT / source).read_text().count("\n") for source in SOURCES + TESTS}
    long = {source: f"{length} lines" for source, length in lengths.items() if length > MOST_LINES_IN_A_FILE}
    demand(long, LONG_FILES)


def test_no_function_is_long() -> None:
    long = {
        f"{source}::{node.name}": f"{length} lines"
        for source in SOURCES + TESTS
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_IN_A_FUNCTION
    }
    demand(long, LONG_FUNCTIONS)


def test_every_source_file_has_its_test_file() -> None:
    untested = {
        source: f"no {mirror_of(source)}"
        for source in SOURCES
        if not source.endswith("/__init__.py") and not (ROOT / mirror_of(source)).exists()
    }
    demand(untested, NO_TEST_FILE)


def mirror_of(source: str) -> str:
    """sidecar/x/y.py -> tests/x/test_y.py."""
    path = PurePosixPath("tests", *PurePosixPath(source).parts[1:])
    return str(path.with_name(f"test_{path.name}"))


def test_only_the_clock_reads_a_clock() -> None:
    readers = {source: "reads a clock" for source in SOURCES if any(map(_reads_a_clock, ast.walk(tree_of(source))))}
    demand(readers, READS_A_CLOCK)


def _reads_a_clock(node: ast.AST) -> bool:
    """The event loop's `time()` is no clock here: it only tells when a timer is due."""
    match node:
        case ast.Import(names=names):
            return any(alias.name == "time" for alias in names)
        case ast.ImportFrom(module="time"):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="now" | "utcnow" | "today")):
            return True
    return False


def test_possessive_groups_can_end_with_nothing() -> None:
    """Before CPython 3.11.5 such a group stays where it stood within a turn that fails (gh-106052; Debian 12 has 3.11.2)."""
    may_fail = {
        source: f"line {node.lineno}: the last alternative of a possessive group has to be the empty one"
        for source in SOURCES
        for node in ast.walk(tree_of(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, bytes) and MAY_FAIL(node.value)
    }
    demand(may_fail, TURNS_NEVER_FAIL)
