"""What the component adds, to what, and what it leaves alone."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.injection.variables import sdk_values
from tests.deploy.applications import FULL, KINDS, PLAIN, as_list, everything, manifest, workload
from tests.deploy.kustomize import BuildError, Document, built, documents, with_components
from tests.deploy.pods import SDK, SIDECAR, effective, named, plain, pod_of, pods_of
from tests.deploy.written import ADDITIONS

pytestmark = pytest.mark.part("kubectl")

ADDED = yaml.safe_load(ADDITIONS.read_text())
LISTED = """
patches:
  - target: {{kind: Deployment}}
    patch: |-
      kind: any
      metadata: {{name: any}}
      spec: {{template: {{metadata: {{annotations: {{{key}: "scratch,inference-sidecar-ledger"}}}}}}}}
"""


@pytest.fixture(scope="module", params=[PLAIN, FULL], ids=["little", "much"])
def spec(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


@pytest.fixture(scope="module")
def made(spec: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    """An object of each kind with the component."""
    return with_components(tmp_path_factory.mktemp("made"), everything(spec), "component")


def of_kind(made: list[Document], kind: str) -> Document:
    return named(made, kind, kind.lower())


@pytest.mark.parametrize("kind", KINDS)
def test_every_workload_gets_exactly_what_additions_yaml_says(made: list[Document], kind: str):
    pod = pod_of(of_kind(made, kind))
    assert pod is not None
    volumes = {volume["name"]: volume for volume in pod.spec["volumes"]}
    assert pod.spec["initContainers"][0] == ADDED["container"]
    assert [volumes[each["name"]] for each in ADDED["volumes"]] == ADDED["volumes"]
    assert pod.metadata["labels"] == {"app": "app"} | ADDED["labels"]
    assert pod.metadata["annotations"] == ADDED["annotations"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_else_of_a_workload_is_changed(made: list[Document], kind: str, spec: dict[str, Any]):
    document = copy.deepcopy(of_kind(made, kind))
    pod = pod_of(document)
    assert pod is not None
    _take_away_what_was_added(pod.metadata, pod.spec)
    assert document == workload(kind, spec)


def _take_away_what_was_added(metadata: dict[str, Any], spec: dict[str, Any]) -> None:
    for label in ADDED["labels"]:
        del metadata["labels"][label]
    for annotation in ADDED["annotations"]:
        del metadata["annotations"][annotation]
    if not metadata["annotations"]:
        del metadata["annotations"]
    ours = {each["name"] for each in ADDED["volumes"]}
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] not in ours]
    spec["initContainers"] = spec["initContainers"][1:]
    for container in [*spec["initContainers"], *spec["containers"]]:
        last = container["envFrom"].pop()
        assert last.keys() == {"configMapRef"}
        assert plain(last["configMapRef"]["name"]) == SDK
        if not container["envFrom"]:
            del container["envFrom"]
    for key in ("volumes", "initContainers"):
        if not spec[key]:
            del spec[key]


def test_the_sdks_variables_are_those_of_sidecar_inject(made: list[Document]):
    assert named(made, "ConfigMap", SDK)["data"] == sdk_values()


@pytest.mark.parametrize("kind", KINDS)
def test_the_sidecar_is_not_told_to_call_itself(made: list[Document], kind: str):
    pod = pod_of(of_kind(made, kind))
    assert pod is not None
    assert pod.sidecar()["envFrom"] == [{"secretRef": {"name": "inference-sidecar", "optional": True}}]


def test_every_container_has_every_variable_and_its_own_win(tmp_path: Path):
    for pod in pods_of(effective(with_components(tmp_path, everything(FULL), "component"))):
        app, other, migrate = (
            next(each for each in pod.others() if each["name"] == name) for name in ("app", "other", "migrate")
        )
        assert all(sdk_values().keys() <= each["env"].keys() for each in pod.others())
        assert other["env"]["OPENAI_BASE_URL"]["value"] == sdk_values()["OPENAI_BASE_URL"]
        assert app["env"]["OPENAI_BASE_URL"]["value"] == "http://mine"
        assert app["env"]["CO_API_URL"].keys() == {"name", "valueFrom"}
        assert migrate["env"]["GROQ_BASE_URL"]["value"] == "http://mine"


def test_a_list_gets_what_its_items_get(tmp_path_factory: pytest.TempPathFactory):
    folders = [tmp_path_factory.mktemp(name) for name in ("list", "stream")]
    one, other = (
        effective(with_components(folder, text, "component"))
        for folder, text in zip(folders, (as_list(FULL), everything(FULL)), strict=True)
    )
    assert one == other


def test_a_replica_set_of_ones_own_is_left_alone(tmp_path: Path):
    lonely = workload("ReplicaSet", PLAIN)
    made = with_components(tmp_path, manifest(lonely), "component")
    assert named(made, "ReplicaSet", "replicaset") == lonely


def test_a_change_of_the_settings_reaches_the_pods_as_a_rollout(tmp_path_factory: pytest.TempPathFactory):
    names = set()
    for mode in ("observe", "enforce"):
        made = with_settings(tmp_path_factory.mktemp(mode), f"mode: {mode}\n")
        generated = named(made, "ConfigMap", SIDECAR)
        assert generated["data"] == {"sidecar.yaml": f"mode: {mode}\n"}
        assert _settings_of(made) == [generated["metadata"]["name"]] * len(KINDS)
        names.add(generated["metadata"]["name"])
    assert len(names) == 2


def with_settings(folder: Path, settings: str) -> list[Document]:
    """Each kind with settings of its own, in the way that the component's head describes."""
    (folder / "sidecar.yaml").write_text(settings)
    own = "configMapGenerator: [{name: inference-sidecar, files: [sidecar.yaml]}]\n"
    return with_components(folder, everything(PLAIN), "component", more=own)


def test_without_settings_the_pods_start_with_the_defaults(tmp_path: Path):
    made = with_components(tmp_path, everything(PLAIN), "component")
    assert _settings_of(made) == ["inference-sidecar"] * len(KINDS)
    assert [document["metadata"]["name"] for document in made if document["kind"] == "ConfigMap"] == [
        named(made, "ConfigMap", SDK)["metadata"]["name"]
    ]


def _settings_of(made: list[Document]) -> list[str]:
    volumes = [volume for pod in pods_of(made) for volume in pod.spec["volumes"]]
    return [each["configMap"]["name"] for each in volumes if each["name"] == "inference-sidecar-config"]


def test_names_may_have_a_prefix(tmp_path: Path):
    (tmp_path / "sidecar.yaml").write_text("mode: observe\n")
    more = "namePrefix: team-\nconfigMapGenerator: [{name: inference-sidecar, files: [sidecar.yaml]}]\n"
    made = with_components(tmp_path, everything(PLAIN), "component", more=more)
    maps = {document["metadata"]["name"] for document in made if document["kind"] == "ConfigMap"}
    assert {plain(name) for name in maps} == {"team-inference-sidecar", "team-inference-sidecar-sdk"}
    assert {
        _sdk["configMapRef"]["name"] for pod in pods_of(made) for each in pod.others() for _sdk in each["envFrom"]
    } <= maps
    assert set(_settings_of(made)) <= maps


def test_a_secret_that_kustomize_generates_is_followed(tmp_path: Path):
    generated = "secretGenerator: [{name: inference-sidecar, literals: [GEMINI_API_KEY=put-your-key-here]}]\n"
    made = with_components(tmp_path, everything(PLAIN), "component", more=generated)
    (secret,) = (document for document in made if document["kind"] == "Secret")
    wanted = [{"secretRef": {"name": secret["metadata"]["name"], "optional": True}}]
    assert [pod.sidecar()["envFrom"] for pod in pods_of(made)] == [wanted] * len(KINDS)


@pytest.mark.parametrize(
    ("patch", "wanted"), [("", "inference-sidecar-ledger"), (LISTED, "scratch,inference-sidecar-ledger")]
)
def test_a_list_of_the_applications_own_is_lost_unless_a_patch_of_its_own_names_all(
    patch: str, wanted: str, tmp_path: Path
):
    """As component/kustomization.yaml says. `sidecar inject` and the policy leave such a list as it is."""
    (key,) = ADDED["annotations"]
    text = manifest(workload("Deployment", PLAIN, {key: "scratch"}))
    more = patch.format(key=key)
    (pod,) = pods_of(with_components(tmp_path, text, "component", more=more))
    assert pod.metadata["annotations"] == {key: wanted}


def test_twice_is_refused_rather_than_doubled(tmp_path: Path):
    with pytest.raises(BuildError, match="already registered"):
        with_components(tmp_path, everything(PLAIN), "component", "component")


def test_a_kustomization_without_workloads_gets_the_config_map_alone():
    assert {document["kind"] for document in built("component")} == {"ConfigMap"}
    assert documents("") == []
