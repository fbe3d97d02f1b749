"""Where pods stand in manifests."""

from typing import Any

import pytest

from sidecar.injection.pods import at, is_manifest, objects_of, pods_of, put, title
from tests.injection.manifests import SPECS, TEMPLATE, manifest, pod_of


@pytest.mark.parametrize("kind", SPECS)
def test_every_kind_has_one(kind):
    made = manifest(kind)
    (path,) = pods_of(made)
    assert at(made, path) is pod_of(made)


def test_pod_template_of_its_own():
    assert list(pods_of({"apiVersion": "v1", "kind": "PodTemplate", "template": TEMPLATE}, ("items", 3))) == [
        ("items", 3, "template")
    ]


def test_other_kinds_by_their_shape():
    rollout = manifest("Deployment") | {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    assert list(pods_of(rollout)) == [("spec", "template")]


@pytest.mark.parametrize(
    "spec",
    [None, {}, {"template": None}, {"template": {"spec": {"containers": None}}}, {"template": {"spec": {"containers": ["text"]}}},
     {"template": {"metadata": {"labels": {}}}}, {"template": "text"}, {"containers": [{}]}],
)  # fmt: skip
def test_what_has_no_containers_is_no_pod(spec):
    assert list(pods_of({"apiVersion": "v1", "kind": "Thing", "spec": spec})) == []


def test_items_of_lists_in_lists():
    inner = {"apiVersion": "v1", "kind": "PodList", "items": [manifest("Pod")]}
    outer = {"apiVersion": "v1", "kind": "List", "items": [manifest("Job"), inner]}
    assert list(objects_of(outer)) == [("items", 0), ("items", 1, "items", 0)]


def test_a_document_is_its_own_object():
    assert list(objects_of({"kind": "ConfigMap"})) == [()]


@pytest.mark.parametrize("value", [None, [], "text", {}, {"kind": "Pod"}, {"apiVersion": "v1", "kind": 3}])
def test_what_does_not_say_what_it_is__no_manifest(value):
    assert not is_manifest(value)


def test_putting_shares_what_is_not_on_the_way():
    value: dict[str, Any] = {"a": [{"b": 1}, {"c": 2}], "d": {}}
    new = put(value, ("a", 0, "b"), 9)
    assert new == {"a": [{"b": 9}, {"c": 2}], "d": {}}
    assert value["a"][0] == {"b": 1}
    assert new["a"][1] is value["a"][1]
    assert new["d"] is value["d"]


def test_title():
    assert title(manifest("Job")) == "Job web"
    assert title({"kind": "Job", "metadata": {"generateName": "run-"}}) == "Job run-"
    assert title({"kind": "Job"}) == "Job"
