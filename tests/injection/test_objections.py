"""Why pods are refused."""

import pytest

from sidecar.injection.additions import LABEL, chosen, shipped
from sidecar.injection.objections import containers_of, is_passed_over, objections
from tests.injection.manifests import POD

OURS = shipped().container
LEDGER, CONFIG = shipped().volumes


def objected(pod):
    return [(remark.path, remark.sentence) for remark in objections(pod, shipped())]


def labelled(value):
    return {"metadata": {"labels": {LABEL: value}}, "spec": POD}


def test_plain_pod__nothing_to_say():
    assert objected({"spec": POD}) == []
    assert objected(labelled("true")) == []


@pytest.mark.parametrize(
    ("value", "passed"), [("false", True), (False, True), ("true", False), ("no", False), (None, False)]
)
def test_only_false_passes_a_pod_over(value, passed):
    assert is_passed_over(labelled(value)) is passed


@pytest.mark.parametrize("value", [True, "yes", 1])
def test_label_that_is_neither(value):
    ((path, sentence),) = objected(labelled(value))
    assert path == ("metadata", "labels", LABEL)
    assert sentence == 'label inference-sidecar/inject must be "true" or "false", in quotes'


@pytest.mark.parametrize("port", [8780, 8781, 8782])
@pytest.mark.parametrize("key", ["containers", "initContainers"])
def test_port_that_the_sidecar_needs(key, port):
    container = {"name": "app", "ports": [{"containerPort": 80}, {"containerPort": port}]}
    ((path, sentence),) = objected({"spec": {**POD, key: [container]}})
    assert path == ("spec", key, 0, "ports", 1)
    assert sentence.endswith(f"container app uses port {port}, which the sidecar needs")


def test_network_of_the_node():
    ((path, sentence),) = objected({"spec": {**POD, "hostNetwork": True}})
    assert path == ("spec", "hostNetwork")
    assert 'label the pod inference-sidecar/inject: "false"' in sentence
    assert objected({"spec": {**POD, "hostNetwork": False}}) == []


def test_pod_for_windows():
    ((_, sentence),) = objected({"spec": {**POD, "os": {"name": "windows"}}})
    assert "is for Linux" in sentence
    assert objected({"spec": {**POD, "os": {"name": "linux"}}}) == []


@pytest.mark.parametrize(
    ("key", "container"),
    [
        ("containers", OURS),
        ("initContainers", {"name": "inference-sidecar"}),
        ("initContainers", {**OURS, "restartPolicy": "Never"}),
    ],
)
def test_container_of_our_name_that_is_not_ours(key, container):
    ((path, sentence),) = objected({"spec": {**POD, key: [container]}})
    assert path == ("spec", key, 0)
    assert "container inference-sidecar has the sidecar's name" in sentence


def test_volume_of_our_name_that_is_not_ours():
    mine = {"name": CONFIG["name"], "emptyDir": {}}
    ((path, sentence),) = objected({"spec": {**POD, "volumes": [LEDGER, mine]}})
    assert path == ("spec", "volumes", 1)
    assert sentence.startswith("volume inference-sidecar-config has the name of one of the sidecar's")


def test_volumes_beside_our_container_are_as_somebody_wanted_them():
    mine = {"name": CONFIG["name"], "emptyDir": {}}
    assert objected({"spec": {**POD, "initContainers": [OURS], "volumes": [mine]}}) == []


def test_volume_with_the_chosen_config_map_is_ours():
    additions = chosen(config_map="mine")
    assert list(objections({"spec": {**POD, "volumes": additions.new_volumes}}, additions)) == []


@pytest.mark.parametrize(
    ("pod", "path"),
    [
        ({"metadata": [], "spec": POD}, ("metadata",)),
        ({"metadata": {"labels": "a"}, "spec": POD}, ("metadata", "labels")),
        ({"metadata": {"annotations": ["a"]}, "spec": POD}, ("metadata", "annotations")),
        ({"spec": {**POD, "volumes": ["a"]}}, ("spec", "volumes")),
        ({"spec": {**POD, "initContainers": {"a": 1}}}, ("spec", "initContainers")),
        ({"spec": {"containers": [{"env": [None]}]}}, ("spec", "containers", 0, "env")),
        ({"spec": {"containers": [{"ports": "80"}]}}, ("spec", "containers", 0, "ports")),
    ],
)
def test_what_is_not_written_as_pods_are(pod, path):
    ((where, sentence),) = objected(pod)
    assert where == path
    assert "is no " in sentence


def test_everything_at_once():
    container = {"name": "app", "ports": [{"containerPort": 8780}]}
    assert len(objected({"spec": {"hostNetwork": True, "containers": [container, container]}})) == 3


def test_init_containers_come_first():
    pod = {"spec": {"containers": [{"name": "a"}], "initContainers": [{"name": "b"}]}}
    assert [container["name"] for _, container in containers_of(pod)] == ["b", "a"]
