"""Pod Security `restricted` as assertions, for a machine without a cluster: what an API server of Kubernetes 1.36 would refuse.

After the controls in "Pod Security Standards" (kubernetes/website), with the rule on probes' hosts (KEP-4940), for Linux pods.
A real API server is asked in test_cluster.py.
"""

from collections.abc import Callable, Iterator
from typing import Any

from tests.deploy.pods import Pod

Mapping = dict[str, Any]

VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}
PROFILES = {"RuntimeDefault", "Localhost"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_syncookies", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}  # fmt: skip
SELINUX_TYPES = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def context(of: Mapping) -> Mapping:
    """The security context of a pod's spec or of a container."""
    found: Mapping = of.get("securityContext") or {}
    return found


def handlers(container: Mapping) -> Iterator[Mapping]:
    """Whatever kubelet does to a container: probes and hooks."""
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        yield container.get(probe) or {}
    yield from (container.get("lifecycle") or {}).values()


def host_namespaces(pod: Pod) -> bool:
    return any(pod.spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC"))


def host_paths(pod: Pod) -> bool:
    return any("hostPath" in volume for volume in pod.spec.get("volumes", []))


def volume_types(pod: Pod) -> bool:
    return any(not volume.keys() - {"name"} <= VOLUMES for volume in pod.spec.get("volumes", []))


def sysctls(pod: Pod) -> bool:
    return any(each["name"] not in SYSCTLS for each in context(pod.spec).get("sysctls", []))


def windows_host_process(pod: Pod) -> bool:
    return any(context(of).get("windowsOptions", {}).get("hostProcess") for of in (pod.spec, *pod.containers()))


def selinux(pod: Pod) -> bool:
    options = [context(of).get("seLinuxOptions") or {} for of in (pod.spec, *pod.containers())]
    return any(each.get("type") not in SELINUX_TYPES or each.get("user") or each.get("role") for each in options)


def app_armor(pod: Pod) -> bool:
    annotations = pod.metadata.get("annotations") or {}
    profiles = [context(of).get("appArmorProfile") or {} for of in (pod.spec, *pod.containers())]
    return any(each.get("type") == "Unconfined" for each in profiles) or any(
        key.startswith("container.apparmor.security.beta.kubernetes.io/") and value == "unconfined"
        for key, value in annotations.items()
    )


def host_ports(pod: Pod) -> bool:
    return any(port.get("hostPort") for container in pod.containers() for port in container.get("ports", []))


def probe_hosts(pod: Pod) -> bool:
    return any(
        (handler.get(way) or {}).get("host")
        for container in pod.containers()
        for handler in handlers(container)
        for way in ("httpGet", "tcpSocket")
    )


def privileged(pod: Pod) -> bool:
    return any(context(container).get("privileged") for container in pod.containers())


def proc_mount(pod: Pod) -> bool:
    return any(context(container).get("procMount") not in (None, "Default") for container in pod.containers())


def privilege_escalation(pod: Pod) -> bool:
    return any(context(container).get("allowPrivilegeEscalation") is not False for container in pod.containers())


def non_root(pod: Pod) -> bool:
    """A container's own word counts before the pod's."""
    whole = context(pod.spec).get("runAsNonRoot")
    return any(context(container).get("runAsNonRoot", whole) is not True for container in pod.containers())


def root_user(pod: Pod) -> bool:
    return any(context(of).get("runAsUser") == 0 for of in (pod.spec, *pod.containers()))


def seccomp(pod: Pod) -> bool:
    whole = context(pod.spec).get("seccompProfile") or {}
    if whole.get("type") == "Unconfined":
        return True
    return any((context(each).get("seccompProfile") or whole).get("type") not in PROFILES for each in pod.containers())


def capabilities_kept(pod: Pod) -> bool:
    held = [context(container).get("capabilities") or {} for container in pod.containers()]
    return any("ALL" not in each.get("drop", []) for each in held)


def capabilities_added(pod: Pod) -> bool:
    held = [context(container).get("capabilities") or {} for container in pod.containers()]
    return any(not set(each.get("add", [])) <= {"NET_BIND_SERVICE"} for each in held)


Broken = Callable[[Pod], bool]
RULES: dict[str, Broken] = {
    "uses a namespace of the host": host_namespaces,
    "mounts a path of the host": host_paths,
    "mounts a volume of a forbidden type": volume_types,
    "sets an unsafe sysctl": sysctls,
    "is a Windows HostProcess": windows_host_process,
    "chooses SELinux options": selinux,
    "does without AppArmor": app_armor,
    "takes a port of the host": host_ports,
    "names a host in a probe or a hook": probe_hosts,
    "is privileged": privileged,
    "unmasks /proc": proc_mount,
    "does not forbid privilege escalation": privilege_escalation,
    "does not say runAsNonRoot": non_root,
    "runs as user 0": root_user,
    "has no seccomp profile": seccomp,
    "does not drop all capabilities": capabilities_kept,
    "adds a capability": capabilities_added,
}
"""What is wrong -> whether it is with this pod."""


def violations(pod: Pod) -> list[str]:
    """Everything for which a namespace that enforces `restricted` would refuse the pod."""
    return [f"{pod.owner} {wrong}" for wrong, is_wrong in RULES.items() if is_wrong(pod)]
