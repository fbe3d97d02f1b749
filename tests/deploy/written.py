"""Files below deploy/kubernetes that are written from what stands elsewhere, so that nothing is said twice by hand.

    python -m tests.deploy.written            says whether they are up to date
    python -m tests.deploy.written --write    rewrites them; needs kubectl

The component's patches come from sidecar/injection/additions.yaml, the PrometheusRules from dashboards/rules, plain.yaml from
what Kustomize makes of the examples. Comments come along.
"""

import re
import sys
from collections.abc import Callable
from textwrap import indent

from tests.deploy.kustomize import KUBERNETES, built_text, without_hashes
from tests.readme import ROOT

ADDITIONS = ROOT / "sidecar" / "injection" / "additions.yaml"
RULES = ROOT / "dashboards" / "rules"
COMMAND = "python -m tests.deploy.written --write"


def additions() -> dict[str, str]:
    """The text below each key of additions.yaml, with its comments, two spaces in."""
    blocks = re.split(r"^(\w+):\n", ADDITIONS.read_text(), flags=re.MULTILINE)
    return {key: text.rstrip() + "\n" for key, text in zip(blocks[1::2], blocks[2::2], strict=True)}


def component_patch(kind: str, version: str, *pod: str) -> str:
    """The patch for workloads whose pod is at this path of theirs; none: the object is the pod."""
    added = additions()
    container = "".join(["  - ", added["container"].removeprefix("  ").replace("\n  ", "\n    ").rstrip(), "\n"])
    metadata = f"labels:\n{added['labels']}annotations:\n{added['annotations']}"
    spec = f"initContainers:\n{container}volumes:\n{added['volumes']}"
    if not pod:
        body = f"metadata:\n  name: any\n{indent(metadata, '  ')}spec:\n{indent(spec, '  ')}"
    else:
        inner = f"metadata:\n{indent(metadata, '  ')}spec:\n{indent(spec, '  ')}"
        for key in reversed(pod):
            inner = f"{key}:\n{indent(inner, '  ')}"
        body = f"metadata:\n  name: any\n{inner}"
    return (
        f"# Written from sidecar/injection/additions.yaml by `{COMMAND}`; change it there.\n"
        "# Lists of containers and volumes are merged by name, what is new comes first: we start before all others.\n"
        f"apiVersion: {version}\nkind: {kind}\n{body}"
    )


def prometheus_rule(name: str) -> str:
    """One of our rule files as Prometheus Operator takes it; the file itself, two spaces further in."""
    comment, groups = re.split(r"^(?=groups:)", (RULES / f"{name}.yaml").read_text(), maxsplit=1, flags=re.MULTILINE)
    return (
        f"# Written from dashboards/rules/{name}.yaml by `{COMMAND}`; change it there.\n#\n{comment}"
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n"
        f"metadata:\n  name: inference-sidecar-{name}\nspec:\n{indent(groups, '  ')}"
    )


PLAIN = f"""\
# The examples with the sidecar in one file, for a first look and for who does without Kustomize:
#
#   kubectl create secret generic ask --from-env-file=/dev/stdin      # type GEMINI_API_KEY=your-key, then Ctrl-D
#   kubectl apply -f plain.yaml
#
# Two images are to be yours: `inference-sidecar` (deploy/Dockerfile makes it), and python, which runs the small application here.
#
# What was added to each pod, and why, says sidecar/injection/additions.yaml line by line; `sidecar inject your.yaml` adds it to
# objects of yours. After a change of the ConfigMap `inference-sidecar`: kubectl rollout restart deployment/ask
#
# Written from deploy/kubernetes/examples by `{COMMAND}`; names have no hashes here.
"""


def plain() -> str:
    """Needs kubectl, and the component as it is on the disk."""
    return PLAIN + without_hashes(built_text(KUBERNETES / "examples"))


TEMPLATE = ("spec", "template")
WRITTEN: dict[str, Callable[[], str]] = {
    "component/workload.yaml": lambda: component_patch("Deployment", "apps/v1", *TEMPLATE),
    "component/cronjob.yaml": lambda: component_patch("CronJob", "batch/v1", "spec", "jobTemplate", *TEMPLATE),
    "component/pod.yaml": lambda: component_patch("Pod", "v1"),
    "monitoring/recording.yaml": lambda: prometheus_rule("recording"),
    "monitoring/alerts.yaml": lambda: prometheus_rule("alerts"),
    "plain.yaml": plain,
}
"""In the order in which they are written: the last is built from the first."""


def stale(write: bool = False) -> list[str]:
    """The files that are not what their sources say; written anew if asked."""
    found = []
    for name, text in WRITTEN.items():
        path = KUBERNETES / name
        wanted = text()
        if not path.exists() or path.read_text() != wanted:
            found.append(name)
            if write:
                path.write_text(wanted)
    return found


def main(arguments: list[str]) -> int:
    write = arguments == ["--write"]
    if arguments and not write:
        print(__doc__, file=sys.stderr)
        return 2
    found = stale(write)
    for name in found:
        print("written" if write else "out of date:", name)
    return 1 if found and not write else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
