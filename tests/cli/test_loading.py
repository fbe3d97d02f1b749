"""The settings of this process."""

import pytest

from sidecar.cli.loading import load_settings, load_settings_to_serve
from sidecar.config.problems import BadSettings


def test_flags_variables_and_working_directory_are_this_process(empty_folder, monkeypatch):
    (empty_folder / "sidecar.yaml").write_text("labels: {max_models: 3}\nmode: enforce\nlog: {level: debug}\n")
    monkeypatch.setenv("SIDECAR_LOG__LEVEL", "error")
    loaded = load_settings(None, {"--mode": "observe", "--ledger": None})
    settings = loaded.settings
    assert (settings.labels.max_models, settings.log.level, settings.mode) == (3, "error", "observe")
    assert loaded.origins["log.level"] == "variable SIDECAR_LOG__LEVEL"


def test_what_stands_in_a_sidecars_way_alone_is_wrong_only_for_one_that_is_to_be_started(empty_folder, monkeypatch):
    (empty_folder / "sidecar.yaml").write_text("proxy: {connect: {intercept: true}, ca_directory: nowhere}")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:8780")
    assert load_settings(None, {}).settings.proxy.connect.intercept
    with pytest.raises(BadSettings) as bad:
        load_settings_to_serve(None, {})
    assert sorted(problem.key for problem in bad.value.problems) == ["HTTPS_PROXY", "proxy.connect.intercept"]
