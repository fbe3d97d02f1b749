"""The container for clusters without native sidecars is that of all others, as far as it can be, and a Job ends it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kustomize import KUBERNETES, documents
from tests.deploy.pods import Pod, pods_of
from tests.deploy.written import ADDITIONS
from tests.end_to_end.rig import running_sidecar

ADDED = yaml.safe_load(ADDITIONS.read_text())
DEPLOYMENT, JOB = pods_of(documents((KUBERNETES / "classic.yaml").read_text()))
OF_NATIVE_ONES = {"restartPolicy", "lifecycle", "env"}
"""What of the container can't be the same: it is ended beside the application."""
UNKNOWN = {"SIDECAR_DRAIN__CALLERS_ARE_GONE", "SIDECAR_DRAIN__POD_GRACE_SECONDS"}
"""At SIGTERM the application may live, so that its grace is no matter."""


def by_name(entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries}


def test_the_container_is_that_of_all_others_but_for_its_end():
    ours, theirs = DEPLOYMENT.sidecar(), ADDED["container"]
    assert ours.keys() == theirs.keys() - {"restartPolicy"}
    assert {key: ours[key] for key in ours.keys() - OF_NATIVE_ONES} == {
        key: theirs[key] for key in theirs.keys() - OF_NATIVE_ONES
    }
    wanted = by_name(theirs["env"])
    assert by_name(ours["env"]) == {name: wanted[name] for name in wanted.keys() - UNKNOWN}


@pytest.mark.parametrize("pod", [DEPLOYMENT, JOB], ids=["deployment", "job"])
def test_labels_annotations_and_the_ledger_are_those_of_all_others(pod: Pod):
    assert ADDED["labels"].items() <= pod.metadata["labels"].items()
    assert pod.metadata["annotations"] == ADDED["annotations"]
    assert pod.spec["volumes"][0] == ADDED["volumes"][0]
    assert by_name(pod.sidecar()["env"])["SIDECAR_LEDGER__MAX_BYTES"]["value"] == "256MiB"


def ran(command: list[str], folder: Path) -> int:
    """The exit code of the Job's application, whose work has another one."""
    (folder / "work.py").write_text("raise SystemExit(7)\n")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(command, cwd=folder, env={"PATH": path}, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    return done.returncode


def test_the_job_ends_its_sidecar_after_its_work_and_says_how_that_went(tmp_path: Path):
    (application,) = JOB.others()
    ours = by_name(JOB.sidecar()["env"])["SIDECAR_CONTROL__ALLOW_QUIT"]
    settings = {"CONTROL__ALLOW_QUIT": ours["value"]}
    with running_sidecar(tmp_path, "http://127.0.0.1:9", settings) as sidecar:
        (words,) = application["args"]
        assert "http://127.0.0.1:8782/" in words
        said = words.replace("http://127.0.0.1:8782", sidecar.control)
        assert ran([*application["command"], said], tmp_path) == 7
        assert sidecar.process.wait(30) == 0
