"""Steps are values."""

import msgspec
import pytest

from sidecar.lifecycle.operation import GoneReason
from sidecar.lifecycle.step import Lapse, Step


@pytest.mark.parametrize("kind", Step.__args__)
def test_every_step_is_frozen_and_says_what_it_is(kind: type[msgspec.Struct]) -> None:
    assert kind.__struct_config__.frozen
    assert kind.__doc__


def test_two_of_the_same_are_equal() -> None:
    assert Lapse(GoneReason.POD_ENDING, "x") == Lapse(GoneReason.POD_ENDING, "x")
