"""Why a pod can't be injected, and what people should know of one that is.

A port is free or not for all containers of a pod at once, since they share one network; with `hostNetwork` that is the node's.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sidecar.injection.additions import LABEL, PORTS, Additions
from sidecar.injection.pod import is_ours
from sidecar.injection.pods import at
from sidecar.injection.problems import Path, Remark

LISTS = ("containers", "initContainers", "volumes")
LISTS_OF_CONTAINERS = ("env", "envFrom", "ports", "volumeMounts")
GROUPS: tuple[Path, ...] = (("metadata",), ("metadata", "labels"), ("metadata", "annotations"))
CONTAINERS = ("initContainers", "containers")

Placed = tuple[Path, Mapping[str, Any]]


def is_passed_over(pod: Mapping[str, Any]) -> bool:
    """Its label says that the sidecar is not wanted."""
    return at(pod, ("metadata", "labels", LABEL)) in ("false", False)


def objections(pod: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    """Everything for which a pod is refused. Of one that is not written as pods are, only that."""
    malformed = list(_malformed(pod))
    yield from malformed
    if not malformed:
        yield from _of_the_pod(pod)
        yield from _of_containers(pod, additions)
        yield from _of_volumes(pod, additions)


def containers_of(pod: Mapping[str, Any]) -> Iterator[Placed]:
    """Every container with its path, those that come first first."""
    for key in CONTAINERS:
        for place, container in enumerate(pod["spec"].get(key) or []):
            yield ("spec", key, place), container


def called(path: Path, container: Mapping[str, Any]) -> str:
    """A container as a sentence names it."""
    kind = "init container" if "initContainers" in path else "container"
    return f"{kind} {container.get('name') or path[-1]}"


def _malformed(pod: Mapping[str, Any]) -> Iterator[Remark]:
    for path in GROUPS:
        if not isinstance(at(pod, path), dict | None):
            yield Remark(path, f"{path[-1]} is no group of keys")
    lists: list[tuple[Path, Any]] = [(("spec", key), pod["spec"].get(key)) for key in LISTS]
    for path, found in lists:
        if not _is_list_of_groups(found):
            yield Remark(path, f"{path[-1]} is no list of groups of keys")
    if all(_is_list_of_groups(found) for _, found in lists):
        for path, container in containers_of(pod):
            for key in LISTS_OF_CONTAINERS:
                if not _is_list_of_groups(container.get(key)):
                    yield Remark((*path, key), f"{key} of {called(path, container)} is no list of groups of keys")


def _is_list_of_groups(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(map(_is_group_with_a_name, value)))


def _is_group_with_a_name(item: object) -> bool:
    """Or without one; but a name is no list, nor a group itself."""
    return isinstance(item, dict) and not isinstance(item.get("name"), list | dict)


def _of_the_pod(pod: Mapping[str, Any]) -> Iterator[Remark]:
    label = at(pod, ("metadata", "labels", LABEL))
    if label not in (None, "true"):
        said = f'label {LABEL} must be "true" or "false", in quotes'
        yield Remark(("metadata", "labels", LABEL), said)
    if pod["spec"].get("hostNetwork") is True:
        yield Remark(
            ("spec", "hostNetwork"),
            "hostNetwork: the sidecar would take its ports on the node, and calls of everybody there; "
            f'label the pod {LABEL}: "false", or run the sidecar as a service of the node',
        )
    if at(pod, ("spec", "os", "name")) == "windows":
        yield Remark(("spec", "os"), f'the sidecar\'s image is for Linux; label the pod {LABEL}: "false"')


def _of_containers(pod: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    for path, container in containers_of(pod):
        if container.get("name") == additions.name:
            if "containers" in path or not is_ours(container, additions):
                yield Remark(
                    path, f"{called(path, container)} has the sidecar's name, and is not the one that is added"
                )
            continue
        for place, port in enumerate(container.get("ports") or []):
            if port.get("containerPort") in PORTS:
                said = f"{called(path, container)} uses port {port['containerPort']}, which the sidecar needs"
                yield Remark((*path, "ports", place), said)


def _of_volumes(pod: Mapping[str, Any], additions: Additions) -> Iterator[Remark]:
    """With our container there, a volume of our name is ours, or somebody has given us another on purpose."""
    if any(container.get("name") == additions.name for _, container in containers_of(pod)):
        return
    ours: dict[str, Sequence[Mapping[str, Any]]] = {}
    for volume in additions.volumes:
        ours[volume["name"]] = (volume, additions.with_config_map(volume))
    for place, volume in enumerate(pod["spec"].get("volumes") or []):
        name = volume.get("name")
        if name in ours and volume not in ours[name]:
            said = f"volume {name} has the name of one of the sidecar's, and is not the one that is added"
            yield Remark(("spec", "volumes", place), said)
