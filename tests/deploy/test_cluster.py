"""What a real API server says of what we ship. Runs where KUBECONFIG points at one that answers, whichever it is.

Everything is a dry run but a namespace, and a policy that is bound to this namespace alone; both are removed. Without a cluster
these tests are skipped, with CI=true too: none can be had where this project is tested (no container engine, no kubelet), and
a policy test that were to fail for it would fail always. The assertions of test_restricted.py and test_lessons.py stand in.
"""

import copy
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.injection.additions import shipped
from sidecar.injection.injecting import inject
from tests.deploy import bad_pods
from tests.deploy.applications import FULL, GRACE, PLAIN, everything, manifest, workload
from tests.deploy.cluster import Cluster, Refused, cluster, holding, knows, why_not
from tests.deploy.kustomize import KUBERNETES, Document, built, documents
from tests.deploy.pods import SIDECAR, effective, pod_of, pods_of
from tests.deploy.schemas import OPERATOR

pytestmark = [pytest.mark.kube, pytest.mark.part("kubectl")]

APPLICATIONS = (
    "examples",
    "overlays/observe",
    "overlays/enforce",
    "overlays/shared-ledger",
    "plain.yaml",
    "classic.yaml",
)
SAFE = {key: value for key, value in bad_pods.CONTAINER.items() if key == "securityContext"}
NOT_EVEN_VALID = {"is a Windows HostProcess", "is privileged", "unmasks /proc"}
"""Refused before the profile is asked: each would need something else that these pods don't have."""
POLICIES = ("admissionregistration.k8s.io/v1", "mutatingadmissionpolicies")


@pytest.fixture(scope="module")
def there() -> Iterator[Cluster]:
    if reason := why_not():
        pytest.skip(f"no cluster is asked: {reason}")
    with cluster() as found:
        yield found


def read(name: str) -> list[Document]:
    """The objects of a kustomization or a file, but for those that only a cluster with Prometheus Operator knows."""
    found = documents((KUBERNETES / name).read_text()) if name.endswith(".yaml") else built(name)
    return [document for document in found if document["kind"] not in OPERATOR]


def bare(metadata: dict[str, Any], spec: dict[str, Any]) -> Document:
    """The pod itself: `restricted` refuses pods, and only warns of what makes them."""
    kept = {"restartPolicy": "Always"} | spec
    head = {key: metadata[key] for key in ("labels", "annotations") if key in metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod", **head}, "spec": kept}


def safe(spec: dict[str, Any]) -> dict[str, Any]:
    """The same pod with containers that `restricted` admits."""
    made = copy.deepcopy(spec)
    for key in ("initContainers", "containers"):
        for container in made.get(key, []):
            container |= copy.deepcopy(SAFE)
    return made


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_object_is_accepted(there: Cluster, name: str):
    for document in read(name):
        there.dry_run(document)


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_pod_is_admitted_where_restricted_is_enforced(there: Cluster, name: str):
    for pod in pods_of(read(name)):
        there.dry_run(bare(pod.metadata, pod.spec))


@pytest.mark.parametrize("spec", [PLAIN, FULL], ids=["little", "much"])
def test_what_sidecar_inject_prints_is_admitted(there: Cluster, spec: dict[str, Any]):
    made = documents(inject(everything(safe(spec), GRACE), shipped()).text)
    for document in made:
        there.dry_run(document)
    for pod in pods_of(made):
        there.dry_run(bare(pod.metadata, pod.spec))


def test_the_good_pod_of_our_own_assertions_is_admitted(there: Cluster):
    pod = bad_pods.pod({})
    there.dry_run(bare(pod.metadata, pod.spec))


@pytest.mark.parametrize("wrong", bad_pods.BAD)
def test_what_our_own_assertions_refuse_is_refused(there: Cluster, wrong: str):
    pod = bad_pods.pod(bad_pods.BAD[wrong])
    with pytest.raises(Refused, match="is invalid" if wrong in NOT_EVEN_VALID else "violates PodSecurity"):
        there.dry_run(bare(pod.metadata, pod.spec))


def with_sidecar() -> dict[str, Any]:
    (made,) = documents(inject(manifest(workload("Pod", safe(PLAIN))), shipped()).text)
    found: dict[str, Any] = made["spec"]
    return found


def test_a_probe_that_names_a_host_is_refused(there: Cluster):
    spec = with_sidecar()
    spec["initContainers"][0]["readinessProbe"]["httpGet"]["host"] = "127.0.0.1"
    with pytest.raises(Refused, match="host"):
        there.dry_run(bare({}, spec))


def test_probes_of_an_init_container_that_is_not_restarted_are_refused(there: Cluster):
    spec = with_sidecar()
    del spec["initContainers"][0]["restartPolicy"]
    with pytest.raises(Refused, match="restartPolicy"):
        there.dry_run(bare({}, spec))


def test_an_unknown_field_is_refused(there: Cluster):
    with pytest.raises(Refused, match="unknown field"):
        there.dry_run(bare({}, safe(PLAIN) | {"sidecars": []}))


@pytest.fixture(scope="module")
def policy(there: Cluster) -> Iterator[None]:
    """The policy, under another name and for the one namespace, until the tests are through."""
    if not knows(*POLICIES):
        pytest.skip("this API server has no MutatingAdmissionPolicy of version v1: it came with Kubernetes 1.36")
    name = f"inference-sidecar-test-{uuid.uuid4().hex[:8]}"
    made, binding = sorted(built("admission-policy"), key=lambda document: len(document["kind"]))
    made["metadata"]["name"] = binding["metadata"]["name"] = binding["spec"]["policyName"] = name
    selected = {"kubernetes.io/metadata.name": there.namespace}
    binding["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": selected}}
    with holding(made), holding(binding):
        there.settled(labeled(safe(PLAIN)), SIDECAR)
        yield


def labeled(spec: dict[str, Any]) -> Document:
    return bare({"labels": {"inference-sidecar/inject": "true", "app": "app"}}, spec)


def wanted(made: Document) -> Document:
    """Without what an API server writes into every pod by itself."""
    (document,) = effective([made])
    pod = pod_of(document)
    assert pod is not None
    ours = pod.sidecar()
    return {
        "sidecar": {"env": ours["env"], "args": ours["args"], "ports": ours["ports"], "hook": ours["lifecycle"]},
        "first": pod.spec["initContainers"][0]["name"],
        "names": [each["name"] for each in pod.containers()],
        "env": {each["name"]: each["env"] for each in pod.others()},
        "volumes": [volume["name"] for volume in pod.spec["volumes"] if "projected" not in volume],
        "annotations": pod.metadata["annotations"],
    }


@pytest.mark.usefixtures("policy")
@pytest.mark.parametrize("spec", [PLAIN, FULL], ids=["little", "much"])
def test_the_policy_injects_what_sidecar_inject_does(there: Cluster, spec: dict[str, Any]):
    pod = labeled(safe(spec))
    (by_command,) = documents(inject(manifest(pod), shipped()).text)
    assert wanted(there.dry_run(pod)) == wanted(there.dry_run(by_command))


@pytest.mark.usefixtures("policy")
def test_the_policy_leaves_a_pod_without_the_label_alone(there: Cluster):
    made = there.dry_run(bare({"labels": {"app": "app"}}, safe(PLAIN)))
    assert "initContainers" not in made["spec"]
