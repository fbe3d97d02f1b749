"""Everything below deploy/kubernetes builds, is what its kind says, and is admitted where `restricted` is enforced."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.applications import FULL, PLAIN, everything
from tests.deploy.kustomize import KUBERNETES, Document, built, documents, kustomizations, with_components
from tests.deploy.lessons import unlearned
from tests.deploy.pods import Pod, named, pods_of
from tests.deploy.restricted import violations
from tests.deploy.schemas import Invalid, validate

pytestmark = pytest.mark.part("kubectl")

APPLICATIONS = ("examples", "overlays/observe", "overlays/enforce", "overlays/shared-ledger")
"""What builds to whole applications, each pod of which is ours."""
FILES = sorted(path.relative_to(KUBERNETES).as_posix() for path in KUBERNETES.rglob("*.yaml"))
OBJECTS = ("plain.yaml", "classic.yaml", "secret.example.yaml")
"""Files that are applied, or copied, as they stand."""


def read(name: str) -> list[Document]:
    return documents((KUBERNETES / name).read_text())


def pods(folder: str) -> list[Pod]:
    return list(pods_of(built(folder)))


@pytest.mark.parametrize("folder", kustomizations())
def test_every_kustomization_builds_to_what_kubernetes_knows(folder: str):
    made = built(folder)
    assert made
    for document in made:
        validate(document)


@pytest.mark.parametrize("name", OBJECTS)
def test_every_plain_file_is_what_kubernetes_knows(name: str):
    for document in read(name):
        validate(document)


def test_the_container_for_old_clusters_is_known_to_them():
    for document in read("classic.yaml"):
        validate(document, "1.28")


@pytest.mark.parametrize(
    "wrong",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "datum": {}},
        {"apiVersion": "monitoring.coreos.com/v1", "kind": "PodMonitor", "metadata": {"name": "a"}, "spec": {}},
    ],
)
def test_what_kubernetes_does_not_know_is_refused(wrong: dict[str, Any]):
    with pytest.raises(Invalid):
        validate(wrong)


@pytest.mark.parametrize("folder", APPLICATIONS)
def test_every_pod_is_admitted_where_restricted_is_enforced(folder: str):
    assert [wrong for pod in pods(folder) for wrong in violations(pod)] == []
    assert [wrong for pod in pods_of(read("plain.yaml")) for wrong in violations(pod)] == []
    assert [wrong for pod in pods_of(read("classic.yaml")) for wrong in violations(pod)] == []


@pytest.mark.parametrize("folder", APPLICATIONS)
def test_every_pod_has_learned_its_lessons(folder: str):
    assert len(pods(folder)) == 3
    assert [wrong for pod in pods(folder) for wrong in unlearned(pod)] == []
    assert [wrong for pod in pods_of(read("plain.yaml")) for wrong in unlearned(pod)] == []


@pytest.mark.parametrize("folder", APPLICATIONS)
def test_no_pod_of_ours_gets_a_token_of_the_api_server(folder: str):
    assert [pod.spec["automountServiceAccountToken"] for pod in pods(folder)] == [False] * 3


@pytest.mark.parametrize("folder", kustomizations())
def test_no_secret_is_built(folder: str):
    assert [document for document in built(folder) if document["kind"] == "Secret"] == []
    assert [document for document in read("plain.yaml") if document["kind"] == "Secret"] == []


def test_the_secret_is_an_example_that_opens_nothing():
    (secret,) = read("secret.example.yaml")
    assert secret["stringData"] == {"GEMINI_API_KEY": "put-your-key-here"}
    assert secret["metadata"]["name"] == "inference-sidecar"


@pytest.mark.parametrize("folder", [name for name in kustomizations() if not name.startswith("admission")])
def test_no_namespace_is_named(folder: str):
    assert [
        document["metadata"].get("namespace") for document in built(folder) if "namespace" in document["metadata"]
    ] == []


def test_everything_goes_into_the_namespace_that_a_kustomization_names(tmp_path: Path):
    made = with_components(
        tmp_path, everything(PLAIN), "component", "pod-monitor", "network-policy", more="namespace: team\n"
    )
    assert {document["metadata"]["namespace"] for document in made} == {"team"}


def test_the_image_is_one_word_for_all(tmp_path: Path):
    images = "images: [{name: inference-sidecar, newName: mirror/sidecar, newTag: '1.2.3'}]\n"
    made = with_components(tmp_path, everything(FULL), "component", more=images)
    assert {pod.sidecar()["image"] for pod in pods_of(made)} == {"mirror/sidecar:1.2.3"}
    assert {each["image"] for pod in pods_of(made) for each in pod.others()} == {"app", "logs", "other"}


@pytest.mark.parametrize("name", FILES)
def test_no_registry_is_named(name: str):
    """An image is a word that whoever deploys puts a registry before; a host's name has a dot, or a port, before the slash."""
    found = re.findall(r"(?:image|newName): *(\S+)", (KUBERNETES / name).read_text())
    assert [image for image in found if re.match(r"[^/]*[.:][^/]*/", image)] == []
    assert "sha256:" not in (KUBERNETES / name).read_text()


def test_a_shared_ledger_must_have_its_address():
    """Without it the pod does not start, rather than keep a ledger that nobody looks into."""
    for pod in pods("overlays/shared-ledger"):
        first, *_ = pod.sidecar()["env"]
        reference = {"name": "inference-sidecar", "key": "SIDECAR_LEDGER__URL"}
        assert first == {"name": "SIDECAR_LEDGER__URL", "valueFrom": {"secretKeyRef": reference}}


def test_the_overlays_differ_in_the_mode():
    settings = {
        folder: yaml.safe_load(named(built(folder), "ConfigMap", "inference-sidecar")["data"]["sidecar.yaml"])["mode"]
        for folder in APPLICATIONS
    }
    assert list(settings.values()) == ["observe", "observe", "enforce", "enforce"]
