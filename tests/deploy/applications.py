"""Applications of somebody else's, as the component and `sidecar inject` may find them."""

from typing import Any

import yaml

PLAIN: dict[str, Any] = {"containers": [{"name": "app", "image": "app"}]}
FULL: dict[str, Any] = {
    "terminationGracePeriodSeconds": 120,
    "initContainers": [
        {"name": "migrate", "image": "app", "env": [{"name": "GROQ_BASE_URL", "value": "http://mine"}]},
        {"name": "logs", "image": "logs", "restartPolicy": "Always", "envFrom": [{"configMapRef": {"name": "logs"}}]},
    ],
    "containers": [
        {
            "name": "app",
            "image": "app",
            "env": [
                {"name": "OPENAI_BASE_URL", "value": "http://mine"},
                {"name": "CO_API_URL", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "url"}}},
            ],
            "envFrom": [
                {"secretRef": {"name": "app"}},
                {"configMapRef": {"name": "app"}},
                {"prefix": "APP_", "configMapRef": {"name": "more"}},
            ],
            "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        },
        {"name": "other", "image": "other", "ports": [{"containerPort": 9090, "name": "metrics"}]},
    ],
    "volumes": [{"name": "scratch", "emptyDir": {}}],
}
"""Everything at once: variables of one's own in each of the ways, init containers, another sidecar, a long grace."""
GRACE = {"inference-sidecar/grace-seconds": "120"}
"""What whoever takes the component writes beside that grace by hand."""


def workload(kind: str, spec: dict[str, Any], annotations: dict[str, str] | None = None) -> dict[str, Any]:
    """An object of this kind with this pod."""
    metadata: dict[str, Any] = {"labels": {"app": "app"}} | ({"annotations": annotations} if annotations else {})
    pod: dict[str, Any] = {"metadata": metadata, "spec": spec}
    if kind in ("Job", "CronJob"):
        pod["spec"] = {"restartPolicy": "Never"} | spec
    head: dict[str, Any] = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": kind.lower()}}
    selector = {"selector": {"matchLabels": {"app": "app"}}}
    match kind:
        case "Pod":
            return head | {"apiVersion": "v1", "metadata": head["metadata"] | metadata, "spec": spec}
        case "Job":
            return head | {"apiVersion": "batch/v1", "spec": {"template": pod}}
        case "CronJob":
            job = {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": pod}}}
            return head | {"apiVersion": "batch/v1", "spec": job}
        case "StatefulSet":
            return head | {"spec": {"serviceName": "app", "template": pod} | selector}
    return head | {"spec": {"template": pod} | selector}


KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")


def manifest(*objects: dict[str, Any]) -> str:
    """The YAML stream of these objects."""
    return yaml.safe_dump_all(objects, sort_keys=False)


def everything(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> str:
    """One object of each kind, in one stream."""
    return manifest(*(workload(kind, spec, annotations) for kind in KINDS))


def as_list(spec: dict[str, Any], annotations: dict[str, str] | None = None) -> str:
    """The same as a List."""
    items = [workload(kind, spec, annotations) for kind in KINDS]
    return manifest({"apiVersion": "v1", "kind": "List", "items": items})
