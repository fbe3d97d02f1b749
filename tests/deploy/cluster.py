"""An API server that is there already, one namespace in it, and nothing that stays: objects are sent for a dry run."""

import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from tests import parts
from tests.deploy.kustomize import Document

RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}
PATIENCE = "--request-timeout=5s"
SETTLING_SECONDS = 20
"""The longest that an API server was seen to take until a new policy counts is two; a busy one may take some more."""


def _kubectl(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [parts.part("kubectl").path() or "kubectl", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def why_not() -> str | None:
    """Why no cluster is asked; None if one answers."""
    if not os.environ.get("KUBECONFIG"):
        return "KUBECONFIG names no cluster"
    asked = _kubectl("version", "--output=json", PATIENCE)
    if asked.returncode == 0 and "serverVersion" in json.loads(asked.stdout):
        return None
    return f"the API server of KUBECONFIG does not answer: {asked.stderr.strip()[-200:]}"


class Refused(Exception):
    """The API server said no; its words."""


class Cluster(NamedTuple):
    """One namespace in which `restricted` is enforced."""

    namespace: str

    def dry_run(self, document: Document) -> Document:
        """The object as the API server would store it, unknown fields being errors. Nothing is stored.

        Raises:
            Refused: it is not admitted.
        """
        return _create(document, self.namespace, "&dryRun=All")

    def settled(self, document: Document, marker: str) -> None:
        """Return when the marker is in what would be stored: a policy counts some time after it was made.

        Raises:
            AssertionError: it does not come.
        """
        for _ in range(SETTLING_SECONDS * 4):
            made = json.dumps(self.dry_run(document)["spec"])
            if marker in made:
                return
            time.sleep(0.25)
        raise AssertionError(f"{marker} does not come: {made[:2000]}")


def knows(version: str, resource: str) -> bool:
    """Whether the API server has this resource, as `apps/v1` and `deployments`."""
    asked = _kubectl("get", "--raw", f"/apis/{version}", PATIENCE)
    return asked.returncode == 0 and resource in {each["name"] for each in json.loads(asked.stdout)["resources"]}


def path_of(document: Document, namespace: str) -> str:
    """Where objects of this kind are made."""
    version, kind = document["apiVersion"], document["kind"].lower()
    root = "/api/v1" if version == "v1" else f"/apis/{version}"
    plural = f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
    is_cluster_wide = kind == "namespace" or version.startswith("admissionregistration.")
    return f"{root}/{plural}" if is_cluster_wide else f"{root}/namespaces/{namespace}/{plural}"


def _create(document: Document, namespace: str, flags: str = "") -> Document:
    """Asked for by path: kubectl's own check first loads a description of the whole API, and is not the server's."""
    path = f"{path_of(document, namespace)}?fieldValidation=Strict{flags}"
    asked = _kubectl("create", "--raw", path, "--filename=-", text=json.dumps(document))
    if asked.returncode:
        raise Refused(asked.stderr)
    made: Document = json.loads(asked.stdout)
    return made


@contextmanager
def holding(document: Document) -> Iterator[None]:
    """Store an object of the whole cluster for as long as the block runs."""
    _create(document, "")
    try:
        yield
    finally:
        _kubectl("delete", "--raw", f"{path_of(document, '')}/{document['metadata']['name']}")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A namespace that is gone afterwards, with the account that every pod needs."""
    name = f"inference-sidecar-test-{uuid.uuid4().hex[:8]}"
    with holding({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": RESTRICTED}}):
        with suppress(Refused):  # the controller was faster
            _create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}, name)
        yield Cluster(name)
