"""Text in, text with the sidecar in its pods out."""

import json

import kubernetes_validate
import pytest

from sidecar.injection.additions import LABEL, chosen, shipped
from sidecar.injection.injecting import inject
from sidecar.injection.problems import BadManifests
from sidecar.injection.variables import sdk_values
from tests.injection.golden import EXAMPLES, NAMES, injected_path
from tests.injection.manifests import SPECS, manifest, objects, pod_of, text_of

ADDED = shipped()
OTHER = chosen("registry/sidecar:1", {"SIDECAR_MODE": "enforce"}, "mine")
WEB = (EXAMPLES / "web.yaml").read_text()
CLOSE = """\
apiVersion: v1
kind: Pod
metadata: &it {name: a}
spec:
  containers:
  - &app
    name: app
    env: &env [{name: A, value: b}]
  - <<: *app
    name: other
  - name: third
    env: *env
"""


def injected(text: str) -> str:
    return inject(text, ADDED).text


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(BadManifests) as bad:
        inject(text, ADDED, "x.yaml")
    return bad.value.problems


def place(text: str, what: str) -> str:
    """The file and the line in which something stands for the first time."""
    return f"x.yaml:{text.count(chr(10), 0, text.index(what)) + 1}"


@pytest.mark.parametrize("name", NAMES)
def test_golden_example(name):
    assert injected((EXAMPLES / name).read_text()) == injected_path(name).read_text(), (
        "if that is meant: python -m tests.injection.golden --write"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_line_of_the_example_is_still_there_in_its_order(name):
    """But for commas, which JSON wants behind what is no longer last."""
    given, written = (
        [line.rstrip(",") for line in path.read_text().splitlines()] for path in (EXAMPLES / name, injected_path(name))
    )
    rest = iter(written)
    assert [line for line in given if line not in rest] == []


@pytest.mark.parametrize("kind", SPECS)
def test_each_kind__valid_to_the_newest_kubernetes(kind):
    made = manifest(kind, terminationGracePeriodSeconds=60, volumes=[{"name": "mine", "emptyDir": {}}])
    (result,) = objects(injected(text_of(made)))
    kubernetes_validate.validate(result, kubernetes_validate.latest_version(), strict=True)
    assert pod_of(result)["metadata"]["labels"][LABEL] == "true"
    assert pod_of(result)["spec"]["initContainers"] == [ADDED.container]


def test_every_item_of_a_list():
    made = [manifest(kind) for kind in SPECS]
    result = inject(text_of({"apiVersion": "v1", "kind": "List", "items": made}), ADDED)
    assert objects(result.text) == objects(injected(text_of(*made)))
    assert result.images == ("inference-sidecar",) * len(SPECS)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "---\n", "apiVersion: v1\nkind: ConfigMap\ndata: {a:   b}", "\ufeffapiVersion: v1\nkind: X\n"],
)
def test_nothing_to_inject__the_same_text(text):
    assert inject(text, ADDED) == (text, (), ())


def test_crlf_and_byte_order_mark_stay():
    text = "\ufeff" + WEB.replace("\n", "\r\n")
    assert injected(text) == "\ufeff" + injected(WEB).replace("\n", "\r\n")


def test_text_without_a_last_end_of_line():
    text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a"
    assert injected(injected(text)) == injected(text)
    assert not injected(text).endswith("\n")


def test_json_stays_json():
    made = manifest("Deployment")
    for indent in (None, 2):
        assert objects(injected(text_of(made))) == [json.loads(injected(json.dumps(made, indent=indent)))]


def test_aliases_and_merged_keys_stay():
    text = injected(CLOSE)
    assert "    env: *env\n" in text
    assert "  - <<: *app\n    name: other\n" in text
    (made,) = objects(text)
    own = [{"name": "A", "value": "b"}]
    expected = [{"name": name, "value": value} for name, value in sdk_values().items()] + own
    assert [container["env"] for container in made["spec"]["containers"]] == [expected] * 3


def test_alias_that_must_become_two_things__refused():
    text = CLOSE.replace("metadata: &it {name: a}", "metadata: &it {labels: &l {a: b}, annotations: *l}")
    assert problems(text) == (
        "x.yaml:1: can't be injected: an alias or an unusual layout stands in the way; write out what *name stands for",
    )


def test_labelled_false__passed_over_and_said():
    made = manifest("Deployment")
    pod_of(made)["metadata"]["labels"][LABEL] = "false"
    text = text_of(made)
    result = inject(text, ADDED, "x.yaml")
    assert result.text == text
    said = (
        f'{place(text, LABEL)}: Deployment web: passed over, as its pods are labelled inference-sidecar/inject: "false"'
    )
    assert result.notes == (said,)


def test_other_kinds_are_injected_by_their_shape_and_said():
    made = manifest("Deployment") | {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    result = inject(text_of(made), ADDED, "x.yaml")
    assert result.images == ("inference-sidecar",)
    assert result.notes == (
        "x.yaml:1: Rollout web: this kind is not Kubernetes' own; it is taken for what it looks like",
    )


def test_older_container_is_renewed_where_it_stands_and_its_own_values_stay():
    text = inject(text_of(manifest("Job")), OTHER).text
    worn = text.replace("failureThreshold: 60", "failureThreshold: 6  # mine").replace(
        "- serve", "- serve\n        - --now"
    )
    result = inject(worn, ADDED, "x.yaml")
    assert result.text == text.replace("failureThreshold: 60", "failureThreshold: 60  # mine")
    said = "init container inference-sidecar was there already, and is brought up to date: args, startupProbe"
    assert result.notes == (f"{place(worn, 'name: inference-sidecar')}: Job web: {said}",)


def test_everything_that_is_wrong_at_once_with_its_place():
    bad = manifest("Deployment", hostNetwork=True)
    pod_of(bad)["spec"]["containers"].append({"name": "gate", "ports": [{"containerPort": 8780}]})
    text = text_of(bad, {"a": 1})
    hosts, port, none = problems(text)
    assert hosts.startswith(f"{place(text, 'hostNetwork')}: Deployment web: hostNetwork: ")
    assert (
        port
        == f"{place(text, 'containerPort')}: Deployment web: container gate uses port 8780, which the sidecar needs"
    )
    assert none == f"{place(text, 'a: 1')}: is no Kubernetes manifest, which has apiVersion and kind"


@pytest.mark.parametrize(
    "text", ["just words", "- a\n- b\n", "kind: Pod\n", "a: {b: 1}\n", "apiVersion: v1\nkind: List\nitems: [1]\n"]
)
def test_no_manifest(text):
    (said,) = problems(text)
    assert said.endswith("is no Kubernetes manifest, which has apiVersion and kind")


def test_no_yaml():
    assert problems("a: {{ .Values.a }}\n")[0].startswith("x.yaml:1: is not valid YAML: ")


def test_what_is_chosen_later_stands_in_front__and_comments_stay_where_they_are():
    text = injected(text_of(manifest("Job"))).replace("name: SIDECAR_POD__UID", "name: SIDECAR_POD__UID # mine")
    (before, after) = text.split("        - name: SIDECAR_OBSERVE__LISTEN", 1)
    result = inject(text, chosen(env={"SIDECAR_MODE": "enforce"})).text
    added = "        - name: SIDECAR_MODE\n          value: enforce\n"
    assert result == f"{before}{added}        - name: SIDECAR_OBSERVE__LISTEN{after}"
