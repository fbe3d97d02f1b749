"""How tests play faults: each is a parameter, with the marks that its needs ask for."""

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet

from tests.faults.fault import Fault


def as_params(faults: Iterable[Fault]) -> list[ParameterSet]:
    """For `pytest.mark.parametrize`."""
    return [pytest.param(fault, id=fault.name, marks=_marks(fault)) for fault in faults]


def _marks(fault: Fault) -> list[pytest.MarkDecorator]:
    marks = [pytest.mark.part(*fault.needs)] if fault.needs else []
    return [*marks, pytest.mark.alone] if fault.is_alone else marks
