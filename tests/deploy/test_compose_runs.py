"""The compose stack's programs side by side instead of in containers, each with its own settings from deploy/compose.

Addresses are others. Grafana is not among them: none can be installed where this is made.
"""

import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from sidecar.simulator.server import running_simulator
from tests.deploy.compose import flag, seen_as, services
from tests.end_to_end.prometheus import Prometheus, free_port, running_program, running_prometheus
from tests.end_to_end.rig import RunningSidecar, running_sidecar

CALLERS = seen_as("callers", services()["callers"]["entrypoint"][-1])


@pytest.fixture(scope="module")
def callers() -> ModuleType:
    """The demo's program, as a module."""
    specification = importlib.util.spec_from_file_location("demo_callers", CALLERS)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@contextmanager
def stack(directory: Path) -> Iterator[RunningSidecar]:
    """The simulated provider, and the sidecar in front of it."""
    settings = seen_as("sidecar", "/etc/inference-sidecar/sidecar.yaml")
    (directory / "sidecar.yaml").write_text(settings.read_text())
    with running_simulator() as simulator:
        environment = {"UPSTREAMS__DEMO__URL": simulator.url}
        with running_sidecar(directory, simulator, environment) as sidecar:
            yield sidecar


@contextmanager
def running_alertmanager(directory: Path) -> Iterator[str]:
    """The Alertmanager, with its settings and its flags; its address."""
    place = f"127.0.0.1:{free_port()}"
    settings = seen_as("alertmanager", flag("alertmanager", "--config.file"))
    flags = [word for word in services()["alertmanager"]["command"] if word.startswith("--cluster")]
    command = [
        "prometheus-alertmanager", *flags, f"--config.file={settings}", f"--storage.path={directory}/alerts",
        f"--web.listen-address={place}",
    ]  # fmt: skip
    with running_program(directory / "alertmanager.log", command, f"http://{place}/-/ready"):
        yield place


def moved(directory: Path, places: dict[str, str]) -> str:
    """Prometheus' settings with these addresses instead of the containers', and the rules where it finds them."""
    settings = seen_as("prometheus", flag("prometheus", "--config.file")).read_text()
    (directory / "rules").symlink_to(seen_as("prometheus", "/etc/prometheus/rules"))
    for name, place in places.items():
        assert name in settings
        settings = settings.replace(name, place)
    return settings


def rules_of(prometheus: Prometheus) -> dict[str, int]:
    """How many rules each loaded file has."""
    groups = prometheus.asked("rules")["groups"]
    return {
        name: sum(len(group["rules"]) for group in groups if group["file"].endswith(name))
        for name in ("alerts.yaml", "recording.yaml")
    }


def rules_written(name: str) -> int:
    groups = yaml.safe_load((seen_as("prometheus", "/etc/prometheus/rules") / name).read_text())["groups"]
    return sum(len(group["rules"]) for group in groups)


@pytest.mark.part("prometheus", "alertmanager")
def test_prometheus_sees_what_an_impatient_caller_cost_and_has_rules_and_alertmanager(
    tmp_path: Path, callers: ModuleType
) -> None:
    with stack(tmp_path) as sidecar, running_alertmanager(tmp_path) as alertmanager:
        call = callers.Call(
            "/v1beta/models/gemini-2.5-pro:generateContent",
            {"contents": [{"parts": [{"text": "Sum up the attached report."}]}]},
            "seconds=0.6 prompt=5000 output=900",
            0.2,
        )
        with pytest.raises(TimeoutError):
            callers.make(call, f"{sidecar.proxy}/demo")
        places = {"sidecar:8781": sidecar.observe.removeprefix("http://"), "alertmanager:9093": alertmanager}
        with running_prometheus(tmp_path, moved(tmp_path, places)) as prometheus:
            prometheus.wait_for('up{job="inference-sidecar"}', least=1)
            prometheus.wait_for('up{job="alertmanager"}', least=1)
            prometheus.wait_for('sum(inference_sidecar_spend_usd_total{fate="orphaned"})', least=0.001)
            assert rules_of(prometheus) == {name: rules_written(name) for name in ("alerts.yaml", "recording.yaml")}
            assert prometheus.asked("alertmanagers")["activeAlertmanagers"] == [
                {"url": f"http://{alertmanager}/api/v2/alerts"}
            ]


def test_callers_call_until_they_are_stopped(tmp_path: Path) -> None:
    with stack(tmp_path) as sidecar:
        program = subprocess.Popen([sys.executable, str(CALLERS), f"{sidecar.proxy}/demo"])
        try:
            deadline = time.monotonic() + 30
            while sidecar.total("calls_started_total") < 3 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert sidecar.total("calls_started_total", provider="gemini") >= 3
            assert program.poll() is None
        finally:
            program.terminate()
            program.wait()


def test_some_callers_lose_patience_and_some_forget(callers: ModuleType) -> None:
    asked = list(islice(callers.calls(random.Random(7)), 400))
    forgotten = [call for call in asked if "background" in call.body]
    impatient = [call for call in asked if call.patience_seconds < 20]
    assert 8 <= len(forgotten) <= 40
    assert 40 <= len(impatient) <= 120
    assert {call.path.partition(":")[2].partition("?")[0] for call in asked if call not in forgotten} == {
        "generateContent", "streamGenerateContent",
    }  # fmt: skip


def test_caller_who_waits_for_nobody_goes_on(callers: ModuleType) -> None:
    call = callers.Call("/v1beta/models/x:generateContent", {}, "", 1.0)
    with pytest.raises(OSError, match="refused"):
        callers.make(call, f"http://127.0.0.1:{free_port()}/demo")
