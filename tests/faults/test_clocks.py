"""What `clocks.py` does to sidecars: nothing is lost, no figure is wrong, nothing is held for ever."""

import pytest

from tests.faults.at_once import Verdicts
from tests.faults.clocks import FAULTS
from tests.faults.fault import Fault
from tests.faults.params import as_params


@pytest.mark.parametrize("fault", as_params(FAULTS))
def test_nothing_is_lost_nothing_wrong_nothing_leaked(fault: Fault, verdicts: Verdicts) -> None:
    verdict = verdicts[fault.name]()
    assert verdict.findings() == []
    assert verdict.tried
