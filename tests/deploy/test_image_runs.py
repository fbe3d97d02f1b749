"""What the Dockerfile's commands make, made for real, starts as the image says: as its user, with a read-only root."""

import os
import subprocess
import sys
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest
import yaml

from sidecar import __version__
from tests import parts
from tests.deploy import container
from tests.deploy.builder import BUILDER, Builder, BuildFailed
from tests.deploy.container import Container, Told
from tests.deploy.dockerfile import ROOT, context, last_stage, of, pairs

pytestmark = pytest.mark.timeout(400)

UNCHECKED_HASH = 1
"""The flags of a compiled file that is believed without a look at its source (PEP 552)."""
NEEDS_CONTAINER = pytest.mark.skipif(bool(container.is_possible()), reason=container.is_possible())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    builder = Builder(tmp_path_factory.mktemp("image"))
    try:
        builder.build()
    except BuildFailed as failed:
        if failed.is_for_want_of_an_index and not parts.is_ci():
            pytest.skip("no package index can be reached")
        raise
    return builder


@pytest.fixture(scope="module")
def environment_made(built: Builder) -> Path:
    return built.folder / "opt/inference-sidecar"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The ledger's folder, as the image has it."""
    (made,) = (run.words() for run in of("RUN", last_stage()))
    assert made[:-1] == ["install", "-d", "-m", "0700", "-o", "65532", "-g", "65532"]
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65532, 65532)
    return folder


def started(built: Builder, state: Path, command: list[str], health: list[str]) -> Told:
    """How it went with a command in the image that the last stage describes."""
    made = str(built.folder / "opt/inference-sidecar/bin")
    variables = {name: value for env in of("ENV", last_stage()) for name, value in pairs(env).items()}
    root = state.parent / "root"
    root.mkdir()
    return container.run(
        Container(
            root=str(root),
            state=str(state),
            state_at=of("VOLUME")[0].words()[0],
            readable=[str(built.folder / "opt/inference-sidecar"), sys.base_prefix],
            user=of("USER")[0].rest,
            workdir=of("WORKDIR", last_stage())[0].rest,
            environment={**variables, "PATH": f"{made}:/usr/local/bin:/usr/bin:/bin"},
            command=command,
            health=health,
        )
    )


def of_the_image() -> tuple[list[str], list[str]]:
    """What the image starts, and how it is asked for its health."""
    (entry,), (command,), (health,) = of("ENTRYPOINT"), of("CMD"), of("HEALTHCHECK")
    asked = yaml.safe_load(health.rest.removeprefix("CMD "))
    return entry.words() + command.words(), asked


def test_build_tells_python_and_sqlite(built: Builder) -> None:
    assert built.told.startswith("Python 3.")
    assert " with SQLite 3." in built.told.splitlines()[0]
    assert f"sidecar {__version__} (Python 3." in built.told.splitlines()[-1]


def test_base_with_an_old_sqlite_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    builder = Builder(tmp_path, SQLITE_AT_LEAST="99.1.0")
    with pytest.raises(BuildFailed, match=r"SQLite 99\.1\.0 or newer is needed"):
        builder.build()
    assert list((tmp_path / "opt").iterdir()) == []


def test_environment_has_us_whole_and_nothing_that_builds(environment_made: Path) -> None:
    (packages,) = environment_made.glob("lib/python3.*/site-packages")
    ours = {path.relative_to(packages).as_posix() for path in (packages / "sidecar").rglob("*") if path.is_file()}
    assert {name for name in ours if "__pycache__" not in name} == set(context("sidecar"))
    there = {path.name.partition("-")[0] for path in packages.iterdir()}
    assert {"psycopg", "uvloop", "google_genai"} <= there
    assert there.isdisjoint({"pip", "hatchling", "setuptools", "tests", "pytest"})


def test_everything_is_compiled_and_believed_without_a_look(environment_made: Path) -> None:
    def is_compiled(source: Path) -> bool:
        compiled = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        return compiled.exists() and compiled.read_bytes()[:8] == MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")

    (package,) = environment_made.glob("lib/python3.*/site-packages/sidecar")
    assert [path for path in package.rglob("*.py") if not is_compiled(path)] == []


def test_every_requirement_is_met(environment_made: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(environment_made), "check"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


@NEEDS_CONTAINER
def test_it_serves_as_nobody_with_a_read_only_root(built: Builder, state: Path) -> None:
    told = started(built, state, *of_the_image())
    assert told.health == 0, told.output
    assert told.ended == 0, told.output
    assert told.writable == ["/var/lib/inference-sidecar"]
    assert '"event": "serving"' in told.output or '"event":"serving"' in told.output
    kept = sorted(path.name for path in state.iterdir())
    assert "ledger.db" in kept
    assert [name for name in kept if not name.startswith("ledger.db")] == []
    assert {(path.stat().st_uid, path.stat().st_gid) for path in state.iterdir()} == {(65532, 65532)}


@NEEDS_CONTAINER
def test_simulator_of_the_compose_demo_is_in_it(built: Builder, state: Path) -> None:
    provider = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())["services"]["provider"]
    asked = "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8790/simulator/bill')"
    told = started(built, state, provider["entrypoint"] + provider["command"], ["python", "-c", asked])
    assert (told.health, told.ended) == (0, 0), told.output


def test_only_the_builders_stage_comes_before_the_image() -> None:
    assert (BUILDER, last_stage()) == (0, 1)
