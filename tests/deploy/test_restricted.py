"""Each control of `restricted` finds the pod that breaks it, and only that."""

import pytest

from tests.deploy.bad_pods import BAD, WITH_MORE, pod
from tests.deploy.restricted import RULES, violations


def test_a_good_pod_has_no_violation():
    assert violations(pod({})) == []


def test_each_control_has_a_bad_pod():
    assert BAD.keys() == RULES.keys()


@pytest.mark.parametrize("place", ["containers", "initContainers"])
@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_pod_has_its_violation_and_no_other(wrong: str, place: str):
    assert violations(pod(BAD[wrong], place)) == [f"Pod p {each}" for each in [wrong, *WITH_MORE.get(wrong, [])]]


def test_a_hook_may_name_no_host_either():
    hook = {"container": {"lifecycle": {"preStop": {"tcpSocket": {"port": 1, "host": "127.0.0.1"}}}}}
    assert violations(pod(hook)) == ["Pod p names a host in a probe or a hook"]


def test_what_the_pod_says_counts_for_containers_that_say_nothing():
    changed = pod({"context": {"runAsNonRoot": None, "seccompProfile": None}})
    for container in changed.containers():
        container["securityContext"] = {
            key: value for key, value in container["securityContext"].items() if value is not None
        }
    changed.spec["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    assert violations(changed) == []


def test_port_80_may_be_bound():
    allowed = {"capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}
    assert violations(pod({"context": allowed})) == []
