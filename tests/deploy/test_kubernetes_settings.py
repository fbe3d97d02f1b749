"""The sidecar starts with what the manifests tell it: their settings files, their variables, their commands."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.config.load import load
from sidecar.config.settings import Settings
from sidecar.injection.variables import BASE
from tests.deploy.kustomize import KUBERNETES, documents
from tests.deploy.pods import Pod, pods_of
from tests.deploy.written import ADDITIONS

FILES = [path.relative_to(KUBERNETES).as_posix() for path in sorted(KUBERNETES.rglob("sidecar.yaml"))]
POD = {"metadata.name": "a-7", "metadata.namespace": "team", "metadata.uid": "8d", "spec.nodeName": "node-1"}
MIB = 1024 * 1024
ANNOTATION = "metadata.annotations['inference-sidecar/grace-seconds']"


def variables(container: dict[str, Any], grace: str = "") -> dict[str, str]:
    """The environment that kubelet makes of `env`; an annotation that is not there is an empty text."""
    fields = POD | {ANNOTATION: grace}
    return {
        each["name"]: each["value"] if "value" in each else fields[each["valueFrom"]["fieldRef"]["fieldPath"]]
        for each in container["env"]
    }


def told(container: dict[str, Any], config: str | None = None, grace: str = "") -> Settings:
    return load({}, variables(container, grace), config).settings


def ours() -> dict[str, Any]:
    container: dict[str, Any] = yaml.safe_load(ADDITIONS.read_text())["container"]
    return container


def classic() -> list[Pod]:
    return list(pods_of(documents((KUBERNETES / "classic.yaml").read_text())))


@pytest.mark.parametrize("name", FILES)
def test_every_settings_file_is_understood(name: str):
    settings = told(ours(), str(KUBERNETES / name))
    assert settings.mode == ("enforce" if "enforce" in name else "observe")


def test_what_is_only_shown_in_a_comment_is_understood_too(tmp_path: Path):
    """Whoever takes the hash signs away gets settings, and not an error."""
    text = (KUBERNETES / "examples" / "sidecar.yaml").read_text()
    shown = [
        line.removeprefix("# ") for line in text.splitlines() if line.startswith(("# upstreams:", "# prices:", "#   "))
    ]
    (tmp_path / "shown.yaml").write_text("\n".join(shown))
    settings = told(ours(), str(tmp_path / "shown.yaml"))
    assert settings.upstreams["gemini"].credential is not None
    assert len(settings.prices.overrides) == 1


def test_the_container_listens_where_kubelet_comes_and_nowhere_else():
    settings = told(ours())
    assert str(settings.observe.listen) == "0.0.0.0:8781"
    assert f"http://{settings.proxy.listen}" == BASE
    assert settings.control.listen.host == "127.0.0.1"
    assert ours()["ports"][0]["containerPort"] == settings.observe.listen.port


@pytest.mark.parametrize(("annotation", "seconds"), [("", 30), ("120", 120)])
def test_the_grace_is_what_the_annotation_says_or_kubernetes_default(annotation: str, seconds: float):
    assert told(ours(), grace=annotation).drain.pod_grace_seconds == seconds


def test_the_ledger_makes_room_long_before_its_volume_is_full():
    """kubelet evicts the pod when it is; SQLite's log lies there too."""
    ledger, _ = yaml.safe_load(ADDITIONS.read_text())["volumes"]
    most_bytes = told(ours()).ledger.max_bytes
    assert most_bytes is not None
    assert ledger["emptyDir"]["sizeLimit"] == f"{2 * most_bytes // MIB}Mi"


def test_the_pod_is_known_by_its_name():
    assert told(ours()).pod.known() == {"name": "a-7", "namespace": "team", "uid": "8d", "node": "node-1"}


def test_the_containers_for_old_clusters_understand_theirs():
    deployment, job = classic()
    assert not told(deployment.sidecar()).drain.callers_are_gone
    assert told(job.sidecar()).control.allow_quit


def test_the_container_for_old_clusters_ends_within_its_grace():
    """It is kept back first; then calls and orphans have their time; some is left for the ledger."""
    deployment, _ = classic()
    kept_back = float(deployment.sidecar()["lifecycle"]["preStop"]["exec"]["command"][-1])
    assert (
        kept_back + told(deployment.sidecar()).drain.deadline_seconds + 3
        <= deployment.spec["terminationGracePeriodSeconds"]
    )


def test_the_container_for_old_clusters_comes_first():
    assert [pod.spec["containers"][0]["name"] for pod in classic()] == ["inference-sidecar"] * 2
    assert {pod.spec["containers"][0]["lifecycle"]["postStart"]["exec"]["command"][1] for pod in classic()} == {"wait"}
