"""What `machine.py` does to a sidecar: nothing is lost, no figure is wrong, nothing is held for ever."""

from pathlib import Path

import pytest

from tests.faults.fault import Fault, Stage
from tests.faults.machine import FAULTS
from tests.faults.params import as_params


@pytest.mark.parametrize("fault", as_params(FAULTS))
def test_nothing_is_lost_nothing_wrong_nothing_leaked(fault: Fault, tmp_path: Path) -> None:
    assert fault.play(Stage(tmp_path)).findings() == []
