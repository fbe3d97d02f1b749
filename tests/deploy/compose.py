"""deploy/compose as far as the tests ask: services with their variables filled in, and what of this checkout they see where."""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.deploy.dockerfile import ROOT

FOLDER = ROOT / "deploy/compose"
VARIABLE = re.compile(r"\$\{(\w+)\}")


class Mount(NamedTuple):
    """A file or folder of this checkout in a container."""

    source: Path
    target: str
    options: str


@cache
def variables() -> dict[str, str]:
    """What .env sets."""
    lines = (FOLDER / ".env").read_text().splitlines()
    return dict(line.partition("=")[::2] for line in lines if line and not line.startswith("#"))


@cache
def services() -> dict[str, dict[str, Any]]:
    """Every service, those of the profile `demo` included."""
    filled = VARIABLE.sub(lambda found: variables()[found[1]], (FOLDER / "compose.yaml").read_text())
    return dict(yaml.safe_load(filled)["services"])


def mounts(service: str) -> list[Mount]:
    """What of this checkout a service sees; named volumes are not among it."""
    volumes = [volume.split(":", 2) for volume in services()[service].get("volumes", [])]
    return [
        Mount((FOLDER / source).resolve(), target, "".join(options))
        for source, target, *options in volumes
        if source.startswith(".")
    ]


def seen_as(service: str, path: str) -> Path:
    """The file or folder of this checkout that a service sees at a path.

    Raises:
        LookupError: it sees none there.
    """
    for mount in mounts(service):
        if path == mount.target or path.startswith(f"{mount.target}/"):
            return mount.source / path.removeprefix(mount.target).lstrip("/")
    raise LookupError(f"{service} has nothing of ours at {path}")


def read(name: str) -> Any:
    """A YAML file of the folder."""
    return yaml.safe_load((FOLDER / name).read_text())


def flag(service: str, name: str) -> str:
    """The value of a flag in a service's command."""
    (value,) = (word.partition("=")[2] for word in services()[service]["command"] if word.startswith(f"{name}="))
    return str(value)
