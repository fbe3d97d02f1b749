"""The demo's two servers."""

from pathlib import Path

import pytest
import yaml

from sidecar.cli.stage import Interrupted, Stage, StageFailed, environment_of, settings_of
from sidecar.config.load import load


def test_stage_has_a_provider_and_a_sidecar_in_front_of_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    try:
        assert stage.provider_url.startswith("http://127.0.0.1:")
        assert (stage.in_flight(), stage.operations(), stage.bill()) == ({}, {}, {})
        assert any("serving" in line for line in stage.metrics("inference_sidecar_state"))
        assert len(stage.pids) == 2
    finally:
        stage.close()
    assert (tmp_path / "demo.db").exists()
    with pytest.raises(StageFailed, match="nobody answers"):
        stage.bill()


def test_ledger_can_not_be_opened__the_sidecars_own_words_and_no_process_is_left(tmp_path: Path) -> None:
    (tmp_path / "no-ledger").mkdir()
    with pytest.raises(StageFailed, match=r"(?s)the sidecar has ended before it had begun.*ledger"):
        Stage(tmp_path, tmp_path / "no-ledger")


def test_asked_to_end_while_it_starts(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        Stage(tmp_path, is_asked_to_end=lambda: True)


@pytest.mark.parametrize("seconds", [10, 60, 3600])
def test_settings_are_ones_that_the_sidecar_takes(tmp_path: Path, seconds: float) -> None:
    told = settings_of("http://127.0.0.1:1", tmp_path / "demo.db", seconds)
    (tmp_path / "demo.yaml").write_text(yaml.safe_dump(told))
    settings = load({}, {}, str(tmp_path / "demo.yaml")).settings
    assert settings.rescues
    assert settings.operations.grace_seconds < settings.operations.lease_seconds


def test_nothing_of_ones_own_settings_keys_and_proxies_reaches_the_demo() -> None:
    leading_elsewhere = {
        "SIDECAR_MODE": "observe", "GOOGLE_GENAI_USE_VERTEXAI": "true", "GEMINI_API_KEY": "k", "OPENAI_API_KEY": "k",
        "https_proxy": "http://p", "HTTP_PROXY": "http://p", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://o",
    }  # fmt: skip
    assert environment_of({**leading_elsewhere, "PATH": "/bin", "HOME": "/h"}) == {"PATH": "/bin", "HOME": "/h"}
