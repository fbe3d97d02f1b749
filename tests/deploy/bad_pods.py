"""A pod that `restricted` admits, and for each of its controls one that it does not."""

import copy
from typing import Any

from tests.deploy.pods import Pod

CONTAINER: dict[str, Any] = {
    "name": "one",
    "image": "one",
    "securityContext": {
        "runAsNonRoot": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
SPEC: dict[str, Any] = {
    "initContainers": [CONTAINER | {"name": "setup"}],
    "containers": [CONTAINER],
    "volumes": [{"name": "v", "emptyDir": {}}],
}

BAD: dict[str, dict[str, Any]] = {
    "uses a namespace of the host": {"spec": {"hostPID": True}},
    "mounts a path of the host": {"spec": {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}},
    "mounts a volume of a forbidden type": {"spec": {"volumes": [{"name": "v", "nfs": {"server": "s", "path": "/"}}]}},
    "sets an unsafe sysctl": {"spec": {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}}},
    "is a Windows HostProcess": {"spec": {"securityContext": {"windowsOptions": {"hostProcess": True}}}},
    "chooses SELinux options": {"context": {"seLinuxOptions": {"type": "spc_t"}}},
    "does without AppArmor": {"context": {"appArmorProfile": {"type": "Unconfined"}}},
    "takes a port of the host": {"container": {"ports": [{"containerPort": 1, "hostPort": 1}]}},
    "names a host in a probe or a hook": {
        "container": {"livenessProbe": {"httpGet": {"port": 1, "host": "127.0.0.1"}}}
    },
    "is privileged": {"context": {"privileged": True}},
    "unmasks /proc": {"context": {"procMount": "Unmasked"}},
    "does not forbid privilege escalation": {"context": {"allowPrivilegeEscalation": None}},
    "does not say runAsNonRoot": {"context": {"runAsNonRoot": None}},
    "runs as user 0": {"context": {"runAsUser": 0}},
    "has no seccomp profile": {"context": {"seccompProfile": {"type": "Unconfined"}}},
    "does not drop all capabilities": {"context": {"capabilities": {"drop": ["NET_RAW"]}}},
    "adds a capability": {"context": {"capabilities": {"drop": ["ALL"], "add": ["SYS_PTRACE"]}}},
}
"""What is wrong -> the change to a good pod, or to a container of it, that makes it so."""
WITH_MORE = {"mounts a path of the host": ["mounts a volume of a forbidden type"]}


def pod(changed: dict[str, Any], place: str = "containers") -> Pod:
    spec = {key: copy.deepcopy(value) for key, value in SPEC.items()} | changed.get("spec", {})  # the two share nothing
    (container,) = spec[place]
    container |= changed.get("container", {})
    container["securityContext"] |= changed.get("context", {})
    return Pod("Pod p", {}, spec)
