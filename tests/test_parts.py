"""A missing part is loud: listed where it may be missing, a failure where it may not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import parts

ROOT = Path(__file__).parent.parent
NEEDS_PROMETHEUS = """
import pytest

@pytest.mark.part("{part}")
def test_with_a_part():
    pass

def test_without_a_part():
    pass
"""


def pytest_ran(folder: Path, part: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest of its own, with our conftest, where PATH leads to nothing."""
    (folder / "test_it.py").write_text(NEEDS_PROMETHEUS.format(part=part))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
    ]
    kept = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTEST_ADDOPTS"}}
    nowhere = {"PATH": str(folder), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, str(folder)], cwd=folder, env={**kept, **nowhere, **environment}, capture_output=True, text=True
    )


def test_names_are_unique() -> None:
    names = [part.name for part in parts.PARTS]
    assert len(names) == len(set(names))


def test_unknown_part__names_the_known() -> None:
    with pytest.raises(LookupError, match=r"no part is called .promtheus.; tests/parts\.py knows prometheus, "):
        parts.part("promtheus")


def test_a_postgresql_server_is_found_where_debian_puts_it__the_newest_of_several(tmp_path: Path) -> None:
    for version in ("9.6", "9", "15", "17"):
        (tmp_path / version / "bin").mkdir(parents=True)
    found = parts.postgresql_directories(tmp_path)
    assert found == [str(tmp_path / version / "bin") for version in ("17", "15", "9")]
    assert parts.postgresql_directories(tmp_path / "nowhere") == []


def test_missing_part__skipped_and_listed_before_the_last_line(tmp_path: Path) -> None:
    ran = pytest_ran(tmp_path, "prometheus")
    *_, last = ran.stdout.splitlines()
    assert ran.returncode == 0, ran.stdout
    assert "NOT TESTED: parts are missing" in ran.stdout
    assert "prometheus (Debian package prometheus; " in ran.stdout
    assert "    test_it.py::test_with_a_part\n" in ran.stdout
    assert re.search(r"1 passed, 1 skipped in ", last)


@pytest.mark.parametrize(
    ("part", "package"), [("prometheus", "prometheus"), ("alertmanager", "prometheus-alertmanager")]
)
def test_missing_part_in_ci__fails_with_its_package(tmp_path: Path, part: str, package: str) -> None:
    ran = pytest_ran(tmp_path, part, CI="true")
    *_, last = ran.stdout.splitlines()
    assert ran.returncode == 1
    assert f"{part} is missing (Debian package {package})" in ran.stdout
    assert re.search(r"1 passed, 1 error in |1 failed, 1 passed in ", last)


def test_misspelt_part__no_test_runs(tmp_path: Path) -> None:
    ran = pytest_ran(tmp_path, "promtheus")
    assert ran.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py::test_with_a_part: no part is called 'promtheus'" in ran.stderr


def test_servers_stay_off_while_packages_are_installed(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with parts._services_stay_off(policy):
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()


def test_a_policy_that_stood_there_stays(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("theirs")
    with parts._services_stay_off(policy):
        assert policy.read_text() == "theirs"
    assert policy.read_text() == "theirs"


@pytest.mark.anyio
async def test_asynchronous_tests_run_on_the_sidecars_loop() -> None:
    import asyncio

    assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
