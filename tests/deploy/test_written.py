"""What is written from elsewhere is up to date, and says what it was written from."""

import pytest
import yaml

from tests.deploy import written
from tests.deploy.kustomize import KUBERNETES, documents
from tests.deploy.pods import SIDECAR, pods_of

pytestmark = pytest.mark.part("kubectl")


def test_writing_anew_changes_nothing():
    assert written.stale() == [], written.COMMAND


@pytest.mark.parametrize("name", ["workload", "cronjob", "pod"])
def test_the_patches_hold_what_additions_yaml_holds(name: str):
    added = yaml.safe_load(written.ADDITIONS.read_text())
    (pod,) = pods_of(documents((KUBERNETES / "component" / f"{name}.yaml").read_text()))
    assert pod.spec == {"initContainers": [added["container"]], "volumes": added["volumes"]}
    assert pod.metadata["labels"] == added["labels"]
    assert pod.metadata["annotations"] == added["annotations"]


@pytest.mark.parametrize("name", ["workload", "cronjob", "pod"])
def test_the_comments_come_along(name: str):
    patch = (KUBERNETES / "component" / f"{name}.yaml").read_text()
    lines = [line.strip() for line in "".join(written.additions().values()).splitlines()]
    missing = [line for line in lines if line.removeprefix("- ") not in patch]
    assert missing == []


@pytest.mark.parametrize("name", ["alerts", "recording"])
def test_the_rules_in_kubernetes_are_the_rules(name: str):
    (rule,) = documents((KUBERNETES / "monitoring" / f"{name}.yaml").read_text())
    assert rule["spec"] == yaml.safe_load((written.RULES / f"{name}.yaml").read_text())


def test_plain_yaml_has_the_names_that_people_type():
    made = documents((KUBERNETES / "plain.yaml").read_text())
    maps = [document["metadata"]["name"] for document in made if document["kind"] == "ConfigMap"]
    assert sorted(maps) == ["ask", "inference-sidecar", "inference-sidecar-sdk"]
    assert [pod.sidecar()["name"] for pod in pods_of(made)] == [SIDECAR] * 3


def test_a_stale_file_is_found(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(written.WRITTEN, "plain.yaml", lambda: "other\n")
    assert written.stale() == ["plain.yaml"]
    assert written.main([]) == 1


def test_a_flag_that_is_none_changes_nothing():
    assert written.main(["--wrote"]) == 2
