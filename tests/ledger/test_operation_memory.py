"""The ledger of operations in memory keeps every promise, and knows who is alive."""

import pytest

from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.operations_conformance import MovingPromises, OpeningPromises
from tests.ledger.operations_given import (
    MemoryOperationPlace,
    OperationPlaces,
    brought_to,
    memory_operation_place,
)
from tests.ledger.operations_holding_conformance import HoldingPromises, NotingPromises, SettlingPromises
from tests.ledger.operations_reading_conformance import LookingPromises, RenewingPromises


class InMemory:
    @pytest.fixture
    def places(self) -> OperationPlaces:
        return memory_operation_place


class TestOpening(InMemory, OpeningPromises):
    pass


class TestMoving(InMemory, MovingPromises):
    pass


class TestHolding(InMemory, HoldingPromises):
    pass


class TestNoting(InMemory, NotingPromises):
    pass


class TestSettling(InMemory, SettlingPromises):
    pass


class TestRenewing(InMemory, RenewingPromises):
    pass


class TestLooking(InMemory, LookingPromises):
    pass


def test_the_operations_of_the_living_are_not_taken_over():
    place = MemoryOperationPlace()
    brought_to(place.open("first"), S.RUNNING)
    second = place.open("second")
    assert second.take_over(10) == []
    place.end("first")
    assert [record.id for record in second.take_over(10)] == ["o1"]


def test_with_a_reach__those_of_the_dead_that_stand_before_the_next_who_lives():
    place = MemoryOperationPlace()
    for number, name in enumerate(("carol", "erin")):
        brought_to(place.open(name), S.RUNNING, f"o{number}")
    looker, _ = place.open("bob"), place.open("dave")
    place.end("carol")
    place.end("erin")
    assert [record.id for record in looker.take_over(10, 1)] == ["o0"]
    assert [record.id for record in looker.take_over(10, 2)] == ["o1"]
