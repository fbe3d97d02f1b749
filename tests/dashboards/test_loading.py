"""What dashboards/README.md says of loading works as far as it can be tried without a Grafana."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.dashboards.committed import CLASSIC, NAMES
from tests.readme import ROOT

DASHBOARDS = ROOT / "dashboards"
README = (DASHBOARDS / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


def test_every_example_is_yaml():
    assert all(isinstance(yaml.safe_load(block), dict) for block in blocks("yaml"))


def test_every_dashboard_is_listed__and_has_a_config_map():
    assert re.findall(r"`(inference-sidecar-\w+)` \|", README) == [CLASSIC[name]["uid"] for name in NAMES]
    maps = yaml.safe_load((DASHBOARDS / "kustomization.yaml").read_text())["configMapGenerator"]
    assert [each["files"] for each in maps] == [[f"{CLASSIC[name]['uid']}.json=classic/{name}.json"] for name in NAMES]


def test_a_config_map_is_small_enough():
    # `kubectl apply` notes down what it applied in an annotation, which may hold 256 KiB
    assert max((DASHBOARDS / "classic" / f"{name}.json").stat().st_size for name in NAMES) < 200_000


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\b((?:rules|source|classic|v2)/[\w.]+\.\w+)", README))))
def test_what_is_named_is_there(path: str):
    assert (DASHBOARDS / path).exists()


def test_the_two_rule_files_become_one_prometheus_rule(tmp_path: Path):
    (command,) = (block for block in blocks("sh") if "PrometheusRule" in block)
    script = command.replace("rules/", f"{DASHBOARDS}/rules/")
    subprocess.run(["sh", "-eu", "-c", script], cwd=tmp_path, check=True)
    made = yaml.safe_load((tmp_path / "prometheusrule.yaml").read_text())
    files = [yaml.safe_load((DASHBOARDS / "rules" / name).read_text()) for name in ("recording.yaml", "alerts.yaml")]
    assert made["kind"] == "PrometheusRule"
    assert made["spec"] == {"groups": [group for file in files for group in file["groups"]]}
