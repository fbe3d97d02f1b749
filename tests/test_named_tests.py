"""What a text names is told apart from what there is."""

from pathlib import Path

from tests.named_tests import missing, names_in

FILE = """
import pytest

TestMachine = Machine.TestCase

def some_fixture(): ...

@pytest.mark.parametrize("size", [1, 2])
def test_plain(size): ...

async def test_waited_for(): ...

class TestCase:
    def test_method(self): ...
"""


def test_every_name_is_found_in_the_order_of_the_text() -> None:
    text = "| 1 | `tests/a/test_b.py::test_c`, `tests/test_d.py::test_e[one-2]` and tests/x.py::TestY::test_z |"
    assert names_in(text) == ["tests/a/test_b.py::test_c", "tests/test_d.py::test_e", "tests/x.py::TestY::test_z"]


def test_a_file_alone_names_no_test() -> None:
    assert names_in("see `tests/a/test_b.py` and tests/README.md::test_c") == []


def test_what_is_there_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(FILE)
    there = ("test_plain", "test_waited_for", "TestCase::test_method", "TestMachine")
    assert missing([f"tests/test_a.py::{name}" for name in there], tmp_path) == []


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(FILE)
    named = [f"tests/test_a.py::{name}" for name in ("test_gone", "some_fixture", "test_method")]
    named.append("tests/test_b.py::test_plain")
    assert missing(named, tmp_path) == named
