"""What `ledger_files.py` does to a sidecar: nothing is lost, no figure is wrong, nothing is held for ever."""

import pytest

from tests.faults.at_once import Verdicts
from tests.faults.fault import Fault
from tests.faults.ledger_files import FAULTS
from tests.faults.params import as_params


@pytest.mark.parametrize("fault", as_params(FAULTS))
def test_nothing_is_lost_nothing_wrong_nothing_leaked(verdicts: Verdicts, fault: Fault) -> None:
    assert verdicts[fault.name]().findings() == []
