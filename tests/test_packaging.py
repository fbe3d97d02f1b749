"""What others install: the wheel, the source archive, the pinned versions, the words of make."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sidecar import __version__
from tests.readme import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
MAKEFILE = (ROOT / "Makefile").read_text()
RUN, BUILD, TEST = "deploy/requirements.txt", "deploy/build-requirements.txt", "tests/requirements.txt"
PINNED = (RUN, BUILD, TEST, "deploy/requirements-postgres.txt")
NOT_OURS = re.compile(r"(?<![A-Za-z0-9_.])/(work|root|home)/")
"""Folders of somebody's machine."""


def pins_of(name: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Package -> its exact version and the hashes of its files."""
    pins = {}
    for block in re.split(r"\n(?=[a-z])", (ROOT / name).read_text()):
        if pin := re.match(r"([a-z0-9-]+)==([^ ]+)", block):
            pins[pin[1]] = pin[2], frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block))
    return pins


def asked_for(requirements: list[str]) -> list[Requirement]:
    """Requirements of other packages than our own."""
    return [asked for asked in map(Requirement, requirements) if asked.name != PROJECT["project"]["name"]]


def build(target: str, folder: Path) -> Path:
    """Build the package as an installer would, but with the hatchling that is here, from a copy without what git ignores."""
    copy = folder / "copy"
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line and line[0] != "#"]
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", *ignored))
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = (path for path in folder.iterdir() if path.is_file())
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(build("wheel", tmp_path_factory.mktemp("wheel"))) as opened:
        yield opened


def files_below(folder: str) -> set[str]:
    """Every file that belongs to the repository below a folder."""
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
    return {name for name in found if "__pycache__" not in name}


def test_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == files_below("sidecar")


def test_wheel_carries_the_license_and_the_command(wheel: zipfile.ZipFile) -> None:
    folder = f"inference_sidecar-{__version__}.dist-info"
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert b"sidecar = sidecar.cli:main" in wheel.read(f"{folder}/entry_points.txt")


def test_wheel_names_itself(wheel: zipfile.ZipFile) -> None:
    metadata = Parser().parsestr(wheel.read(f"inference_sidecar-{__version__}.dist-info/METADATA").decode())
    assert metadata["Name"] == "inference-sidecar"
    assert metadata["Version"] == __version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"


def test_source_archive_can_be_tested(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"Makefile", "LICENSE", "README.md", "pyproject.toml", "tests/conftest.py", ".ci/run", *PINNED}
    assert needed | files_below("sidecar") <= held


def test_installed_is_what_stands_here() -> None:
    assert distribution("inference-sidecar").version == __version__


@pytest.mark.parametrize("name", PINNED)
def test_every_pin_has_its_hashes(name: str) -> None:
    pins = pins_of(name)
    assert pins
    assert [package for package, (_, hashes) in pins.items() if not hashes] == []


@pytest.mark.parametrize("name", PINNED)
def test_pins_name_no_place_to_download_from(name: str) -> None:
    allowed = re.compile(r"[a-z0-9-]+==[^ ]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?|\s*#.*")
    lines = (ROOT / name).read_text().splitlines()
    assert [line for line in lines if not allowed.fullmatch(line)] == []
    assert [line for line in lines if "://" in line or "file:" in line] == []


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        (RUN, PROJECT["project"]["dependencies"]),
        (BUILD, PROJECT["build-system"]["requires"]),
        (TEST, PROJECT["project"]["optional-dependencies"]["test"]),
        (TEST, PROJECT["project"]["optional-dependencies"]["aws"]),
    ],
    ids=["run", "build", "test", "aws"],
)
def test_every_dependency_is_pinned_within_its_range(name: str, requirements: list[str]) -> None:
    pins = pins_of(name)
    for asked in asked_for(requirements):
        version, _ = pins[canonicalize_name(asked.name)]
        assert asked.specifier.contains(version), f"{asked} but {name} has {version}: make pins"


@pytest.mark.parametrize("name", [RUN, BUILD])
def test_what_is_tested_is_what_runs(name: str) -> None:
    tested = pins_of(TEST)
    assert {package: tested.get(package) for package in pins_of(name)} == pins_of(name)


def test_ci_runs_what_make_test_runs() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().splitlines()[-1] == "exec make test"


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make on our Makefile, apart from the make that may run these tests."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(["make", "-C", str(ROOT), *arguments], env=environment, capture_output=True, text=True)


def test_make_alone_lists_every_word() -> None:
    words = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    listed = set(re.findall(r"^  ([a-z-]+) +\S", make("help").stdout, re.MULTILINE))
    assert listed == words == set(re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)[0].split())


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], str]:
    """Makes a stand-in for a Python interpreter from a line of shell."""

    def made(script: str) -> str:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return str(path)

    return made


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ('case "$2" in *version_info*) exit 1; esac', "Python 3.11 or newer is needed"),
        ('case "$2" in *ensurepip*) exit 1; esac', "on Debian: apt-get install python3-venv"),
    ],
    ids=["too old", "without ensurepip"],
)
def test_unusable_python__said_in_a_sentence(tmp_path: Path, python, script: str, sentence: str) -> None:
    said = make("run", f"PYTHON={python(script)}", f"VENV={tmp_path / 'venv'}")
    assert said.returncode == 2
    assert sentence in said.stderr
    assert not (tmp_path / "venv").exists()


def test_no_file_knows_a_folder_of_somebodys_machine() -> None:
    folders = ("sidecar", "tests", "deploy", "dashboards", ".ci")
    names = {"Makefile", "pyproject.toml", "README.md", "CHANGELOG.md"}.union(*map(files_below, folders))
    knowing = [name for name in sorted(names) if NOT_OURS.search((ROOT / name).read_text(errors="replace"))]
    assert knowing == []
