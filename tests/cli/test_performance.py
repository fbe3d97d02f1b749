"""The demo's scene, played without a terminal: for whoever wants to look at the live page meanwhile."""

import json
import time
import urllib.request
from pathlib import Path

from sidecar.cli.performance import SEED, performed, settles
from sidecar.simulator.cast import scene


def test_scene_is_played_beside_whoever_looks_on__and_ends_when_they_have_seen_enough(tmp_path: Path) -> None:
    with performed(seconds=60, callers=4, ledger=tmp_path / "kept.db") as performance:
        assert performance.cast == scene(60, 4, SEED)
        while not (seen := [call for call in _calls(performance.stage.control_url) if call["orphaned_since"]]):
            time.sleep(0.1)
        assert seen[0]["caller"] == "caller-01"
        assert not performance.is_over
        directory = performance.stage.directory
    assert not directory.exists()
    assert (tmp_path / "kept.db").exists()


def _calls(url: str) -> list[dict[str, object]]:
    with urllib.request.urlopen(f"{url}/api/calls", timeout=5) as reply:
        rows: list[dict[str, object]] = json.load(reply)
        return rows


def test_a_retry_settles_beside_the_call_that_it_joined() -> None:
    told = {role.name: settles(role) for role in scene(60, 3, seed=7)}
    assert told == {
        "caller-01": 1, "caller-02": 1, "caller-03": 1, "impatient": 2, "restarted": 2, "research": 5, "forsaken": 1,
        "film": 1, "nightly": 1, "hourly": 1,
    }  # fmt: skip
