"""What `clocks.py` does to sidecars: nothing is lost, no figure is wrong, nothing is held for ever."""

from collections.abc import Iterator

import pytest

from tests.faults.at_once import Verdicts, played_at_once
from tests.faults.clocks import FAULTS
from tests.faults.fault import Fault
from tests.faults.params import as_params


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verdicts]:
    with played_at_once(FAULTS, tmp_path_factory) as played:
        yield played


@pytest.mark.parametrize("fault", as_params(FAULTS))
def test_nothing_is_lost_nothing_wrong_nothing_leaked(fault: Fault, verdicts: Verdicts) -> None:
    verdict = verdicts[fault.name]()
    assert verdict.findings() == []
    assert verdict.tried
