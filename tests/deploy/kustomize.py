"""What `kubectl kustomize` makes of the kustomizations below deploy/kubernetes, and of ones that a test makes up."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests import parts
from tests.readme import ROOT

KUBERNETES = ROOT / "deploy" / "kubernetes"
COMPONENT = KUBERNETES / "component"
GENERATED = ("inference-sidecar-sdk", "inference-sidecar", "ask")
"""ConfigMaps that our kustomizations generate; each built name ends with a hash of the content."""

Document = dict[str, Any]


class BuildError(Exception):
    """Kustomize refused; its message."""


def kustomizations() -> list[str]:
    """Every folder below deploy/kubernetes that Kustomize builds, as a path from there."""
    return sorted(path.parent.relative_to(KUBERNETES).as_posix() for path in KUBERNETES.rglob("kustomization.yaml"))


@cache
def built_text(folder: Path) -> str:
    """The output for one folder that no test changes.

    Raises:
        BuildError: Kustomize refused.
    """
    kubectl = parts.part("kubectl").path() or "kubectl"
    made = subprocess.run([kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    if made.returncode:
        raise BuildError(made.stderr)
    return made.stdout


def documents(text: str) -> list[Document]:
    """The objects in a YAML stream; a List's items one by one, as Kustomize takes them."""
    return [found for document in yaml.load_all(text, yaml.CSafeLoader) if document for found in _items(document)]


def _items(document: Document) -> Iterator[Document]:
    if document["kind"] == "List":
        for item in document["items"]:
            yield from _items(item)
    else:
        yield document


def built(folder: Path | str) -> list[Document]:
    """The objects of one kustomization: a path from deploy/kubernetes, or any folder's.

    Raises:
        BuildError: Kustomize refused.
    """
    return documents(built_text(KUBERNETES / folder))


def with_components(folder: Path, manifest: str, *components: str, more: str = "") -> list[Document]:
    """What an application of one's own becomes in a kustomization that names these components; `folder` must be empty.

    The components are linked into the folder, as Kustomize takes relative paths only.

    Raises:
        BuildError: Kustomize refused.
    """
    (folder / "application.yaml").write_text(manifest)
    above = "../" * len(folder.resolve().parts[1:])
    listed = "".join(f"  - {above}{(KUBERNETES / name).resolve().relative_to('/')}\n" for name in components)
    (folder / "kustomization.yaml").write_text(f"resources: [application.yaml]\ncomponents:\n{listed}{more}")
    return built(folder)


def without_hashes(text: str) -> str:
    """The text with the names of our generated ConfigMaps as they stand in the sources."""
    maps = [document for document in documents(text) if document["kind"] == "ConfigMap"]
    hashed = {document["metadata"]["name"] for document in maps}
    for name in hashed:
        plain = name.rpartition("-")[0]
        if plain in GENERATED:
            text = text.replace(name, plain)
    return text
