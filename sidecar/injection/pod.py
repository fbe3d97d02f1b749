"""A pod with the sidecar in it: all that is added, in one step, and nothing that was there taken away.

What is there already and ours is brought up to date: everything of it is set to what it is today, but `image`, `resources` and
`env` stay as they stand, because these are what people adjust; so do keys, ports, mounts and volumes that we know nothing of.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sidecar.injection.additions import GRACE, Additions, with_env
from sidecar.injection.pods import at

DEFAULT_GRACE = 30
"""Kubernetes' own `terminationGracePeriodSeconds`."""

THEIRS = ("image", "resources")
FIRST_IN_CONTAINER = ("name", "image", "imagePullPolicy", "command", "args", "workingDir")
"""`env` stands behind these, by custom."""

LISTS = {"envFrom": "", "ports": "containerPort", "volumeMounts": "mountPath"}
"""Lists of our container to which others may have added, and by what items are told apart; empty: by all they say."""


def injected(pod: Mapping[str, Any], additions: Additions) -> dict[str, Any]:
    """The pod, or pod template, with the additions. What does not change is shared with `pod`, which stays as it is."""
    metadata = pod.get("metadata") or {}
    marks = {"labels": additions.labels, "annotations": _annotations(pod, additions)}
    for key, entries in marks.items():
        if entries:
            metadata = {**metadata, key: {**(metadata.get(key) or {}), **entries}}
    there = pod if "metadata" in pod else _before(pod, "spec", {"metadata": metadata})
    return {**there, "metadata": metadata, "spec": _spec(pod["spec"], additions)}


def is_ours(container: Mapping[str, Any], additions: Additions) -> bool:
    """An init container is one that we added, now or in an older version: it restarts always, and mounts our ledger."""
    mounts = container.get("volumeMounts") or []
    ledger = additions.volumes[0]["name"]
    return container.get("restartPolicy") == "Always" and any(mount.get("name") == ledger for mount in mounts)


def _annotations(pod: Mapping[str, Any], additions: Additions) -> dict[str, str]:
    """What is new in them."""
    own = at(pod, ("metadata", "annotations")) or {}
    return {key: value for key, value in additions.annotations.items() if key not in own} | _grace(pod)


def _grace(pod: Mapping[str, Any]) -> dict[str, str]:
    """What the sidecar must know of its grace. The default needs no annotation, but sets one from earlier right."""
    grace, there = at(pod, ("spec", "terminationGracePeriodSeconds")), at(pod, ("metadata", "annotations", GRACE))
    is_needed = type(grace) is int and (grace != DEFAULT_GRACE or there is not None)
    return {GRACE: str(grace)} if is_needed else {}


def _spec(spec: Mapping[str, Any], additions: Additions) -> dict[str, Any]:
    containers = [_with_variables(container, additions.variables) for container in spec["containers"]]
    new = {
        "initContainers": _init_containers(spec.get("initContainers") or [], additions),
        "volumes": _volumes(spec.get("volumes") or [], additions),
    }
    missing = {key: value for key, value in new.items() if key not in spec}
    return {**_before(spec, "containers", missing), **new, "containers": containers}


def _init_containers(containers: Sequence[Mapping[str, Any]], additions: Additions) -> list[Mapping[str, Any]]:
    there = [
        _updated(container, additions)
        if container.get("name") == additions.name
        else _with_variables(container, additions.variables)
        for container in containers
    ]
    known = any(container.get("name") == additions.name for container in containers)
    return there if known else [additions.new_container, *there]


def _volumes(volumes: Sequence[Mapping[str, Any]], additions: Additions) -> list[Mapping[str, Any]]:
    """Ours in front, as Kustomize puts them."""
    ours = {volume["name"] for volume in additions.volumes}
    there = [additions.with_config_map(volume) if volume.get("name") in ours else volume for volume in volumes]
    return _in_front(additions.new_volumes, there, "name")


def _with_variables(container: Mapping[str, Any], variables: Mapping[str, str]) -> Mapping[str, Any]:
    """A container of somebody else's, told where to call, unless it was told by itself."""
    ours = [{"name": name, "value": value} for name, value in variables.items()]
    entries = _in_front(ours, container.get("env") or [], "name")
    if "env" in container:
        return {**container, "env": entries}
    following = next((key for key in container if key not in FIRST_IN_CONTAINER), None)
    return _before(container, following, {"env": entries})


def _updated(there: Mapping[str, Any], additions: Additions) -> dict[str, Any]:
    """Our container, as it is today, with what is theirs in it."""
    new = additions.new_container
    kept = {key: there[key] for key in THEIRS if key in there and not (key == "image" and additions.image)}
    for key, identity in LISTS.items():
        today = {_identity(item, identity): item for item in new.get(key, ())}
        theirs = [today.get(_identity(item, identity), item) for item in there.get(key) or []]
        kept[key] = _in_front(list(today.values()), theirs, identity)
    kept["env"] = with_env(_in_front(new["env"], there.get("env") or [], "name"), additions.env)
    return {**there, **new, **kept}


def _in_front(ours: Sequence[Any], theirs: Sequence[Any], identity: str) -> list[Any]:
    """Their items, and before them those of ours that they do not have."""
    known = {_identity(item, identity) for item in theirs}
    return [item for item in ours if _identity(item, identity) not in known] + list(theirs)


def _identity(item: Mapping[str, Any], identity: str) -> str:
    return repr(item.get(identity) if identity else item)


def _before(mapping: Mapping[str, Any], key: str | None, new: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping with new keys before one of its own; at its end where that is None."""
    result: dict[str, Any] = {}
    for each, value in mapping.items():
        result |= new if each == key else {}
        result[each] = value
    return result if key is not None else {**result, **new}
