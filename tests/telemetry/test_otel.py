"""The door: without the extra a sentence that says what to do, and without being asked for nothing of it is loaded."""

import subprocess
import sys

import pytest

from sidecar.errors import SettingsError
from sidecar.telemetry.otel import OtelOptions, open_otel
from tests.telemetry.exporting import Told

OPTIONS = OtelOptions(version="1.2.3", instance="i", headers="authorization=canary")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "sidecar.telemetry.otel_pipeline", None)
    with pytest.raises(SettingsError) as refused:
        open_otel(OPTIONS, Told(), {})
    assert refused.value.key == "otel.enabled"
    assert "needs OpenTelemetry" in str(refused.value)
    assert refused.value.advice == "install the extra: pip install 'inference-sidecar[otel]'"


def test_headers_are_in_no_text_of_the_options():
    assert "canary" not in f"{OPTIONS!r} {OPTIONS}"


@pytest.mark.parametrize(("module", "theirs"), [("telemetry.otel", "opentelemetry"), ("app", "opentelemetry.sdk")])
def test_neither_the_door_nor_the_program_loads_anything_of_it(module: str, theirs: str):
    """But for its API, which FastAPI loads where it is installed."""
    program = f"import sys, sidecar.{module}; print([name for name in sys.modules if name.startswith('{theirs}')])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
