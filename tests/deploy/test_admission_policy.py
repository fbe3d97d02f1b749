"""The admission policy, evaluated without an API server (cel.py), against what a pod is to get.

An API server of Kubernetes 1.36.2 was given the same pods, those of PODS and LEFT_ALONE, and made the same of them.
"""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from sidecar.injection.additions import shipped
from sidecar.injection.pod import injected
from sidecar.injection.variables import sdk_values
from tests.deploy import policy_source
from tests.deploy.cel import Pod, admitted, selects
from tests.deploy.kustomize import KUBERNETES, built
from tests.deploy.schemas import validate

FOLDER = KUBERNETES / "admission-policy"
POLICY, BINDING = yaml.safe_load_all((FOLDER / "policy.yaml").read_text())
ADDED = yaml.safe_load(Path("sidecar/injection/additions.yaml").read_text())
VERSIONS = ("1.36", "1.37")
LABEL = "inference-sidecar/inject"
GRACE = "inference-sidecar/grace-seconds"
(AUTOSCALER,) = ADDED["annotations"]


def pod(*containers: dict[str, Any], metadata: dict[str, Any] | None = None, **spec: Any) -> Pod:
    labeled = {"name": "ask", "labels": {"app": "ask", LABEL: "true"}, **(metadata or {})}
    whole = {"containers": list(containers) or [{"name": "app", "image": "app"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": labeled, "spec": whole}


def with_env(name: str, **values: str) -> dict[str, Any]:
    return {"name": name, "image": name, "env": [{"name": key, "value": value} for key, value in values.items()]}


def demanded(before: Pod) -> Pod:
    """The pod that the contract demands, from additions.yaml and the list of variables, without any code of ours."""
    wanted = copy.deepcopy(before)
    metadata, spec = wanted["metadata"], wanted["spec"]
    for container in [*spec["containers"], *spec.get("initContainers", [])]:
        own = container.get("env", [])
        named = {entry["name"] for entry in own}
        first = [{"name": name, "value": value} for name, value in sdk_values().items() if name not in named]
        container["env"] = first + own
    spec["initContainers"] = [ADDED["container"], *spec.get("initContainers", [])]
    spec["volumes"] = [*ADDED["volumes"], *spec.get("volumes", [])]
    metadata["annotations"] = {**ADDED["annotations"], **metadata.get("annotations", {})}
    if (grace := spec.get("terminationGracePeriodSeconds", 30)) != 30:
        metadata["annotations"][GRACE] = str(grace)
    return wanted


MADE_BY_CRON = {
    "name": None,
    "generateName": "nightly-29384-",
    "labels": {LABEL: "true", "batch.kubernetes.io/job-name": "nightly-29384"},
    "annotations": {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-20T03:00:00Z"},
}
MIGRATION = {"name": "migrate", "image": "app", "command": ["migrate"]}
PROXY = {**with_env("proxy", ANTHROPIC_BASE_URL="http://127.0.0.1:9/mine"), "restartPolicy": "Always"}

PODS = {
    "one container": pod(),
    "several containers": pod(
        {"name": "a", "image": "a"}, with_env("b", LOG="info"), {"name": "c", "image": "c", "env": []}
    ),
    "own values": pod(with_env("app", OPENAI_BASE_URL="https://eu.example/v1", LOG="info", GROQ_BASE_URL="")),
    "all values its own": pod(with_env("app", **sdk_values())),
    "a value from elsewhere": pod(
        {
            "name": "app",
            "image": "app",
            "env": [{"name": "CO_API_URL", "valueFrom": {"configMapKeyRef": {"name": "urls", "key": "co"}}}],
            "envFrom": [{"configMapRef": {"name": "urls"}}],
        }
    ),
    "init containers": pod(initContainers=[MIGRATION, PROXY]),
    "volumes": pod(volumes=[{"name": "data", "emptyDir": {}}]),
    "other annotations": pod(metadata={"annotations": {"a/b": "c"}}, terminationGracePeriodSeconds=90),
    "no annotations": pod(terminationGracePeriodSeconds=3600),
    "the usual grace": pod(metadata={"annotations": {"a/b": "c"}}, terminationGracePeriodSeconds=30),
    "an annotation that is wrong": pod(metadata={"annotations": {GRACE: "90"}}, terminationGracePeriodSeconds=45),
    "an annotation of ours": pod(metadata={"annotations": {AUTOSCALER: "scratch"}}, terminationGracePeriodSeconds=90),
    "other ports": pod({"name": "app", "image": "app", "ports": [{"containerPort": 8080}, {"containerPort": 8783}]}),
    "a network said to be its own": pod(hostNetwork=False, os={"name": "linux"}),
    "made by a CronJob": pod(
        MIGRATION, metadata=MADE_BY_CRON, restartPolicy="Never", terminationGracePeriodSeconds=600
    ),
}


@pytest.mark.parametrize("before", PODS.values(), ids=PODS)
def test_pod_gets_what_the_contract_demands(before: Pod) -> None:
    assert admitted(POLICY, before) == demanded(before)


@pytest.mark.parametrize("before", PODS.values(), ids=PODS)
def test_pod_gets_what_sidecar_inject_gives_it(before: Pod) -> None:
    assert admitted(POLICY, before) == injected(before, shipped())


@pytest.mark.parametrize("before", PODS.values(), ids=PODS)
@pytest.mark.parametrize("version", VERSIONS)
def test_pod_is_one_that_kubernetes_takes(before: Pod, version: str) -> None:
    after = admitted(POLICY, before)
    after["metadata"] = {key: value for key, value in after["metadata"].items() if value is not None}
    validate(after, version)


@pytest.mark.parametrize("before", PODS.values(), ids=PODS)
def test_pod_that_has_it_is_left_alone(before: Pod) -> None:
    after = admitted(POLICY, before)
    assert not selects(POLICY, after)
    assert not selects(POLICY, injected(before, shipped()))


NAMES = st.sampled_from([*sdk_values(), "LOG", "PATH"])
ENV = st.lists(NAMES, unique=True).map(lambda names: [{"name": name, "value": "own"} for name in names])
CONTAINER = st.fixed_dictionaries({"name": st.sampled_from(["a", "b"])}, optional={"env": ENV, "args": st.just(["x"])})
CONTAINERS = st.lists(CONTAINER, min_size=1, max_size=3)
VOLUMES = st.lists(st.just({"name": "data", "emptyDir": {}}), max_size=2)
SPEC = st.fixed_dictionaries(
    {"containers": CONTAINERS},
    optional={"initContainers": CONTAINERS, "volumes": VOLUMES, "terminationGracePeriodSeconds": st.integers(1, 4000)},
)
ANNOTATIONS = st.dictionaries(st.sampled_from(["a", GRACE, AUTOSCALER]), st.just("7"))


@given(spec=SPEC, annotations=st.none() | ANNOTATIONS)
@settings(max_examples=30, deadline=None)
def test_any_pod_gets_what_sidecar_inject_gives_it(spec: dict[str, Any], annotations: dict[str, str] | None) -> None:
    metadata = {"labels": {LABEL: "true"}} | ({} if annotations is None else {"annotations": annotations})
    before = {"metadata": metadata, "spec": spec}
    assert admitted(POLICY, before) == injected(before, shipped())


LEFT_ALONE = {
    "no label": pod(metadata={"labels": {"app": "ask"}}),
    "no labels": pod(metadata={"labels": None}),
    "the label says no": pod(metadata={"labels": {LABEL: "false"}}),
    "the node's network": pod(hostNetwork=True),
    "the container from elsewhere": pod(initContainers=[MIGRATION, {"name": "inference-sidecar", "image": "older"}]),
    "the container beside the application": pod({"name": "app"}, {"name": "inference-sidecar"}),
    "a port of ours": pod({"name": "app", "ports": [{"containerPort": 80}, {"containerPort": 8781}]}),
    "a port of ours in an init container": pod(initContainers=[{**PROXY, "ports": [{"containerPort": 8780}]}]),
    "for Windows": pod(os={"name": "windows"}),
    "kubelet's own": pod(metadata={"annotations": {"kubernetes.io/config.mirror": "6d2f"}}),
}


@pytest.mark.parametrize("before", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_pod_is_left_alone(before: Pod) -> None:
    assert admitted(POLICY, before) is before


def test_file_is_what_its_sources_say() -> None:
    assert policy_source.text() == (FOLDER / "policy.yaml").read_text()


def test_command_says_so__and_refuses_what_it_does_not_know(capsys: pytest.CaptureFixture[str]) -> None:
    assert policy_source.main([]) == 0
    assert policy_source.main(["--wrote"]) == 2
    assert "--write" in capsys.readouterr().err


def test_command_tells_of_a_stale_file__and_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "policy.yaml"
    stale.write_text("kind: Nothing\n")
    monkeypatch.setattr(policy_source, "POLICY", stale)
    assert policy_source.main([]) == 1
    assert policy_source.main(["--write"]) == 0
    assert stale.read_text() == (FOLDER / "policy.yaml").read_text()


@pytest.mark.parametrize("document", [POLICY, BINDING], ids=["policy", "binding"])
@pytest.mark.parametrize("version", VERSIONS)
def test_document_is_one_that_kubernetes_takes(document: dict[str, Any], version: str) -> None:
    validate(document, version)


def test_pod_that_cannot_be_given_all_is_refused__never_created_with_half() -> None:
    assert POLICY["spec"]["failurePolicy"] == "Fail"
    assert len(POLICY["spec"]["mutations"]) == 1
    assert "paramKind" not in POLICY["spec"]


SHOWN = (FOLDER / "kustomization.yaml").read_text()


def shown() -> str:
    """The kustomization that the comments of ours show, in pieces, with ours as its resource."""
    pieces = re.findall(r"^#   ((?:patches:| +|nameSuffix: ).*)$", SHOWN, flags=re.MULTILINE)
    return "\n".join(pieces) + "\n"


@pytest.mark.part("kubectl")
def test_kustomization_that_the_comments_show_sets_image_failure_policy_and_namespaces(tmp_path: Path) -> None:
    above = "../" * len(tmp_path.resolve().parts[1:])
    resources = f"resources: [{above}{FOLDER.resolve().relative_to('/')}]\n"
    (tmp_path / "kustomization.yaml").write_text(resources + shown())
    policy, binding = built(tmp_path)
    assert policy["spec"]["failurePolicy"] == "Ignore"
    after = admitted(policy, pod())
    assert after["spec"]["initContainers"][0]["image"] == "registry.example/inference-sidecar:0.1.0"
    assert binding["spec"]["policyName"] == policy["metadata"]["name"] == "inference-sidecar-next"
    assert binding["spec"]["matchResources"]["namespaceSelector"]["matchLabels"] == {"inference-sidecar/track": "next"}
    for document in (policy, binding):
        validate(document)


def test_sed_that_the_comments_show_sets_the_image() -> None:
    (pattern, replacement) = re.search(r'sed "s\|(.+?)\|(.+?)\|"', SHOWN).groups()  # type: ignore[union-attr]
    found, wanted = (each.replace('\\"', '"') for each in (pattern, replacement))
    changed = (FOLDER / "policy.yaml").read_text().replace(found, wanted)
    (policy, _) = yaml.safe_load_all(changed)
    after = admitted(policy, pod())
    assert after["spec"]["initContainers"][0]["image"] == "registry.example/inference-sidecar:0.1.0"
    unchanged = copy.deepcopy(after)
    unchanged["spec"]["initContainers"][0]["image"] = ADDED["container"]["image"]
    assert unchanged == demanded(pod())
