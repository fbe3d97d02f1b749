"""`sidecar demo` as a newcomer runs it."""

import os
import subprocess
import sys
from pathlib import Path


def test_demo_ends_with_the_providers_own_figures() -> None:
    command = [sys.executable, "-m", "sidecar", "demo", "--callers", "5", "--seed", "7"]
    demo = subprocess.run(command, capture_output=True, text=True, timeout=90, env={**os.environ, "COLUMNS": "100"})
    assert demo.returncode == 0, demo.stderr
    lines = demo.stdout.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("caller-")] == [f"caller-0{n}" for n in range(1, 6)]
    assert "orphan_finished" in demo.stdout
    assert any(line.startswith("The sidecar counted") and line.endswith(": the same") for line in lines)
    assert any(line.startswith("inference_sidecar_spend_usd_total{") and 'fate="orphaned"' in line for line in lines)
    assert _shape(lines) == _shape(_in_readme())


def _in_readme() -> list[str]:
    text = (Path(__file__).parents[2] / "README.md").read_text()
    return text.partition("<!-- demo -->")[2].partition("<!-- /demo -->")[0].strip().strip("`").splitlines()[1:]


def _shape(lines: list[str]) -> list[str]:
    """What does not hang on how long things took: the titles, and how each sentence begins."""
    titles = next(" ".join(line.split()) for line in lines if line.startswith("caller "))
    return [titles] + [line[:20] for line in lines if line.startswith(("The ", "  "))]


def test_demo_leaves_nothing_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sidecar", "demo", "--callers", "1", "--seed", "1"]
    subprocess.run(command, check=True, capture_output=True, timeout=90, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
