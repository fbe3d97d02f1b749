"""Each lesson is forgotten by one pod: the good one, with one thing changed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.deploy.lessons import LESSONS, unlearned
from tests.deploy.pods import Pod
from tests.deploy.written import ADDITIONS

Change = Callable[[Pod, dict[str, Any]], object]
ADDED = yaml.safe_load(ADDITIONS.read_text())
APPLICATION = {"name": "application", "image": "application", "ports": [{"containerPort": 8080}]}


def good() -> Pod:
    """The least pod with what additions.yaml adds."""
    added = copy.deepcopy(ADDED)
    spec = {
        "initContainers": [added["container"]],
        "containers": [copy.deepcopy(APPLICATION)],
        "volumes": added["volumes"],
    }
    return Pod("Pod p", {"labels": added["labels"]}, spec)


def listen(name: str, value: str) -> Change:
    def change(_: Pod, sidecar: dict[str, Any]) -> None:
        sidecar["env"] = [each for each in sidecar["env"] if each["name"] != name] + [{"name": name, "value": value}]

    return change


def before(_: Pod, sidecar: dict[str, Any]) -> dict[str, Any]:
    return {"name": "setup", "image": sidecar["image"]}


FORGETS: dict[str, tuple[Change, set[str]]] = {
    "has no sidecar, or two": (
        lambda pod, sidecar: pod.spec["containers"].append({"name": sidecar["name"], "image": "old"}),
        {
            "has a sidecar that is not restarted",
            "has a preStop hook that is not exec",
            "has its metrics and probes on loopback",
            "has another port than sidecar-metrics",
            "has probes that do not ask for the sidecar's own state",
            "starts later than it could",
            "asks for no resources, or limits CPU",
            "has a root that can be written to",
        },
    ),
    "does not start the sidecar before everything else": (
        lambda pod, sidecar: pod.spec["initContainers"].insert(0, before(pod, sidecar)), set()
    ),
    "has a sidecar that is not restarted": (
        lambda _, sidecar: sidecar.pop("restartPolicy"),
        {"has probes or hooks on an init container that is not restarted"},
    ),
    "has probes or hooks on an init container that is not restarted": (
        lambda pod, sidecar: pod.spec["initContainers"].append(
            before(pod, sidecar) | {"livenessProbe": {"exec": {"command": ["true"]}}}
        ),
        set(),
    ),
    "has a preStop hook that is not exec": (
        lambda _, sidecar: sidecar.update(lifecycle={"preStop": {"httpGet": {"path": "/api/drain", "port": 8782}}}), set()
    ),
    "has its metrics and probes on loopback": (listen("SIDECAR_OBSERVE__LISTEN", "127.0.0.1:8781"), set()),
    "opens the proxy or the control socket to others": (listen("SIDECAR_PROXY__LISTEN", "0.0.0.0:8780"), set()),
    "has another port than sidecar-metrics": (
        lambda _, sidecar: sidecar["ports"].append({"name": "proxy", "containerPort": 8780}), set()
    ),
    "has a port twice": (
        lambda pod, _: pod.spec["containers"][0].update(ports=[{"name": "metrics", "containerPort": 8781}]), set()
    ),
    "has probes that do not ask for the sidecar's own state": (
        lambda _, sidecar: sidecar["readinessProbe"].update(httpGet={"path": "/gemini", "port": 8780}), set()
    ),
    "starts later than it could": (lambda _, sidecar: sidecar["startupProbe"].update(initialDelaySeconds=5), set()),
    "has no label": (lambda pod, _: pod.metadata["labels"].clear(), set()),
    "does not repeat its grace": (lambda pod, _: pod.spec.update(terminationGracePeriodSeconds=90), set()),
    "asks for no resources, or limits CPU": (lambda _, sidecar: sidecar["resources"]["limits"].update(cpu="1"), set()),
    "has a root that can be written to": (
        lambda _, sidecar: sidecar["securityContext"].pop("readOnlyRootFilesystem"), set()
    ),
    "has no bounded place for the ledger": (lambda pod, _: pod.spec["volumes"][0].update(emptyDir={}), set()),
    "shares its processes": (lambda pod, _: pod.spec.update(shareProcessNamespace=True), set()),
}  # fmt: skip
"""What is forgotten -> how, and what else cannot but be forgotten with it."""


def test_what_additions_yaml_adds_forgets_nothing():
    assert unlearned(good()) == []


def test_each_lesson_has_a_pod_that_forgets_it():
    assert FORGETS.keys() == LESSONS.keys()


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_pod_that_forgets_it_is_found(lesson: str):
    pod = good()
    change, besides = FORGETS[lesson]
    change(pod, pod.sidecar())
    assert set(unlearned(pod)) == {f"Pod p {each}" for each in {lesson, *besides}}


@pytest.mark.parametrize("address", ["localhost:8781", "[::1]:8781"])
def test_loopback_has_more_than_one_name(address: str):
    pod = good()
    listen("SIDECAR_OBSERVE__LISTEN", address)(pod, pod.sidecar())
    assert unlearned(pod) == ["Pod p has its metrics and probes on loopback"]


def test_a_grace_that_the_annotation_repeats_is_fine():
    pod = good()
    pod.spec["terminationGracePeriodSeconds"] = 90
    pod.metadata["annotations"] = {"inference-sidecar/grace-seconds": "90"}
    assert unlearned(pod) == []
