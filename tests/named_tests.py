"""Tests that a text names, and those of them that there are not: a table must not promise what nobody checks.

A name is `tests/folder/test_file.py::test_name`, as pytest writes it. What stands in brackets behind it (one of many
parameters) is not looked at: no file says it before pytest has run.
"""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

NAME = re.compile(r"\b(tests/[\w/.-]+\.py)((?:::\w+)*)")
"""A file of tests, and what in it: nothing, a function, or a class and its method."""


def names_in(text: str) -> list[str]:
    """Every name of a test in a text, in its order, without parameters. A file alone is no name of a test."""
    return [file + inside for file, inside in NAME.findall(text) if inside]


def missing(names: Iterable[str], root: Path) -> list[str]:
    """Those of the names behind which there is no test, by what the files below `root` define."""
    return [name for name in names if name.partition("::")[2] not in _tests_of(root / name.partition("::")[0])]


@cache
def _tests_of(file: Path) -> frozenset[str]:
    """What pytest collects from a file: functions, and methods as `Class::method`. Nothing where there is no file."""
    if not file.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.ClassDef(name=name, body=body):
                found |= {
                    f"{name}::{each.name}" for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                }
            case ast.Assign(targets=[ast.Name(id=name)]):
                found.add(name)  # TestCalls = Machine.TestCase, as hypothesis makes tests of state machines
    return frozenset(name for name in found if re.match("test|Test", name))
