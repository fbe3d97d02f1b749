"""deploy/Dockerfile and .dockerignore, read: what a linter knows, and what we promise of the image."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import sidecar
from sidecar.ledger.opening import OLDEST_SQLITE
from tests.deploy.dockerfile import (
    DOCKERFILE,
    ROOT,
    context,
    instructions,
    is_let_through,
    last_stage,
    of,
    pairs,
    read,
)

SECRET = re.compile(r"(?i)(key|token|password|passwd|secret|credential|cert)")
HADOLINT = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
CONTAINER = yaml.safe_load((ROOT / "sidecar/injection/additions.yaml").read_text())["container"]


def environment() -> dict[str, str]:
    return {name: value for env in of("ENV", last_stage()) for name, value in pairs(env).items()}


def pips() -> list[str]:
    """Every command line of pip."""
    lines = [part for run in of("RUN") for part in re.split(r"&&|\|\||;", run.rest)]
    return [line for line in lines if re.search(r"\bpip\b.* (install|wheel)\b", line)]


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
def test_hadolint_has_nothing_to_say() -> None:
    told = subprocess.run([str(HADOLINT), "--no-color", str(DOCKERFILE)], capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (0, "")


def test_our_reading_of_a_dockerfile_joins_lines_and_parts_flags() -> None:
    read_back = list(read('# c\nFROM a AS b\nRUN --mount=type=secret,id=x one \\\n# in between\n && two\nCMD ["x"]\n'))
    assert [found.word for found in read_back] == ["FROM", "RUN", "CMD"]
    assert (read_back[1].flags, read_back[1].rest) == (("--mount=type=secret,id=x",), "one  && two")
    assert (read_back[2].words(), read_back[2].stage) == (["x"], 0)


def test_every_stage_has_the_base_that_is_pinned_by_arguments() -> None:
    defaults = dict(argument.rest.partition("=")[::2] for argument in of("ARG", -1))
    assert re.fullmatch(r"python:3\.1[1-9][a-z0-9.-]*", defaults["PYTHON_IMAGE"])
    assert defaults["PYTHON_DIGEST"] == ""
    bases = {found.rest.split(" AS ")[0] for found in of("FROM")}
    assert bases == {"${PYTHON_IMAGE}${PYTHON_DIGEST:+@${PYTHON_DIGEST}}"}


def test_base_is_a_python_that_is_tested() -> None:
    (image,) = (argument.rest for argument in of("ARG", -1) if argument.rest.startswith("PYTHON_IMAGE"))
    version = re.search(r"python:(3\.\d+)", image)
    assert version
    assert f"Python :: {version[1]}" in (ROOT / "pyproject.toml").read_text()


def test_no_instruction_fetches_what_has_no_hash() -> None:
    assert of("ADD") == []
    assert not [run.rest for run in of("RUN") if re.search(r"\b(curl|wget|git|apt-get|apk)\b", run.rest)]
    assert "latest" not in DOCKERFILE.read_text()


def test_pip_takes_pinned_wheels_with_hashes_or_ourselves_with_nothing() -> None:
    pinned = ("--require-hashes", "--no-deps", "--only-binary :all:")
    ours = ("--no-deps", "--no-index")
    assert len(pips()) == 4
    for line in pips():
        assert all(flag in line for flag in (pinned if " -r " in line else ours)), line
    (wheel,) = (line for line in pips() if " wheel " in line)
    assert "--no-build-isolation" in wheel


def test_pip_reads_the_pins_that_are_tested() -> None:
    copied = {source for copy in of("COPY", 0) for source in copy.words()[:-1]}
    assert {"deploy/build-requirements.txt", "deploy/requirements-postgres.txt"} <= copied


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD", "VOLUME"])
def test_nothing_needs_a_shell_to_start(word: str) -> None:
    (found,) = of(word)
    assert found.is_exec()
    assert found.stage == last_stage()


def test_starts_as_the_pods_container_does() -> None:
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    assert entry.words() == ["sidecar"]
    assert command.words() == CONTAINER["args"]


def test_health_is_asked_without_a_shell() -> None:
    (health,) = of("HEALTHCHECK")
    assert re.sub(r"^.* CMD ", "", f" {health.rest}") == '["sidecar", "wait", "--timeout", "0"]'
    assert {flag.partition("=")[0] for flag in health.flags} >= {"--interval", "--timeout", "--start-period"}


def test_user_is_the_pods_as_a_number_and_stays_so() -> None:
    (user,) = of("USER")
    context_of_pod = CONTAINER["securityContext"]
    assert user.rest == f"{context_of_pod['runAsUser']}:{context_of_pod['runAsGroup']}"
    after = instructions()[instructions().index(user) + 1 :]
    assert {found.word for found in after} <= {"STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def test_folders_are_those_of_the_pod() -> None:
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    ledger = mounts["inference-sidecar-ledger"]
    assert environment()["SIDECAR_LEDGER__URL"] == f"sqlite:///{ledger}/ledger.db"
    assert of("VOLUME")[0].words() == [ledger]
    assert [found.rest for found in of("WORKDIR", last_stage())] == [CONTAINER["workingDir"]]
    assert mounts["inference-sidecar-config"] == CONTAINER["workingDir"]


def test_python_writes_nothing_and_takes_no_module_from_the_folder_of_settings() -> None:
    assert environment()["PYTHONDONTWRITEBYTECODE"] == "1"
    assert environment()["PYTHONSAFEPATH"] == "1"
    assert environment()["PATH"].startswith("/opt/inference-sidecar/bin:")


def test_end_is_asked_for_by_the_signal_that_drains() -> None:
    assert [found.rest for found in of("STOPSIGNAL")] == ["SIGTERM"]


def test_no_argument_or_variable_holds_a_secret() -> None:
    names = [found.rest.partition("=")[0] for found in of("ARG")] + [name for env in of("ENV") for name in pairs(env)]
    assert [name for name in names if SECRET.search(name)] == []


def test_labels_name_the_version_and_the_license() -> None:
    labels = {name: value for label in of("LABEL") for name, value in pairs(label).items()}
    assert {name.removeprefix("org.opencontainers.image.") for name in labels} >= {
        "title", "description", "licenses", "version", "revision", "base.name", "base.digest",
    }  # fmt: skip
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert f"VERSION={sidecar.__version__}" in [argument.rest for argument in of("ARG", last_stage())]


def test_oldest_sqlite_is_the_ledgers() -> None:
    assert f"SQLITE_AT_LEAST={'.'.join(map(str, OLDEST_SQLITE))}" in [argument.rest for argument in of("ARG", 0)]


def test_every_source_of_a_copy_is_there_and_in_the_context() -> None:
    for copy in of("COPY"):
        if not copy.flags:
            assert [source for source in copy.words()[:-1] if not context(source)] == []


def test_image_is_made_of_the_builder_alone() -> None:
    copies = of("COPY", last_stage())
    assert [copy.flags for copy in copies] == [("--from=builder",)]


def test_context_is_the_package_and_what_builds_it() -> None:
    copied = {source for copy in of("COPY", 0) for source in copy.words()[:-1]}
    there = context()
    assert {name if name in copied else name.partition("/")[0] for name in there} == copied
    assert "sidecar/injection/additions.yaml" in there


@pytest.mark.parametrize(
    "path",
    [
        ".git/config", "sidecar.db", "sidecar/sidecar.db", "sidecar/cli/__pycache__/x.cpython-313.pyc", "tests/conftest.py",
        "deploy/compose/keys.env", "deploy/compose/.env", "sidecar/.env", ".venv/bin/python", "deploy/Dockerfile", "s.yaml",
    ],
)  # fmt: skip
def test_what_is_nobodys_business_stays_out(path: str) -> None:
    assert not is_let_through(path)


def test_dockerfile_names_no_host() -> None:
    assert re.findall(r"[a-z0-9-]+\.(?:io|com|org|net|dev)\b/", DOCKERFILE.read_text()) == []
