"""What a pod with our container must be like: lessons of a real API server and of kubelet's rules, as assertions.

After "Sidecar Containers" (kubernetes/website), KEP-753, and what an API server of Kubernetes 1.36 accepted and refused.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tests.deploy.pods import SIDECAR, Pod
from tests.deploy.restricted import context, handlers

LOOPBACK = ("127.", "localhost", "[::1]", "::1")
OBSERVE = "SIDECAR_OBSERVE__LISTEN"
METRICS = "sidecar-metrics"


def ours(pod: Pod) -> Iterator[dict[str, Any]]:
    """Our container, if it is there."""
    yield from (container for container in pod.containers() if container["name"] == SIDECAR)


def values(container: dict[str, Any]) -> dict[str, Any]:
    return {entry["name"]: entry.get("value") for entry in container.get("env", [])}


def missing(pod: Pod) -> bool:
    return len(list(ours(pod))) != 1


def not_first(pod: Pod) -> bool:
    return [each["name"] for each in pod.spec.get("initContainers", [])][:1] != [SIDECAR]


def not_native(pod: Pod) -> bool:
    return any(each.get("restartPolicy") != "Always" for each in ours(pod))


def probed_init_container(pod: Pod) -> bool:
    """The API server refuses probes and hooks of an init container that is not restarted."""
    return any(
        each.get("restartPolicy") != "Always" and any(handlers(each)) for each in pod.spec.get("initContainers", [])
    )


def blocking_pre_stop(pod: Pod) -> bool:
    """httpGet and tcpSocket come from the node to the pod's address, where no control socket listens."""
    return any(set((each.get("lifecycle") or {}).get("preStop") or {}) != {"exec"} for each in ours(pod))


def observe_on_loopback(pod: Pod) -> bool:
    return any(str(values(each).get(OBSERVE)).startswith((*LOOPBACK, "None")) for each in ours(pod))


def other_socket_open(pod: Pod) -> bool:
    others = ("SIDECAR_PROXY__LISTEN", "SIDECAR_CONTROL__LISTEN")
    return any(not str(values(each).get(name, "127.")).startswith(LOOPBACK) for each in ours(pod) for name in others)


def other_port(pod: Pod) -> bool:
    """The port's name and number: what PodMonitor and probes look for, and nothing else that is to be reached."""
    wanted = [{"name": METRICS, "containerPort": 8781, "protocol": "TCP"}]
    return any(each.get("ports") != wanted for each in ours(pod))


def port_taken(pod: Pod) -> bool:
    """Containers of a pod share its address, and its ports' names."""
    ports = [port for container in pod.containers() for port in container.get("ports", [])]
    numbers = [(port["containerPort"], port.get("protocol", "TCP")) for port in ports]
    return len(set(numbers)) < len(numbers) or [port.get("name") for port in ports].count(METRICS) > 1


def foreign_probe(pod: Pod) -> bool:
    """Only our own state: a probe that looked further would take the application out of its Service with the provider."""
    wanted = {"startupProbe": "/startupz", "livenessProbe": "/livez", "readinessProbe": "/readyz"}
    asked = [{name: (each.get(name) or {}).get("httpGet") for name in wanted} for each in ours(pod)]
    return asked != [{name: {"path": path, "port": METRICS} for name, path in wanted.items()}]


def slow_start(pod: Pod) -> bool:
    """No other container starts before this one has: it is asked each second, from the first."""
    probes = [each.get("startupProbe") or {} for each in ours(pod)]
    return any(probe.get("periodSeconds") != 1 or probe.get("initialDelaySeconds") for probe in probes)


def unlabeled(pod: Pod) -> bool:
    return (pod.metadata.get("labels") or {}).get("inference-sidecar/inject") != "true"


def grace_not_said(pod: Pod) -> bool:
    """No container is told its pod's grace: the annotation repeats it where it is not 30 s."""
    grace = pod.spec.get("terminationGracePeriodSeconds", 30)
    repeated = (pod.metadata.get("annotations") or {}).get("inference-sidecar/grace-seconds", "30")
    return bool(repeated != str(grace))


def no_resources(pod: Pod) -> bool:
    """CPU has no limit: throttled, we would hold up every call of the pod."""
    for each in ours(pod):
        resources = each.get("resources") or {}
        asked, limits = resources.get("requests") or {}, resources.get("limits") or {}
        if asked.keys() != {"cpu", "memory"} or limits.keys() != {"memory"}:
            return True
    return False


def writable_root(pod: Pod) -> bool:
    return any(context(each).get("readOnlyRootFilesystem") is not True for each in ours(pod))


def ledger_nowhere(pod: Pod) -> bool:
    mounts = {mount["name"]: mount for each in ours(pod) for mount in each.get("volumeMounts", [])}
    volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
    mount = mounts.get("inference-sidecar-ledger", {})
    bounded = (volumes.get("inference-sidecar-ledger", {}).get("emptyDir") or {}).get("sizeLimit")
    return not bounded or mount.get("readOnly") is True or mount.get("mountPath") != "/var/lib/inference-sidecar"


def shared_processes(pod: Pod) -> bool:
    """A pod that shares its processes shows our memory, with the newest credential in it, to its other containers."""
    return bool(pod.spec.get("shareProcessNamespace"))


LESSONS: dict[str, Callable[[Pod], bool]] = {
    "has no sidecar, or two": missing,
    "does not start the sidecar before everything else": not_first,
    "has a sidecar that is not restarted": not_native,
    "has probes or hooks on an init container that is not restarted": probed_init_container,
    "has a preStop hook that is not exec": blocking_pre_stop,
    "has its metrics and probes on loopback": observe_on_loopback,
    "opens the proxy or the control socket to others": other_socket_open,
    "has another port than sidecar-metrics": other_port,
    "has a port twice": port_taken,
    "has probes that do not ask for the sidecar's own state": foreign_probe,
    "starts later than it could": slow_start,
    "has no label": unlabeled,
    "does not repeat its grace": grace_not_said,
    "asks for no resources, or limits CPU": no_resources,
    "has a root that can be written to": writable_root,
    "has no bounded place for the ledger": ledger_nowhere,
    "shares its processes": shared_processes,
}
"""What is wrong -> whether it is with this pod."""


def unlearned(pod: Pod) -> list[str]:
    """Every lesson that this pod forgets."""
    return [f"{pod.owner} {wrong}" for wrong, is_wrong in LESSONS.items() if is_wrong(pod)]
