"""What a pod gets, as `additions.yaml` says it, with the few things that a user may choose."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from sidecar.injection.variables import sdk_values

LABEL = "inference-sidecar/inject"
"""On a pod: "true" where we are wanted, "false" where we must not be."""

GRACE = "inference-sidecar/grace-seconds"
"""On a pod: its `terminationGracePeriodSeconds`, which Kubernetes tells no container."""

PORTS = (8780, 8781, 8782)
"""What the sidecar listens on in a pod: proxy, observe, control."""


class Additions(msgspec.Struct, frozen=True):
    """Labels, annotations, the container, volumes, and the SDKs' variables of the other containers.

    All are values as YAML gives them; nobody changes them in place.
    """

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    """Each but for pods that have one of that name: theirs are kept."""
    container: Mapping[str, Any]
    volumes: Sequence[Mapping[str, Any]]
    variables: Mapping[str, str] = msgspec.field(default_factory=sdk_values)
    image: str | None = None
    """Set: containers that are there already get it, too."""
    env: Mapping[str, str] = {}
    """More variables of the sidecar's own container; they win over those that are there."""
    config_map: str | None = None
    """Set: the ConfigMap with `sidecar.yaml`, also where another one is named already."""

    @property
    def name(self) -> str:
        """The container's."""
        return str(self.container["name"])

    @property
    def new_container(self) -> dict[str, Any]:
        """The container for a pod that has none."""
        image = {"image": self.image} if self.image else {}
        return {**self.container, **image, "env": with_env(self.container["env"], self.env)}

    @property
    def new_volumes(self) -> list[Mapping[str, Any]]:
        """The volumes for a pod that has none of them."""
        return [self.with_config_map(volume) for volume in self.volumes]

    def with_config_map(self, volume: Mapping[str, Any]) -> Mapping[str, Any]:
        """A volume of ours that names the chosen ConfigMap, if it is the volume of one and one was chosen."""
        named = volume.get("configMap")
        if self.config_map is None or not isinstance(named, dict):
            return volume
        return {**volume, "configMap": {**named, "name": self.config_map}}


def with_env(entries: Sequence[Mapping[str, Any]], chosen: Mapping[str, str]) -> list[Mapping[str, Any]]:
    """`env` with chosen values: in place where the name is there, at the end where it is not."""
    kept = [
        {"name": entry["name"], "value": chosen[entry["name"]]} if entry.get("name") in chosen else entry
        for entry in entries
    ]
    known = {entry.get("name") for entry in entries}
    return kept + [{"name": name, "value": value} for name, value in chosen.items() if name not in known]


@cache
def shipped() -> Additions:
    """What this version of the package adds when nothing is chosen."""
    text = files("sidecar.injection").joinpath("additions.yaml").read_text("utf-8")
    read = yaml.safe_load(text)
    return Additions(read["labels"], read["annotations"], read["container"], read["volumes"])


def chosen(image: str | None = None, env: Mapping[str, str] | None = None, config_map: str | None = None) -> Additions:
    """What is shipped, with an image, variables of the sidecar and a ConfigMap of the user's choice."""
    return msgspec.structs.replace(shipped(), image=image, env=env or {}, config_map=config_map)
