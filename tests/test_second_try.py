"""A test that fails by chance is named and holds up nobody; one that fails is red, however it is asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.second_try import MOST_BY_CHANCE, alone

PASSES_THE_SECOND_TIME = """
from pathlib import Path
HERE = Path(__file__).parent / "was-here"
def test_unsteady():
    try:
        assert HERE.exists()
    finally:
        HERE.touch()
def test_steady():
    assert not HERE.with_name("ran-steady").exists()
    HERE.with_name("ran-steady").touch()
"""
FAILS = "def test_red():\n    assert False\n"
FAILS_OFTEN = "import pytest\n@pytest.mark.parametrize('number', range({}))\ndef test_red(number):\n    assert False\n"


def tried(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "tests.second_try", "-c", str(folder / "pytest.ini"), str(folder), *arguments]
    variables = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}  # quick
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=variables)


@pytest.mark.parametrize("arguments", [(), ("--numprocesses", "2", "--dist", "loadfile")], ids=["alone", "beside"])
def test_what_passes_alone_is_named_and_holds_up_nobody(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    told = tried(tmp_path, PASSES_THE_SECOND_TIME, *arguments)
    assert told.returncode == 0, told.stdout + told.stderr
    unsteady = told.stdout.partition("UNSTEADY")[2]
    assert "test_it.py::test_unsteady" in unsteady
    assert "test_steady" not in unsteady


def test_what_fails_twice_is_red(tmp_path: Path) -> None:
    told = tried(tmp_path, FAILS)
    assert (told.returncode, "UNSTEADY" in told.stdout) == (1, False)


def test_many_failures_are_no_chance(tmp_path: Path) -> None:
    told = tried(tmp_path, FAILS_OFTEN.format(MOST_BY_CHANCE + 1))
    assert (told.returncode, "once more" in told.stdout) == (1, False)


def test_what_can_not_be_collected_is_red(tmp_path: Path) -> None:
    assert tried(tmp_path, "import nothing_of_this_name\n").returncode == 2


def test_asks_for_the_same_tests_in_one_process() -> None:
    asked = ["--numprocesses", "3", "--dist", "loadfile", "-m", "not alone", "tests/soak", "--ignore", "tests/real"]
    assert alone(asked) == ["-m", "not alone", "tests/soak", "--ignore", "tests/real"]
