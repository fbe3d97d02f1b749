"""Manifests for the tests of this folder: one of each kind, and many that hypothesis makes up."""

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import strategies as st

POD = {"containers": [{"name": "app", "image": "app:1"}]}
TEMPLATE = {"metadata": {"labels": {"app": "web"}}, "spec": POD}
SELECTOR = {"matchLabels": {"app": "web"}}
JOB = {"template": {"spec": {**POD, "restartPolicy": "Never"}}}

SPECS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "Deployment": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "StatefulSet": ("apps/v1", {"selector": SELECTOR, "serviceName": "web", "template": TEMPLATE}),
    "DaemonSet": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "ReplicaSet": ("apps/v1", {"selector": SELECTOR, "template": TEMPLATE}),
    "ReplicationController": ("v1", {"selector": {"app": "web"}, "template": TEMPLATE}),
    "Job": ("batch/v1", JOB),
    "CronJob": ("batch/v1", {"schedule": "0 4 * * *", "jobTemplate": {"spec": JOB}}),
    "Pod": ("v1", POD),
}
"""Kind -> version and the least that Kubernetes takes."""


def manifest(kind: str, **pod: Any) -> dict[str, Any]:
    """One object of a kind, with more keys in its pod's `spec`."""
    version, spec = SPECS[kind]
    made: dict[str, Any] = json.loads(
        json.dumps({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec})
    )
    pod_of(made)["spec"].update(pod)
    return made


def pod_of(made: Mapping[str, Any]) -> Any:
    """The pod or pod template of an object."""
    if made["kind"] == "Pod":
        return made
    if made["kind"] == "CronJob":
        made = made["spec"]["jobTemplate"]
    return made["spec"]["template"]


def text_of(*made: Mapping[str, Any], **style: Any) -> str:
    """Objects as one text of YAML."""
    return str(yaml.safe_dump_all(made, sort_keys=False, **style))


def objects(text: str) -> list[Any]:
    """What kubectl would send, Lists opened."""
    found = yaml.safe_load_all(text)
    return [each for document in found for each in (document["items"] if document["kind"] == "List" else [document])]


names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
scalars = st.one_of(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), st.integers(), st.booleans())
values = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_categories=("Cs", "Cc")), max_size=30)
labels = st.dictionaries(names, values, max_size=3)

anything = st.recursive(
    st.one_of(st.none(), scalars, st.sampled_from(["name", "value", "inference-sidecar", 8780])),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.one_of(st.sampled_from(["name", "value", "ports"]), names), inner, max_size=2)
    ),
    max_leaves=4,
)
"""What nobody would write there."""

env_entries = st.fixed_dictionaries(
    {"name": st.one_of(names, st.sampled_from(["OPENAI_BASE_URL", "GROQ_BASE_URL"])), "value": values}
)
env_lists = st.one_of(st.none(), st.lists(env_entries, max_size=3))
"""`env` as people write it: also empty, also with nothing behind the key."""

containers = st.fixed_dictionaries(
    {"name": names},
    optional={
        "image": names,
        "env": env_lists,
        "args": st.lists(values, max_size=2),
        "command": st.lists(st.sampled_from(["a\nb\n", "# no comment\n  - x\n", "plain"]), max_size=2),
        "resources": st.just({"limits": {"cpu": 1.5}}),
    },
)
volumes = st.lists(st.fixed_dictionaries({"name": names, "emptyDir": st.just({})}), max_size=2)
pods = st.fixed_dictionaries(
    {"containers": st.lists(containers, min_size=1, max_size=3)},
    optional={
        "initContainers": st.one_of(st.none(), st.lists(containers, max_size=2)),
        "volumes": st.one_of(st.none(), volumes),
        "terminationGracePeriodSeconds": st.integers(0, 90),
        "nodeSelector": labels,
    },
)
metadatas = st.one_of(
    st.none(), st.fixed_dictionaries({}, optional={"labels": st.one_of(st.none(), labels), "annotations": labels})
)


@st.composite
def manifests(draw: st.DrawFn) -> dict[str, Any]:
    """An object of any kind whose pod has all that we change, and something that we do not."""
    made = manifest(draw(st.sampled_from(sorted(SPECS))))
    pod = pod_of(made)
    pod["spec"] = draw(pods)
    if pod is not made and draw(st.booleans()):
        pod["metadata"] = draw(metadatas)
    return made


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Manifests in one of the ways in which they are written down: block style, braces, JSON, with comments, with CRLF."""
    made = draw(st.lists(manifests(), min_size=1, max_size=3))
    if draw(st.booleans()):
        made = [{"apiVersion": "v1", "kind": "List", "items": made}]
    style = draw(st.sampled_from(["json", "json in lines", "block", "indented block", "braces"]))
    if style.startswith("json"):
        return "\n---\n".join(json.dumps(each, indent=4 if "lines" in style else None) for each in made)
    text = (
        yaml.dump_all(made, Dumper=Indented, sort_keys=False, indent=draw(st.sampled_from([2, 4])))
        if style == "indented block"
        else text_of(
            *made, default_flow_style=None if style == "braces" else False, width=draw(st.sampled_from([20, 80, 1000]))
        )
    )
    text = commented(text) if draw(st.booleans()) else text
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


class Indented(yaml.SafeDumper):
    """Writes lists two columns below their key, as many people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def commented(text: str) -> str:
    """The text with a comment behind every key that has something below it, and one in a line of its own above it."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.rstrip().endswith(":") and "'" not in line and '"' not in line:
            inset = len(line) - len(line.lstrip(" "))
            lines += [f"{' ' * inset}# about {line.strip(' -:')}", f"{line}  # {len(lines)}"]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"
