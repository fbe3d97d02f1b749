"""Pods inside the objects that make them, and what such a pod comes to once Kubernetes has put it together."""

import copy
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from tests.deploy.kustomize import Document

TEMPLATES = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
"""Kind -> where in it the pod stands."""

SIDECAR = "inference-sidecar"
SDK = "inference-sidecar-sdk"


class Pod(NamedTuple):
    """A pod as some object describes it."""

    owner: str
    """`Kind name`."""
    metadata: dict[str, Any]
    spec: dict[str, Any]

    def containers(self) -> list[dict[str, Any]]:
        """All, init containers first."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    def sidecar(self) -> dict[str, Any]:
        """Our container, wherever it stands."""
        (ours,) = (container for container in self.containers() if container["name"] == SIDECAR)
        return ours

    def others(self) -> list[dict[str, Any]]:
        """All containers but ours."""
        return [container for container in self.containers() if container["name"] != SIDECAR]


def pod_of(document: Document) -> Pod | None:
    """The pod that this object makes; None if it makes none."""
    if document["kind"] not in TEMPLATES:
        return None
    inner: Any = document
    for key in TEMPLATES[document["kind"]]:
        inner = inner[key]
    return Pod(f"{document['kind']} {document['metadata'].get('name')}", inner.get("metadata", {}), inner["spec"])


def pods_of(documents: Iterable[Document]) -> Iterator[Pod]:
    for document in documents:
        if (pod := pod_of(document)) is not None:
            yield pod


def named(documents: Iterable[Document], kind: str, name: str) -> Document:
    """The one object of this kind whose name, without a hash, is this."""
    (found,) = (
        document
        for document in documents
        if document["kind"] == kind and name in (plain(document["metadata"]["name"]), document["metadata"]["name"])
    )
    return found


def plain(name: str) -> str:
    """The name without the hash that Kustomize puts at its end: ten letters and figures."""
    before, _, last = name.rpartition("-")
    return before if len(last) == 10 and last.isalnum() else name


def effective(documents: Iterable[Document]) -> list[Document]:
    """The objects as they work: our variables resolved into `env` as a mapping, generated names without their hashes.

    Of `env` and `envFrom` a container's own `env` counts; among several of envFrom, the last. ConfigMaps that we generate are
    left out: what they say is in the pods by now.
    """
    objects = [copy.deepcopy(document) for document in documents]
    maps = {each["metadata"]["name"]: each["data"] for each in objects if each["kind"] == "ConfigMap"}
    for pod in pods_of(objects):
        for container in pod.containers():
            _resolve(container, maps)
        for volume in pod.spec.get("volumes", []):
            if "configMap" in volume:
                volume["configMap"]["name"] = plain(volume["configMap"]["name"])
        pod.spec["volumes"] = sorted(pod.spec.get("volumes", []), key=lambda volume: str(volume["name"]))
    kept = [each for each in objects if plain(each["metadata"]["name"]) not in (SDK, SIDECAR)]
    return sorted(kept, key=lambda each: (each["kind"], each["metadata"]["name"]))


def _resolve(container: dict[str, Any], maps: dict[str, dict[str, str]]) -> None:
    variables: dict[str, Any] = {}
    kept = []
    for source in container.pop("envFrom", []):
        name = source.get("configMapRef", {}).get("name", "")
        if plain(name) == SDK:
            variables |= {key: {"name": key, "value": value} for key, value in maps[name].items()}
        else:
            kept.append(source)
    own = {entry["name"]: entry for entry in container.pop("env", [])}
    container["env"] = variables | own
    if kept:
        container["envFrom"] = kept
