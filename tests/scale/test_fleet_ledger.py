"""The ledger of a simulated sidecar keeps every promise of a ledger of operations, and asks as the real one does."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from hypothesis import given, strategies as st

from sidecar.errors import LedgerError
from sidecar.ledger.postgres_address import PostgresAddress
from sidecar.ledger.postgres_connection import Connection
from sidecar.ledger.postgres_presence import Presence
from sidecar.lifecycle.neighbors import gap_of
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.operations_conformance import MovingPromises, OpeningPromises
from tests.ledger.operations_given import OperationPlaces, brought_to, operation
from tests.ledger.operations_holding_conformance import HoldingPromises, NotingPromises, SettlingPromises
from tests.ledger.operations_reading_conformance import LookingPromises, RenewingPromises
from tests.scale.fleet_database import FleetConnection, FleetDatabase
from tests.scale.fleet_ledger import FleetOperations
from tests.scale.fleet_loop import FleetLoop, PodClock

FOR_EVER = 2**60


class FleetPlace:
    """One database, and the ledgers opened on it."""

    def __init__(self) -> None:
        self.database = FleetDatabase(FleetLoop(1))

    def open(self, instance: str = "first") -> FleetOperations:
        clock = PodClock(self.database.loop)
        presence = Presence(PostgresAddress("here", {}), instance, clock, connects=lambda *_: self.connection())
        presence.touch()
        return FleetOperations(presence, self.database)

    def end(self, instance: str) -> None:
        self.database.goodbye(instance)

    def connection(self) -> Connection:
        return cast(Connection, FleetConnection(self.database))


@contextmanager
def fleet_place() -> Iterator[FleetPlace]:
    yield FleetPlace()


class InFleet:
    @pytest.fixture
    def places(self) -> OperationPlaces:
        return fleet_place


class TestOpening(InFleet, OpeningPromises):
    pass


class TestMoving(InFleet, MovingPromises):
    pass


class TestHolding(InFleet, HoldingPromises):
    pass


class TestNoting(InFleet, NotingPromises):
    pass


class TestSettling(InFleet, SettlingPromises):
    pass


class TestRenewing(InFleet, RenewingPromises):
    pass


class TestLooking(InFleet, LookingPromises):
    pass


@given(st.sets(st.text("abc", min_size=1, max_size=3), min_size=1), st.integers(1, 9) | st.none(), st.data())
def test_the_gap_is_that_of_the_rules(names: set[str], reach: int | None, data: st.DataObject):
    database, living = FleetDatabase(FleetLoop(1)), data.draw(st.sets(st.sampled_from(sorted(names)), min_size=1))
    for name in names:
        database.keep_alive(name, 10 if name in living else -10)
    me = data.draw(st.sampled_from(sorted(living)))
    assert database.gap(me, database.now(), reach) == gap_of(me, sorted(living), reach)


def test_while_the_database_is_away_nothing_is_written__and_it_is_connected_to_anew():
    place = FleetPlace()
    ledger = place.open()
    brought_to(ledger, S.RUNNING)
    place.database.is_away = True
    with pytest.raises(LedgerError):
        ledger.open(operation("o2"))
    place.database.is_away = False
    assert ledger.operation("o2") is None
    assert sum(place.database.asked["refused"].values()) == 1
    assert sum(place.database.asked["connect"].values()) == 2


def test_what_a_method_asks_is_counted_as_the_statements_of_the_real_one():
    place = FleetPlace()
    brought_to(place.open("dead"), S.RUNNING)
    place.end("dead")
    asked = place.database.asked
    asked.clear()
    place.open("heir").take_over(10, 1)
    counts = {what: sum(seconds.values()) for what, seconds in asked.items()}
    assert counts == {"presence": 1, "dead": 3, "write": 1, "connect": 1}
