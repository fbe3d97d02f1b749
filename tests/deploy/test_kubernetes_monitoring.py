"""What is scraped, who may scrape, and what Grafana and Prometheus load."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sidecar.config.settings import Settings
from sidecar.telemetry.metrics import CATALOGUE
from tests import parts
from tests.dashboards.committed import CLASSIC
from tests.deploy.kustomize import KUBERNETES, built, documents
from tests.deploy.pods import named
from tests.deploy.written import ADDITIONS

pytestmark = pytest.mark.part("kubectl")

ADDED = yaml.safe_load(ADDITIONS.read_text())
FIRING = 'ALERTS{alertstate="firing"}'
MOST_IN_AN_ANNOTATION = 256 * 1024
"""Bytes. `kubectl apply` keeps the whole object in one of its annotations."""
OF_THE_SCRAPE = {"job", "instance", "namespace", "pod", "container", "endpoint", "service", "node"}


def monitor() -> dict[str, Any]:
    (found,) = built("pod-monitor")
    return found


def policy(folder: str = "network-policy", name: str = "inference-sidecar") -> dict[str, Any]:
    spec: dict[str, Any] = named(built(folder), "NetworkPolicy", name)["spec"]
    return spec


def test_the_monitor_looks_for_our_label_and_our_port():
    (endpoint,) = monitor()["spec"]["podMetricsEndpoints"]
    assert monitor()["spec"]["selector"]["matchLabels"] == ADDED["labels"]
    assert endpoint["port"] == ADDED["container"]["ports"][0]["name"]
    assert endpoint["path"] == "/metrics"


def test_the_sidecar_waits_longer_than_the_interval_for_its_last_scrape():
    (endpoint,) = monitor()["spec"]["podMetricsEndpoints"]
    interval, timeout = (float(endpoint[key].removesuffix("s")) for key in ("interval", "scrapeTimeout"))
    assert timeout < interval < Settings().drain.linger_seconds


def test_no_metric_says_what_the_scrape_is_to_say():
    """So that it does not matter whose labels would win."""
    assert [family.name for family in CATALOGUE if OF_THE_SCRAPE & set(family.labels)] == []


@pytest.mark.parametrize(
    ("namespace", "application", "job"),
    [("team", "ask", "team/ask"), ("team", "", "team/inference-sidecar")],
)
def test_the_job_is_the_application_in_its_namespace(namespace: str, application: str, job: str):
    """As Prometheus relabels: the values joined, the whole of it matched, the target left alone where it does not match."""
    (rule,) = monitor()["spec"]["podMetricsEndpoints"][0]["relabelings"]
    joined = rule["separator"].join([namespace, application])
    matched = re.fullmatch(rule["regex"], joined)
    assert (matched[1] if matched else f"{namespace}/{monitor()['metadata']['name']}") == job
    assert (rule["targetLabel"], rule["replacement"]) == ("job", "$1")


def test_the_network_policy_selects_nobody_who_has_not_asked_for_it():
    selected = policy()["podSelector"]["matchLabels"]
    assert selected == ADDED["labels"] | {"inference-sidecar/network-policy": "true"}
    labels = [document["metadata"].get("labels", {}) for document in built("examples")]
    assert not any("inference-sidecar/network-policy" in each for each in labels)


def test_the_network_policy_lets_monitoring_in_at_the_metrics_alone():
    (rule,) = policy()["ingress"]
    assert rule["ports"] == [{"port": 8781, "protocol": "TCP"}]
    assert rule["from"] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def test_the_network_policy_lets_out_to_names_providers_and_the_ledger():
    assert policy()["policyTypes"] == ["Ingress", "Egress"]
    assert [[each["port"] for each in rule["ports"]] for rule in policy()["egress"]] == [[53, 53], [443], [5432]]


def test_the_overlay_that_closes_the_network_keeps_the_application_open():
    made = built("overlays/enforce")
    template = named(made, "Deployment", "ask")["spec"]["template"]
    application = policy("overlays/enforce", "ask")
    selected = policy("overlays/enforce")["podSelector"]["matchLabels"] | application["podSelector"]["matchLabels"]
    assert selected.items() <= template["metadata"]["labels"].items()
    (port,) = application["ingress"][0]["ports"]
    assert port["port"] == template["spec"]["containers"][0]["ports"][0]["containerPort"]
    assert named(made, "Deployment", "ask")["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/name": "ask"}


@pytest.mark.parametrize("name", CLASSIC)
def test_each_dashboard_is_a_config_map_that_grafana_finds(name: str):
    config_map = named(built("monitoring"), "ConfigMap", f"inference-sidecar-{name}")
    assert config_map["metadata"]["labels"] == {"grafana_dashboard": "1"}
    ((file, text),) = config_map["data"].items()
    assert file == f"inference-sidecar-{name}.json", "all dashboards come into one folder of Grafana's"
    assert json.loads(text) == CLASSIC[name]


def test_every_object_of_monitoring_can_be_applied():
    sizes = {document["metadata"]["name"]: len(json.dumps(document).encode()) for document in built("monitoring")}
    assert {name for name, size in sizes.items() if size > MOST_IN_AN_ANNOTATION} == set()


def test_monitoring_scrapes_nobody_a_second_time():
    assert {document["kind"] for document in built("monitoring")} == {"ConfigMap", "PrometheusRule"}


def shown(metric: str, pod: str, times: str = "1x60", **labels: str) -> dict[str, str]:
    """A series of kube-state-metrics."""
    said = {"namespace": "shop", "pod": pod, "uid": f"of {pod}", **labels}
    inner = ", ".join(f'{key}="{value}"' for key, value in said.items())
    return {"series": f"{metric}{{{inner}}}", "values": times}


def in_phase(pod: str, phase: str, times: str = "1x60") -> list[dict[str, str]]:
    """There is a series for each phase; that of the pod's own is 1."""
    return [shown("kube_pod_status_phase", pod, times if each == phase else "0x60", phase=each) for each in PHASES]


def asking(pod: str, phase: str = "Running", times: str = "1x60") -> list[dict[str, str]]:
    """A pod with our label."""
    label = shown("kube_pod_labels", pod, "1x60", label_inference_sidecar_inject="true")
    return [label, *in_phase(pod, phase, times)]


def told_of(name: str, series: list[dict[str, str]], *, is_bare: bool) -> dict[str, Any]:
    """A test of promtool's: nothing fires in the first quarter of an hour, and then what should."""
    fires = {
        "labels": 'ALERTS{alertname="PodWithoutSidecar", alertstate="firing", namespace="shop", severity="ticket"}',
        "value": 1,
    }
    moments = {"14m": [], "20m": [fires] if is_bare else [], "40m": [fires] if is_bare else []}
    asked = [{"expr": FIRING, "eval_time": at, "exp_samples": samples} for at, samples in moments.items()]
    return {"name": name, "interval": "1m", "input_series": series, "promql_expr_test": asked}


PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")
INIT, ORDINARY = "kube_pod_init_container_info", "kube_pod_container_info"
PODS: dict[str, list[dict[str, str]]] = {
    "native": [*asking("a"), shown(INIT, "a", container="inference-sidecar")],
    "old cluster": [*asking("a"), shown(ORDINARY, "a", container="inference-sidecar")],
    "does not ask": [shown("kube_pod_labels", "a"), *in_phase("a", "Running")],
    "ended": [*asking("a", "Succeeded"), *asking("b", "Failed")],
    "ended after a while": [*asking("a", times="1x9 0x50")],
    "replaced within a quarter of an hour": [*asking("a", times="1x12 stale")],
    "bare": [*asking("a"), shown(ORDINARY, "a", container="application")],
    "bare and pending": [*asking("a", "Pending")],
    "bare, of the name of one that had it": [*asking("a"), shown(INIT, "a", container="inference-sidecar", uid="before")],
    "bare, one of its name elsewhere is not": [*asking("a"), shown(INIT, "a", container="inference-sidecar", namespace="b")],
}  # fmt: skip
"""What kube-state-metrics shows, by what it is of; the alert is for those that are bare."""


@pytest.mark.part("promtool")
def test_a_pod_that_asks_for_the_sidecar_and_has_none_is_told_of(tmp_path: Path):
    (rule,) = documents((KUBERNETES / "monitoring" / "pods.yaml").read_text())
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rule["spec"]))
    tests = [told_of(name, series, is_bare=name.startswith("bare")) for name, series in PODS.items()]
    (tmp_path / "test.yaml").write_text(
        yaml.safe_dump({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})
    )
    promtool = str(parts.part("promtool").path())
    for command in (["check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"], ["test", "rules", "test.yaml"]):
        told = subprocess.run([promtool, *command], cwd=tmp_path, capture_output=True, text=True)
        assert told.returncode == 0, told.stdout + told.stderr
