"""deploy/kubernetes/admission-policy/policy.yaml, written from what a pod gets, so that nothing is said twice by hand.

    python -m tests.deploy.policy_source            says whether it is up to date
    python -m tests.deploy.policy_source --write    rewrites it

What a pod gets: sidecar/injection/additions.yaml, and variables.py beside it. The form of the expression is one that an API
server of Kubernetes 1.36 takes.
"""

import json
import sys
from collections.abc import Iterable
from string import Template
from textwrap import indent
from typing import Any

from sidecar.injection.additions import GRACE, LABEL, PORTS, shipped
from sidecar.injection.pod import DEFAULT_GRACE
from tests.readme import ROOT

POLICY = ROOT / "deploy" / "kubernetes" / "admission-policy" / "policy.yaml"
COMMAND = "python -m tests.deploy.policy_source --write"

WIDTH = 116
"""Columns of an expression, which stands further in; what is longer is broken into lines."""
FREE_MAPS = ("requests", "limits")
"""Fields whose keys are anybody's: maps to CEL, and no types."""


class Expression(str):
    """CEL that stands for itself, not for text."""


def constructed(value: Any, type_name: str, column: int = 0, label: str = "") -> str:
    """A value as CEL after its label, for a place whose type has this name; in lines of its own where it doesn't fit one."""
    opened, parts, closed = _parts(value, type_name)
    whole = f"{label}{opened}{', '.join(constructed(held, name, 0, key) for key, held, name in parts)}{closed}"
    if not parts or (column + len(whole) <= WIDTH and "\n" not in whole):
        return whole
    lines = [constructed(held, name, column + 2, key) for key, held, name in parts]
    return f"{label}{opened}\n{indent(_listed(lines), '  ')}\n{closed}"


def _parts(value: Any, type_name: str) -> tuple[str, list[tuple[str, Any, str]], str]:
    """What opens a value, what is in it (label, value, name of its type), what closes it; a single one has no parts."""
    if isinstance(value, list):
        return "[", [("", each, type_name) for each in value], "]"
    if not isinstance(value, dict):
        return value if isinstance(value, Expression) else json.dumps(value, ensure_ascii=False), [], ""
    if type_name.rpartition(".")[2] in FREE_MAPS:  # of text alone: a map of CEL has values of one type
        return "{", [(f"{json.dumps(key)}: ", str(held), "") for key, held in value.items()], "}"
    return f"{type_name}{{", [(f"{field}: ", held, f"{type_name}.{field}") for field, held in value.items()], "}"


def _listed(lines: Iterable[str]) -> str:
    return ",\n".join(lines)


def first_in(path: str, values: Iterable[Any], type_name: str) -> str:
    """Operations that put these values, in their order, at the beginning of a list: the last goes to index 0 first."""
    label = f'JSONPatch{{op: "add", path: "{path}/0", value: '
    added = [constructed(value, type_name, 2, label) + "}" for value in reversed(list(values))]
    return f"[\n{indent(_listed(added), '  ')}\n]"


def expression() -> str:
    """The mutation: a list of JSON Patch operations for the pod that is `object`."""
    container = {**shipped().container, "image": Expression("variables.image")}
    return EXPRESSION.substitute(
        for_containers=VARIABLES_ADDED.substitute(containers="containers"),
        for_init_containers=indent(VARIABLES_ADDED.substitute(containers="initContainers"), "  "),
        container=first_in("/spec/initContainers", [container], "Object.spec.initContainers"),
        volumes=first_in("/spec/volumes", shipped().volumes, "Object.spec.volumes"),
        annotations=" +\n".join(
            ANNOTATION_ADDED.substitute(key=key, value=value) for key, value in shipped().annotations.items()
        ),
        annotation=GRACE,
        default=DEFAULT_GRACE,
    )


def text() -> str:
    """The whole file."""
    variables = [json.dumps(list(each)) for each in reversed(list(shipped().variables.items()))]
    return FILE.substitute(
        command=COMMAND,
        label=LABEL,
        wanted=shipped().labels[LABEL],
        image=shipped().container["image"],
        name=shipped().name,
        ports=json.dumps(PORTS),
        variables=indent(_listed(variables), " " * 10),
        expression=indent(expression(), " " * 10),
    )


VARIABLES_ADDED = Template("""\
lists.range(object.spec.$containers.size()).map(i,
  (has(object.spec.$containers[i].env) ? [] : [
    JSONPatch{op: "add", path: "/spec/$containers/" + string(i) + "/env", value: []}
  ]) +
  variables.sdk
    .filter(v, !has(object.spec.$containers[i].env) || !object.spec.$containers[i].env.exists(e, e.name == v[0]))
    .map(v, JSONPatch{
      op: "add", path: "/spec/$containers/" + string(i) + "/env/0",
      value: Object.spec.$containers.env{name: v[0], value: v[1]}
    })
).flatten()""")

ANNOTATION_ADDED = Template("""\
(has(object.metadata.annotations) &&
  "$key" in object.metadata.annotations ? [] :
    [JSONPatch{
      op: "add",
      path: "/metadata/annotations/" + jsonpatch.escapeKey("$key"),
      value: "$value"
    }]
)""")

EXPRESSION = Template("""\
// Variables first, while the other containers have the places that `object` says.
$for_containers +
(!has(object.spec.initContainers) ? [] :
$for_init_containers
) +

// The container, first: it starts before all others, and those that prepare the pod may call models, too.
(has(object.spec.initContainers) ? [] : [JSONPatch{op: "add", path: "/spec/initContainers", value: []}]) +
$container +

(has(object.spec.volumes) ? [] : [JSONPatch{op: "add", path: "/spec/volumes", value: []}]) +
$volumes +

(has(object.metadata.annotations) ? [] : [JSONPatch{op: "add", path: "/metadata/annotations", value: {}}]) +
$annotations +

// Kubernetes tells no container its pod's grace: ours reads it here, and takes $default s where nothing stands.
(!has(object.spec.terminationGracePeriodSeconds) ||
  object.spec.terminationGracePeriodSeconds == $default &&
  (!has(object.metadata.annotations) || !("$annotation" in object.metadata.annotations)) ? [] :
    [JSONPatch{
      op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("$annotation"),
      value: string(object.spec.terminationGracePeriodSeconds)
    }]
)""")

FILE = Template("""\
# Puts the sidecar into pods that ask for it, without a webhook: the API server does it itself (Kubernetes 1.36 and later).
#
# A pod asks by its label, $label: "$wanted", which stands in its workload's template. It gets what
# sidecar/injection/additions.yaml says, line by line with the reason: the container, first, two volumes, and an annotation unless
# it has one of that name. Each other container gets the variables by which SDKs find the sidecar, before its own and unless its
# own `env` has them; what it takes by `envFrom` can't be seen here and gives way. All of it comes in one step, or nothing.
#
# Left alone, though they ask: pods that have the container (from the Kustomize component, or from `sidecar inject`), pods on the
# node's network or with a container on one of our ports, pods for Windows, and kubelet's own, which run as their file says.
# Pods that are there already stay as they are until they are replaced: `kubectl rollout restart`.
#
# How to set the image, also for some namespaces, stands in kustomization.yaml. Settings and credentials are each namespace's own:
# its ConfigMap and its Secret `inference-sidecar`, both optional.
#
# Written by `$command`, with what stands in sidecar/injection; change it there.
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata:
  name: inference-sidecar
spec:
  # Fail: a pod that asks has all of it, or is not created; the last line of its ReplicaSet's event says why. Only pods that ask
  # can meet this, and no server of ours can be down. What fails, fails for every pod of that form: at its first rollout, while
  # the old pods still serve. `Ignore` would create them without the sidecar, which only an alert tells: their calls go to the
  # providers, are not measured, and nothing is cancelled for them. kustomization.yaml shows how to choose that.
  failurePolicy: Fail
  reinvocationPolicy: Never # when others change the pod after us: it has the container by then, and is left alone
  matchConstraints:
    objectSelector:
      matchLabels:
        $label: "$wanted"
    resourceRules:
      - apiGroups: [""]
        apiVersions: [v1]
        operations: [CREATE]
        resources: [pods]
  matchConditions:
    - name: has-no-sidecar-yet
      expression: >-
        !object.spec.containers.exists(c, c.name == "$name") &&
        (!has(object.spec.initContainers) || !object.spec.initContainers.exists(c, c.name == "$name"))
    - name: has-a-network-of-its-own
      expression: "!has(object.spec.hostNetwork) || !object.spec.hostNetwork"
    - name: has-our-ports-free
      expression: >-
        !(object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : []))
        .exists(c, has(c.ports) && c.ports.exists(p, p.containerPort in $ports))
    - name: runs-on-linux
      expression: '!has(object.spec.os) || object.spec.os.name != "windows"'
    - name: is-not-kubelets-own
      expression: >-
        !has(object.metadata.annotations) || !("kubernetes.io/config.mirror" in object.metadata.annotations)
  variables:
    # The first of the list: kustomization.yaml finds it by its place. It is text to CEL, so a pair of quotes within the other.
    - name: image
      expression: "'$image'"
    # The last first, as each is put before all that are there.
    - name: sdk
      expression: |-
        [
$variables
        ]
  mutations:
    # One mutation: of two, the second is tried even if the first has failed, and a variable without the sidecar breaks calls.
    # JSONPatch: ApplyConfiguration sets no list that is replaced as a whole (args, capabilities.drop). [] first and then each
    # object at index 0: an API server of 1.36 panics at a list of objects as a value.
    - patchType: JSONPatch
      jsonPatch:
        expression: |-
$expression
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata:
  name: inference-sidecar
spec:
  policyName: inference-sidecar
  # Every namespace. To have it in one alone:
  #
  # matchResources:
  #   namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: payments}}
""")


def main(arguments: list[str]) -> int:
    """0: the file is up to date, or was written; 1: it is not; 2: it is not clear what is wanted."""
    if arguments not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        POLICY.write_text(text(), encoding="utf-8")
    elif POLICY.read_text(encoding="utf-8") != text():
        print(f"policy.yaml is not what its sources say: {COMMAND}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
