"""The settings of this process."""

from sidecar.cli.loading import load_settings


def test_flags_variables_and_working_directory_are_this_process(empty_folder, monkeypatch):
    (empty_folder / "sidecar.yaml").write_text("labels: {max_models: 3}\nmode: enforce\nlog: {level: debug}\n")
    monkeypatch.setenv("SIDECAR_LOG__LEVEL", "error")
    loaded = load_settings(None, {"--mode": "observe", "--ledger": None})
    settings = loaded.settings
    assert (settings.labels.max_models, settings.log.level, settings.mode) == (3, "error", "observe")
    assert loaded.origins["log.level"] == "variable SIDECAR_LOG__LEVEL"
