"""Where pods stand in manifests: those of Kubernetes' own kinds, and of others that hold a pod's template where these do."""

from collections.abc import Iterator
from typing import Any

from sidecar.injection.problems import Path

TEMPLATES: tuple[Path, ...] = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"), ("template",))
"""Of Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, Argo's Rollout; of CronJob; of PodTemplate."""


def is_manifest(value: object) -> bool:
    """Every object of Kubernetes says what it is."""
    return isinstance(value, dict) and all(isinstance(value.get(key), str) for key in ("apiVersion", "kind"))


def objects_of(document: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401  whatever stands in a manifest
    """The paths of the objects in a document: itself, or the items of a List of any kind."""
    if is_manifest(document) and document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for place, item in enumerate(document["items"]):
            yield from objects_of(item, (*path, "items", place))
    else:
        yield path


def pods_of(found: Any, path: Path = ()) -> Iterator[Path]:  # noqa: ANN401
    """The paths of the pods and pod templates of one object, each with a `spec` that names containers."""
    places: tuple[Path, ...] = ((),) if found["kind"] == "Pod" else TEMPLATES
    for place in places:
        if _is_pod(at(found, place)):
            yield (*path, *place)


def _is_pod(value: object) -> bool:
    containers = at(value, ("spec", "containers"))
    return isinstance(containers, list) and bool(containers) and all(isinstance(each, dict) for each in containers)


def at(value: Any, path: Path) -> Any:  # noqa: ANN401
    """What stands at a path, or None."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def put(value: Any, path: Path, new: Any) -> Any:  # noqa: ANN401
    """A copy of a value with something else at a path; what is not on the way to it is shared."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], put(value[step], rest, new), *value[step + 1 :]]
    return {**value, step: put(value[step], rest, new)}


def title(found: Any) -> str:  # noqa: ANN401
    """An object as a person calls it: `Deployment web`."""
    name = at(found, ("metadata", "name")) or at(found, ("metadata", "generateName"))
    return f"{found['kind']} {name}" if name else str(found["kind"])
