"""deploy/README.md is true as far as files, commands, settings, metrics and Kubernetes' schemas can tell."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from sidecar.cli.commands import app
from sidecar.config.load import leaves, load
from sidecar.config.schema import dotted
from sidecar.config.settings import Settings
from sidecar.ending import HURRIED_CALLS_SECONDS, HURRIED_CANCELS_SECONDS, HURRY_SECONDS, SPARE_SECONDS
from sidecar.injection.variables import SDK_VARIABLES
from sidecar.process import KILLED_AGAIN, ROWS_LOST
from sidecar.telemetry.metrics import metrics_table
from tests.deploy import page, schemas
from tests.deploy.kustomize import built
from tests.deploy.written import ADDITIONS
from tests.readme import ROOT

YAML = [yaml.safe_load(text) | {"": text} for text in page.blocks("yaml")]
SETTINGS = [shown for shown in YAML if shown[""].startswith("# sidecar.yaml")]
OBJECTS = [shown for shown in YAML if "kind" in shown and shown["kind"] != "Kustomization"]
SCRAPES = [shown for shown in YAML if "scrape_configs" in shown]
(KUSTOMIZATION,) = [shown for shown in YAML if shown.get("kind") == "Kustomization"]
NOT_OURS = {
    "unable to open database file": "SQLite's own sentence",
    "wrong version number": "of OpenSSL, 3.0",
    "record layer failure": "of OpenSSL, from 3.2 on",
    "certificate verify failed": "of Python's ssl",
    "unable to get local issuer certificate": "of OpenSSL",
}
"""Sentences that are quoted and stand in none of our sources."""

APPLICATION = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: application}
spec:
  selector: {matchLabels: {app: application}}
  template:
    metadata: {labels: {app: application}}
    spec: {containers: [{name: application, image: application}]}
"""


def test_links_lead_somewhere() -> None:
    files = {link.partition("#")[0] for link in page.links()} - {""}
    assert files
    assert [name for name in files if not (page.PAGE.parent / name).exists()] == []


def test_links_within_the_page_lead_to_a_heading() -> None:
    anchors = {link[1:] for link in page.links() if link.startswith("#")}
    assert len(anchors) > 10
    assert anchors - set(page.headings()) == set()


def test_paths_that_are_named_exist() -> None:
    paths = page.paths()
    assert {"deploy/kubernetes/component", "sidecar/injection/additions.yaml"} <= paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("words", page.commands(), ids=" ".join)
def test_command_can_be_typed_as_it_is_shown(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while rest and hasattr(command, "commands"):
        name = rest.pop(0)
        assert name in command.commands, f"sidecar has no {name}"
        command = command.commands[name]
    command.make_context("sidecar", rest)  # raises for a flag or an argument that there is not


def test_commands_of_all_kinds_are_found() -> None:
    assert {words[0] for words in page.commands()} >= {
        "inject",
        "drain",
        "wait",
        "shutdown",
        "calls",
        "report",
        "serve",
    }


def test_every_block_of_yaml_is_of_a_known_kind() -> None:
    assert len(YAML) == len(SETTINGS) + len(OBJECTS) + len(SCRAPES) + 1


@pytest.mark.parametrize("shown", SETTINGS, ids=range(len(SETTINGS)))
def test_settings_that_are_shown_can_be_used(tmp_path: Path, shown: dict[str, Any]) -> None:
    (tmp_path / "sidecar.yaml").write_text(shown[""])
    assert load({}, {}, str(tmp_path / "sidecar.yaml")).file is not None


@pytest.mark.parametrize("shown", OBJECTS, ids=lambda shown: shown["kind"])
def test_objects_that_are_shown_are_kubernetes(shown: dict[str, Any]) -> None:
    schemas.validate({key: value for key, value in shown.items() if key})


@pytest.mark.part("kubectl")
def test_kustomization_that_is_shown_gives_the_application_a_sidecar(tmp_path: Path) -> None:
    above = "../" * len(tmp_path.resolve().parts[1:])
    text = KUSTOMIZATION[""].replace("../inference-sidecar", f"{above}{ROOT.relative_to('/')}")
    (tmp_path / "kustomization.yaml").write_text(text)
    (tmp_path / "application.yaml").write_text(APPLICATION)
    (application,) = [document for document in built(tmp_path) if document["kind"] == "Deployment"]
    first = application["spec"]["template"]["spec"]["initContainers"][0]
    assert (first["name"], first["image"]) == ("inference-sidecar", "registry.example/inference-sidecar:0.1.0")


def test_port_that_is_scraped_is_the_containers() -> None:
    (config,) = SCRAPES[0]["scrape_configs"]
    kept = [rule["regex"] for rule in config["relabel_configs"] if rule.get("action") == "keep"]
    assert kept == [port["name"] for port in yaml.safe_load(ADDITIONS.read_text())["container"]["ports"]]


def test_everything_that_a_pod_gets_is_explained() -> None:
    additions = yaml.safe_load(ADDITIONS.read_text())
    container = additions["container"]
    told = {variable["name"] for variable in container["env"]} | set(SDK_VARIABLES)
    told |= set(additions["labels"]) | set(additions["annotations"]) | set(additions["annotations"].values())
    told |= {variable["value"] for variable in container["env"] if "value" in variable}
    told |= {f"every second, {container['startupProbe']['failureThreshold']} times"}
    told |= {volume["name"] for volume in additions["volumes"]} | {port["name"] for port in container["ports"]}
    told |= {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    told |= set(container["resources"]["requests"].values()) | set(container["resources"]["limits"].values())
    told |= {
        str(container["securityContext"]["runAsUser"]),
        " ".join(container["lifecycle"]["preStop"]["exec"]["command"]),
    }
    part = page.TEXT.partition("## What is added")[2].partition("## Four ways")[0]
    assert [each for each in sorted(told) if each not in part] == []


def keys() -> set[str]:
    """Every setting by its dotted name, and every group; `<name>` stands for an upstream's."""
    names = {re.sub(r"^upstreams\.[^.]+", "upstreams.<name>", dotted(path)) for path, _ in leaves(Settings())}
    return names | {name.rpartition(".")[0] for name in names} | {"upstreams.<name>.credential"}


def test_settings_that_are_named_exist() -> None:
    groups = {name.partition(".")[0] for name in keys()}
    words = {word.rstrip(":") for span in page.spans() for word in span.split()[:1]}
    named = {
        word for word in words if re.fullmatch(r"[a-z_]+(\.[a-z_<>]+)+", word) and word.partition(".")[0] in groups
    }
    assert "drain.deadline_seconds" in named
    assert named - keys() == set()


def test_variables_of_ours_that_are_named_exist() -> None:
    named = set(re.findall(r"\bSIDECAR_([A-Z_]+__[A-Z_]+)", page.TEXT))
    assert {"LEDGER__URL", "DRAIN__CALLERS_ARE_GONE"} <= named
    assert {name.lower().replace("__", ".") for name in named} - keys() == set()


def test_metrics_and_alerts_that_are_named_exist() -> None:
    table = metrics_table()
    named = {span.partition("{")[0] for span in page.spans() if re.match(r"[a-z_]+_total\b", span)}
    assert {"cancel_requests_total", "limits_reached_total"} <= named
    assert [name for name in sorted(named) if name not in table] == []
    alerts = "".join(path.read_text() for path in (ROOT / "deploy" / "kubernetes" / "monitoring").glob("*.yaml"))
    assert "alert: PodWithoutSidecar" in alerts


def test_sentences_that_are_quoted_are_those_of_the_program() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "sidecar").rglob("*.py"))
    part = page.TEXT.partition("## Troubleshooting")[2].partition("\n## ")[0]
    seen = [page.cells(line)[0] for line in part.splitlines() if line.startswith("| ")][2:]
    quoted = [sentence for cell in seen for sentence in re.findall(r'"([^"]+?)"', cell) if " " in sentence]
    assert len(quoted) > 10
    assert [sentence for sentence in quoted if sentence not in sources and sentence not in NOT_OURS] == []


def test_exit_codes_are_those_of_the_program() -> None:
    part = page.TEXT.partition("| exit code |")[2].partition("\n\n")[0]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", part, re.MULTILINE)}
    assert {0, ROWS_LOST, 2, 3, KILLED_AGAIN} <= codes


def test_times_of_a_pods_end_are_those_of_the_program() -> None:
    part = page.TEXT.partition("## Life of a pod")[2].partition("## Sizing")[0]
    assert f"All is done {SPARE_SECONDS:g} s before the grace is over" in part
    assert f"cancels are sent, {HURRIED_CANCELS_SECONDS:g} s are waited for them" in part
    assert f"calls are cut after {HURRIED_CALLS_SECONDS:g} s, all is done in {HURRY_SECONDS:g} s" in part
    assert f"cancels are sent, but waited for {HURRIED_CANCELS_SECONDS:g} s only" in part
