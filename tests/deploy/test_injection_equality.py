"""`sidecar inject` and the component make the same pods: equal once Kubernetes has put them together.

They differ in how the SDKs' variables come (`env`, or `envFrom` of a ConfigMap, as Kustomize can't look into a container), and in
the grace annotation, which the component's reader writes by hand.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sidecar.injection.additions import GRACE as GRACE_ANNOTATION, chosen, shipped
from sidecar.injection.injecting import inject
from tests.deploy.applications import FULL, GRACE, KINDS, PLAIN, as_list, everything, manifest, workload
from tests.deploy.kustomize import KUBERNETES, Document, built, documents, with_components
from tests.deploy.pods import effective, pod_of
from tests.readme import ROOT

pytestmark = pytest.mark.part("kubectl")


def injected(text: str) -> list[Document]:
    """What `sidecar inject` makes of it, as it works."""
    return effective(documents(inject(text, shipped()).text))


def composed(folder: Path, text: str) -> list[Document]:
    """What the component makes of it, as it works."""
    return effective(with_components(folder, text, "component"))


@pytest.mark.parametrize(("spec", "annotations"), [(PLAIN, None), (FULL, GRACE)], ids=["little", "much"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_workload_comes_to_the_same(
    kind: str, spec: dict[str, Any], annotations: dict[str, str] | None, tmp_path: Path
):
    text = manifest(workload(kind, spec, annotations))
    (made,) = injected(text)
    assert [made] == composed(tmp_path, text)


@pytest.mark.parametrize("spec", [PLAIN, FULL | {"terminationGracePeriodSeconds": 30}], ids=["little", "much"])
def test_a_list_comes_to_the_same_item_by_item(spec: dict[str, Any], tmp_path: Path):
    text = as_list(spec)
    made = injected(text)
    assert len(made) == len(KINDS)
    assert made == composed(tmp_path, text)


def test_the_command_prints_what_the_component_makes(tmp_path: Path):
    text = everything(FULL, GRACE)
    command = [sys.executable, "-m", "sidecar", "inject", "-"]
    printed = subprocess.run(command, input=text, capture_output=True, text=True, cwd=ROOT, check=True).stdout
    assert effective(documents(printed)) == composed(tmp_path, text)


def test_a_grace_that_nobody_has_repeated_is_all_that_differs(tmp_path: Path):
    text = manifest(workload("Deployment", FULL))
    (one,), (other,) = injected(text), composed(tmp_path, text)
    pod, composed_pod = pod_of(one), pod_of(other)
    assert pod is not None
    assert composed_pod is not None
    assert GRACE_ANNOTATION not in composed_pod.metadata["annotations"]
    assert {GRACE_ANNOTATION: pod.metadata["annotations"].pop(GRACE_ANNOTATION)} == GRACE
    assert one == other


def test_plain_yaml_is_what_sidecar_inject_would_make_of_the_examples():
    examples = [(KUBERNETES / "examples" / f"{name}.yaml").read_text() for name in ("deployment", "job", "cronjob")]
    made = injected("---\n".join(examples))
    plain = effective(documents((KUBERNETES / "plain.yaml").read_text()))
    assert [each for each in plain if each["kind"] != "ConfigMap"] == made


def test_what_has_the_sidecar_by_the_component_is_left_as_it_is():
    """Whoever pipes one through the other has one sidecar, and variables that say twice the same."""
    once = built("examples")
    twice = documents(inject(manifest(*once), shipped()).text)
    assert effective(twice) == effective(once)


def test_what_differs_is_seen(tmp_path: Path):
    text = manifest(workload("Deployment", PLAIN))
    other = effective(documents(inject(text, chosen(env={"SIDECAR_MODE": "enforce"})).text))
    assert other != composed(tmp_path, text)
