"""Every error is one sentence under our name, and an exit code."""

import pytest

from sidecar.cli import FAILURE, LEDGER, USAGE
from sidecar.cli.asking import NotDone
from sidecar.cli.failing import said
from sidecar.config.problems import BadSettings, SettingProblem
from sidecar.errors import LedgerError, SettingsError, SidecarError


@pytest.mark.parametrize(
    ("failed", "code", "sentence"),
    [
        (SettingsError("--control", "is wrong", "write another"), USAGE, "--control: is wrong; write another"),
        (BadSettings([SettingProblem("a.yaml:1", "mode", "is wrong")]), USAGE, "a.yaml:1: mode: is wrong"),
        (LedgerError("x.db", "is full"), LEDGER, "ledger x.db: is full"),
        (NotDone("no sidecar answers"), FAILURE, "no sidecar answers"),
    ],
)
def test_what_failed_is_said(capsys, failed: SidecarError, code: int, sentence: str):
    assert said(failed) == code
    assert capsys.readouterr() == ("", f"sidecar: {sentence}\n")
