"""The demo's two servers."""

from pathlib import Path

from sidecar.cli.stage import Stage


def test_stage_has_a_provider_and_a_sidecar_in_front_of_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    try:
        assert stage.provider_url.startswith("http://127.0.0.1:")
        assert stage.in_flight() == {}
        assert stage.bill() == {}
        assert any("state" in line for line in stage.metrics("inference_sidecar_state"))
    finally:
        stage.close()
    assert (tmp_path / "demo.db").exists()
