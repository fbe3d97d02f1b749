"""deploy/compose: what Prometheus, Alertmanager and Grafana are given fits together, and is open to this machine only."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sidecar.config.ending import Drain
from sidecar.config.quantities import parse_seconds
from tests.deploy import compose
from tests.deploy.compose import FOLDER, flag, mounts, read, seen_as, services, variables
from tests.deploy.dockerfile import ROOT

OURS, THEIRS = {"sidecar", "provider", "callers"}, {"prometheus", "alertmanager", "grafana"}
PROVISIONING = "/etc/grafana/provisioning"
(DATASOURCE,) = read("grafana/datasources/prometheus.yaml")["datasources"]
(PROVIDER,) = read("grafana/dashboards/inference-sidecar.yaml")["providers"]


def said(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command that has ended, with what it said."""
    return subprocess.run(command, cwd=FOLDER, env={**os.environ, **variables}, capture_output=True, text=True)


@pytest.mark.part("docker-compose")
@pytest.mark.parametrize(("profile", "services"), [("demo", OURS | THEIRS), ("", THEIRS | {"sidecar"})])
def test_compose_resolves_the_file_without_a_word(profile: str, services: set[str]) -> None:
    """Compose 1.29 shows services of other profiles, too; Compose 2 does not."""
    told = said("docker-compose", "config", COMPOSE_PROFILES=profile)
    assert (told.returncode, told.stderr) == (0, "")
    assert services <= set(yaml.safe_load(told.stdout)["services"]) <= OURS | THEIRS


@pytest.mark.part("docker-compose")
def test_compose_takes_a_digest_with_the_tag() -> None:
    told = said("docker-compose", "config", GRAFANA_DIGEST=f"@sha256:{'0' * 64}", KEYS_FILE="no-keys.env")
    image = yaml.safe_load(told.stdout)["services"]["grafana"]["image"]
    assert image == f"{variables()['GRAFANA_IMAGE']}@sha256:{'0' * 64}"


def test_one_command_starts_the_demo_too() -> None:
    assert variables()["COMPOSE_PROFILES"] == "demo"
    assert {name for name, service in services().items() if service.get("profiles")} == {"provider", "callers"}


def test_every_variable_is_set_and_used() -> None:
    used = set(compose.VARIABLE.findall((FOLDER / "compose.yaml").read_text()))
    assert used == {name for name in variables() if not name.startswith("COMPOSE_")}


def test_images_have_a_tag_and_no_host_and_a_place_for_their_digest() -> None:
    images = {name: image for name, image in variables().items() if name.endswith("_IMAGE")}
    assert [image for image in images.values() if not re.fullmatch(r"[a-z-]+(/[a-z-]+)?:v?[0-9a-z.]+", image)] == []
    assert "latest" not in " ".join(images.values())
    digests = {name for name, value in variables().items() if name.endswith("_DIGEST") and value == ""}
    assert digests == {"PYTHON_DIGEST", "PROMETHEUS_DIGEST", "ALERTMANAGER_DIGEST", "GRAFANA_DIGEST"}


def test_all_of_ours_are_the_image_that_is_built_here() -> None:
    built = services()["sidecar"]["build"]
    assert {services()[name]["image"] for name in OURS} == {variables()["SIDECAR_IMAGE"]}
    assert ((FOLDER / built["context"]).resolve(), built["dockerfile"]) == (ROOT, "deploy/Dockerfile")
    assert "ARG PYTHON_DIGEST" in (ROOT / "deploy/Dockerfile").read_text()


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for service in services().values() for port in service.get("ports", [])]
    assert len(ports) == 5
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_control_socket_stays_in_the_container() -> None:
    sidecar = services()["sidecar"]
    assert not [port for port in sidecar["ports"] if "8782" in port]
    assert set(sidecar["environment"]) == {"SIDECAR_PROXY__LISTEN", "SIDECAR_OBSERVE__LISTEN"}
    assert "control" not in read("sidecar.yaml")


@pytest.mark.parametrize("name", sorted(OURS | THEIRS))
def test_services_have_no_rights(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("read_only", False) is (name != "grafana")


@pytest.mark.parametrize("name", sorted(OURS | THEIRS))
def test_what_is_mounted_is_there_and_read_only(name: str) -> None:
    assert [mount for mount in mounts(name) if not mount.source.exists() or mount.options != "ro"] == []


def test_ledger_outlives_the_container() -> None:
    assert "ledger:/var/lib/inference-sidecar" in services()["sidecar"]["volumes"]
    assert set(read("compose.yaml")["volumes"]) == {"ledger", "prometheus", "alertmanager"}


def test_sidecar_has_time_to_end() -> None:
    assert parse_seconds(services()["sidecar"]["stop_grace_period"]) > Drain().deadline_seconds


def test_settings_can_be_used_and_the_proxy_says_that_it_is_open() -> None:
    settings = seen_as("sidecar", "/etc/inference-sidecar/sidecar.yaml")
    command = (sys.executable, "-m", "sidecar", "config", "check", "--config", str(settings), "--format", "json")
    told = said(*command, **services()["sidecar"]["environment"])
    assert told.returncode == 0, told.stderr
    assert "the proxy listens on 0.0.0.0:8780, beyond this machine" in told.stdout + told.stderr


def test_demo_calls_the_simulated_provider_through_the_sidecar() -> None:
    host, port = services()["provider"]["command"][1::2]
    assert (host, port) == ("0.0.0.0", "8790")
    assert read("sidecar.yaml")["upstreams"]["demo"]["url"] == f"http://provider:{port}"
    assert services()["callers"]["command"] == ["http://sidecar:8780/demo"]
    assert seen_as("callers", services()["callers"]["entrypoint"][-1]).is_file()


def test_no_credential_is_in_a_file_that_git_knows() -> None:
    assert variables()["KEYS_FILE"] == "no-keys.env"
    assert [line for line in (FOLDER / "no-keys.env").read_text().splitlines() if not line.startswith("#")] == []
    assert "keys.env" in (FOLDER / ".gitignore").read_text().splitlines()
    assert services()["sidecar"]["env_file"] == ["no-keys.env"]


@pytest.mark.part("promtool")
def test_promtool_accepts_prometheus_with_our_rules(tmp_path: Path) -> None:
    for mount in mounts("prometheus"):
        place = tmp_path / mount.target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(mount.source)
    told = said("promtool", "check", "config", f"{tmp_path}{flag('prometheus', '--config.file')}")
    assert told.returncode == 0, told.stderr
    assert "2 rule files found" in told.stdout


def test_prometheus_scrapes_services_at_ports_that_they_listen_on() -> None:
    settings = yaml.safe_load(seen_as("prometheus", flag("prometheus", "--config.file")).read_text())
    targets = [
        target for job in settings["scrape_configs"] for group in job["static_configs"] for target in group["targets"]
    ]
    managers = [
        target
        for one in settings["alerting"]["alertmanagers"]
        for group in one["static_configs"]
        for target in group["targets"]
    ]
    assert targets == ["sidecar:8781", "127.0.0.1:9090", "alertmanager:9093"]
    assert managers == ["alertmanager:9093"]
    assert services()["sidecar"]["environment"]["SIDECAR_OBSERVE__LISTEN"] == "0.0.0.0:8781"


@pytest.mark.part("alertmanager")
@pytest.mark.parametrize(("severity", "receiver"), [("page", "people"), ("ticket", "people"), ("info", "held")])
def test_alerts_go_to_people_but_for_information(severity: str, receiver: str) -> None:
    settings = str(seen_as("alertmanager", flag("alertmanager", "--config.file")))
    checked = said("amtool", "check-config", settings)
    assert checked.returncode == 0, checked.stderr
    told = said("amtool", "config", "routes", "test", f"--config.file={settings}", f"severity={severity}")
    assert (told.returncode, told.stdout.strip()) == (0, receiver)


def test_severities_are_those_of_the_rules() -> None:
    groups = yaml.safe_load((ROOT / "dashboards/rules/alerts.yaml").read_text())["groups"]
    assert {rule["labels"]["severity"] for group in groups for rule in group["rules"]} == {"page", "ticket", "info"}


def test_grafana_finds_its_provisioning() -> None:
    for kind, name in (("datasources", "prometheus.yaml"), ("dashboards", "inference-sidecar.yaml")):
        assert seen_as("grafana", f"{PROVISIONING}/{kind}/{name}").is_file()


def test_grafanas_data_source_is_prometheus_and_the_default() -> None:
    assert (DATASOURCE["type"], DATASOURCE["isDefault"]) == ("prometheus", True)
    assert DATASOURCE["url"] == "http://prometheus:9090"
    assert DATASOURCE["jsonData"]["timeInterval"] == read("prometheus.yml")["global"]["scrape_interval"]
    assert DATASOURCE["jsonData"]["manageAlerts"] is True


def test_grafana_loads_every_dashboard_and_shows_the_overview_first() -> None:
    folder = seen_as("grafana", PROVIDER["options"]["path"])
    assert {path.name for path in folder.glob("*.json")} == {
        path.name for path in (ROOT / "dashboards/classic").glob("*.json")
    }
    home = seen_as("grafana", services()["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])
    assert json.loads(home.read_text())["uid"] == "inference-sidecar-overview"


@pytest.mark.parametrize("path", sorted((ROOT / "dashboards/classic").glob("*.json")), ids=lambda path: path.stem)
def test_dashboards_ask_the_default_data_source(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    (variable,) = (found for found in dashboard["templating"]["list"] if found["type"] == "datasource")
    assert (variable["query"], variable["current"]["value"]) == (DATASOURCE["type"], "default")
    uids = set(re.findall(r'"uid": "([^"]+)"', path.read_text())) - {dashboard["uid"]}
    assert uids <= {"${datasource}", "-- Grafana --"}


def test_nobody_can_log_in_to_grafana() -> None:
    environment = services()["grafana"]["environment"]
    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
