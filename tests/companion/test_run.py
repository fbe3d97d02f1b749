"""What a whole run does is in end_to_end/test_run*.py; here what is easier to see from inside."""

import subprocess
import sys
from pathlib import Path

from sidecar.companion.run import Options, _staying

RUNS = """
import sys
from sidecar.companion.run import Options, run
from sidecar.config.load import load
import os
sys.exit(run(load({}, os.environ), sys.argv[1:], Options(is_verbose=True)))
"""


def test_whole_run_in_a_process_of_its_own(tmp_path: Path) -> None:
    variables = {"XDG_STATE_HOME": str(tmp_path), "SIDECAR_LEDGER__URL": f"sqlite:///{tmp_path}/ledger.db"}
    ended = subprocess.run(
        [sys.executable, "-c", RUNS, "sh", "-c", "echo $OPENAI_BASE_URL; exit 4"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path), **variables}, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 4, ended.stderr
    proxy = ended.stdout.strip().removesuffix("/openai/v1")
    assert ended.stderr.startswith(f"sidecar: takes calls at {proxy}, mode observe\nsidecar: its log is {tmp_path}/")


def test_options_are_those_of_somebody_who_gave_none() -> None:
    assert Options().wait_seconds is None
    assert not Options().overrides


def test_processes_that_are_waited_for_are_named() -> None:
    assert _staying([7]) == "1 process of it (7) goes on calling: waiting for it, Ctrl-C stops that"
    many = _staying(range(1, 9))
    assert many == "8 processes of it (1, 2, 3, 4, 5) go on calling: waiting for them, Ctrl-C stops that"
