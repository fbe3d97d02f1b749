"""What becomes of a pod."""

import copy

import pytest
from hypothesis import given

from sidecar.injection.additions import GRACE, LABEL, chosen, shipped
from sidecar.injection.pod import injected, is_ours
from sidecar.injection.variables import sdk_values
from tests.injection.manifests import POD, TEMPLATE, manifests, pod_of

OURS = shipped().container
SDKS = [{"name": name, "value": value} for name, value in sdk_values().items()]
ANNOTATIONS = dict(shipped().annotations)
((AUTOSCALER, LEDGER),) = ANNOTATIONS.items()
OLD = {
    **OURS,
    "args": ["run"],
    "ports": [{"name": "old", "containerPort": 8781}, {"containerPort": 9}],
    "readinessProbe": None,
}


def spec_of(pod, additions=None):
    return injected(pod, additions or shipped())["spec"]


def pod_with(**spec):
    return {"spec": {**POD, **spec}}


def test_all_of_it_in_one_step():
    assert injected(TEMPLATE, shipped()) == {
        "metadata": {"labels": {"app": "web", LABEL: "true"}, "annotations": ANNOTATIONS},
        "spec": {
            "initContainers": [OURS],
            "volumes": list(shipped().volumes),
            "containers": [{"name": "app", "image": "app:1", "env": SDKS}],
        },
    }


def test_pod_without_metadata_gets_them_before_its_spec():
    assert list(injected(pod_with(), shipped())) == ["metadata", "spec"]


def test_ours_come_before_the_containers_in_the_file__and_env_behind_the_command():
    spec = spec_of(
        {"spec": {"nodeName": "n", "containers": [{"name": "a", "command": ["b"], "ports": []}], "tolerations": []}}
    )
    assert list(spec) == ["nodeName", "initContainers", "volumes", "containers", "tolerations"]
    assert list(spec["containers"][0]) == ["name", "command", "env", "ports"]


def test_ours_is_first_and_other_init_containers_are_told_too():
    first, other = spec_of(pod_with(initContainers=[{"name": "migrate"}]))["initContainers"]
    assert first == OURS
    assert other == {"name": "migrate", "env": SDKS}


def test_own_values_win():
    own = {"name": "OPENAI_BASE_URL", "value": "https://mine"}
    (container,) = spec_of({"spec": {"containers": [{"name": "a", "env": [own]}]}})["containers"]
    assert container["env"] == [entry for entry in SDKS if entry["name"] != "OPENAI_BASE_URL"] + [own]


def test_own_volumes_come_behind_ours():
    volumes = spec_of(pod_with(volumes=[{"name": "mine"}]))["volumes"]
    assert [volume["name"] for volume in volumes] == ["inference-sidecar-ledger", "inference-sidecar-config", "mine"]


@pytest.mark.parametrize(
    ("grace", "there", "annotations"),
    [
        (None, None, {}), (30, None, {}), (60, None, {GRACE: "60"}), (60, "45", {GRACE: "60"}), (30, "45", {GRACE: "30"}),
        (None, "45", {GRACE: "45"}), ("60", None, {}), (True, None, {}),
    ],
)  # fmt: skip
def test_grace_is_noted_where_the_sidecar_could_not_know_it(grace, there, annotations):
    pod = pod_with() if grace is None else pod_with(terminationGracePeriodSeconds=grace)
    if there is not None:
        pod["metadata"] = {"annotations": {GRACE: there}}
    assert injected(pod, shipped())["metadata"]["annotations"] == ANNOTATIONS | annotations


@pytest.mark.parametrize("own", ["scratch", "", f"scratch,{LEDGER}"])
def test_annotation_of_its_own_stays(own):
    pod = {"metadata": {"annotations": {AUTOSCALER: own}}, "spec": POD}
    assert injected(pod, shipped())["metadata"]["annotations"] == {AUTOSCALER: own}


@given(manifests())
def test_twice_is_once_and_what_was_there_stays_as_it_was(made):
    pod, before = pod_of(made), copy.deepcopy(pod_of(made))
    once = injected(pod, shipped())
    assert injected(once, shipped()) == once
    assert pod == before


def test_older_container_is_brought_up_to_date_in_its_place():
    there = spec_of(pod_with(initContainers=[{"name": "first"}, OLD]))["initContainers"]
    assert [container["name"] for container in there] == ["first", "inference-sidecar"]
    assert there[1] == {**OURS, "ports": [*OURS["ports"], {"containerPort": 9}]}


def test_what_people_adjust_stays():
    mine = {
        **OURS,
        "image": "registry/sidecar:1",
        "imagePullPolicy": "Always",
        "resources": {"limits": {"memory": "1Gi"}},
        "env": [
            {"name": "SIDECAR_OBSERVE__LISTEN", "value": "[::]:8781"},
            {"name": "SIDECAR_MODE", "value": "enforce"},
        ],
        "volumeMounts": [*OURS["volumeMounts"], {"name": "certificates", "mountPath": "/etc/ssl"}],
        "envFrom": [{"secretRef": {"name": "more"}}],
    }
    (now,) = spec_of(pod_with(initContainers=[mine]))["initContainers"]
    missing = [entry for entry in OURS["env"] if entry["name"] != "SIDECAR_OBSERVE__LISTEN"]
    assert now == {**mine, "env": [*missing, *mine["env"]], "envFrom": [*OURS["envFrom"], *mine["envFrom"]]}


def test_what_is_chosen_now_wins_over_what_is_there():
    mine = {**OURS, "image": "registry/sidecar:1", "env": [{"name": "SIDECAR_MODE", "value": "observe"}]}
    volumes = [*shipped().volumes, {"name": "mine"}]
    additions = chosen("registry/sidecar:2", {"SIDECAR_MODE": "enforce"}, "other")
    spec = spec_of(pod_with(initContainers=[mine], volumes=volumes), additions)
    assert spec["initContainers"][0]["image"] == "registry/sidecar:2"
    assert spec["initContainers"][0]["env"][-1] == {"name": "SIDECAR_MODE", "value": "enforce"}
    assert spec["volumes"][1]["configMap"] == {"name": "other", "optional": True}


def test_ledger_of_ones_own_beside_our_container_stays():
    claim = {"name": "inference-sidecar-ledger", "persistentVolumeClaim": {"claimName": "ledger"}}
    volumes = spec_of(pod_with(initContainers=[OURS], volumes=[claim]))["volumes"]
    assert volumes == [shipped().volumes[1], claim]


def test_ours_is_known_by_its_restart_and_its_ledger():
    assert is_ours(OURS, shipped())
    assert not is_ours({**OURS, "restartPolicy": None}, shipped())
    assert not is_ours({**OURS, "volumeMounts": None}, shipped())
