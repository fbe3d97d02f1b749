"""`sidecar demo` without a scene; whole ones are played in end_to_end/test_demo.py."""

from pathlib import Path

import pytest

from sidecar.cli.demo import run_demo
from sidecar.cli.stage import StageFailed


def test_ledger_that_is_no_file__says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(StageFailed, match="ledger"):
        run_demo(callers=1, seed=7, seconds=10, ledger=f"sqlite:///{tmp_path}")
    assert "live page" not in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
