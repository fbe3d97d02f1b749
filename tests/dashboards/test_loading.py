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


def test_every_dashboard_is_listed__and_in_the_config_map():
    assert re.findall(r"`(inference-sidecar-\w+)` \|", README) == [CLASSIC[name]["uid"] for name in NAMES]
    (config_map,) = (block for block in map(yaml.safe_load, blocks("yaml")) if "configMapGenerator" in block)
    (generated,) = config_map["configMapGenerator"]
    assert generated["files"] == [f"classic/{name}.json" for name in NAMES]


def test_the_config_map_is_small_enough():
    # etcd takes 1.5 MiB, the API server 1 MiB of a ConfigMap's data
    assert sum((DASHBOARDS / "classic" / f"{name}.json").stat().st_size for name in NAMES) < 900_000


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
