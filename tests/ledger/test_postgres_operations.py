"""Operations in PostgreSQL keep every promise, and of several instances one acts on each."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sidecar.clock import SECOND
from sidecar.ledger.postgres_operations import PostgresOperations
from sidecar.lifecycle.operation import OperationEvent as E, OperationState as S
from tests.ledger.given import SOON, START
from tests.ledger.operations_conformance import MovingPromises, OpeningPromises
from tests.ledger.operations_given import OperationPlaces, brought_to, operation
from tests.ledger.operations_holding_conformance import HoldingPromises, NotingPromises, SettlingPromises
from tests.ledger.operations_reading_conformance import LookingPromises, RenewingPromises
from tests.ledger.postgres_given import PostgresPlace, PostgresPlaces

pytestmark = pytest.mark.part("postgresql")

ROOT = Path(__file__).parents[2]


class InPostgres:
    @pytest.fixture
    def places(self, postgres_places: PostgresPlaces) -> OperationPlaces:
        return postgres_places.operation_place


class TestOpening(InPostgres, OpeningPromises):
    pass


class TestMoving(InPostgres, MovingPromises):
    pass


class TestHolding(InPostgres, HoldingPromises):
    pass


class TestNoting(InPostgres, NotingPromises):
    pass


class TestSettling(InPostgres, SettlingPromises):
    pass


class TestRenewing(InPostgres, RenewingPromises):
    pass


class TestLooking(InPostgres, LookingPromises):
    pass


def dead_left(database: PostgresPlace, number: int) -> None:
    """Running operations of an instance that is dead: one, and copies of it."""
    dead = database.open("dead")
    brought_to(dead.operations, S.RUNNING, "o000", due_at=START)
    dead.close(SOON)
    database.execute(
        "INSERT INTO operations SELECT (json_populate_record(first, json_build_object("
        f"'id', 'o' || to_char(each, 'FM000'), 'due_at', {START} + each))).*"
        f" FROM operations first, generate_series(1, {number - 1}) each"
    )


def test_two_who_race_for_two_hundred_are_given_different_ones_and_all(database: PostgresPlace):
    dead_left(database, 200)
    heirs = [database.open(name).operations for name in ("one", "two")]
    start = threading.Barrier(2)

    def race(heir: PostgresOperations) -> list[str]:
        start.wait()
        taken: list[str] = []
        while some := heir.take_over(7):
            taken += [record.id for record in some]
            assert {record.fence for record in some} == {2}
        return taken

    with ThreadPoolExecutor(2) as threads:
        taken = list(threads.map(race, heirs))
    assert sorted(taken[0] + taken[1]) == [f"o{each:03}" for each in range(200)]
    assert all(taken)
    for heir, ids in zip(heirs, taken, strict=True):
        assert sorted(record.id for record in heir.unsettled()) == sorted(ids)


def test_what_another_is_taking_at_this_moment_is_not_waited_for(database: PostgresPlace):
    dead_left(database, 2)
    heir = database.open("heir").operations
    with psycopg_connection(database) as other, other.transaction():
        other.execute("SELECT id FROM operations WHERE id = 'o000' FOR UPDATE")
        assert [record.id for record in heir.take_over(10)] == ["o001"]
    assert [record.id for record in heir.take_over(10)] == ["o000"]


def test_operations_of_the_living_are_left_to_them(database: PostgresPlace):
    alive = database.open("alive").operations
    brought_to(alive, S.RUNNING)
    heir = database.open("heir", term_seconds=0.2)
    wait_until(heir._presence.may_judge)
    assert heir.operations.take_over(10) == []
    database.execute("UPDATE instances SET alive_until = 5 WHERE instance = 'alive'")
    assert [record.id for record in heir.operations.take_over(10)] == ["o1"]


def test_a_process_that_is_killed_is_dead_a_term_after_its_last_word(database: PostgresPlace):
    command = [sys.executable, "-m", "tests.ledger.postgres_children", database.url, "0.6"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "opened\n"
        heir = database.open("heir", term_seconds=0.6)
        wait_until(heir._presence.may_judge)
        assert heir.operations.take_over(10) == []
        child.kill()
    killed_at = time.monotonic()
    wait_until(lambda: bool(heir.operations.take_over(10)))
    assert time.monotonic() - killed_at < 5  # a term, and what a busy machine adds
    assert [record.holder for record in heir.operations.unsettled()] == ["heir"]
    assert [call.outcome for call in heir.settle_lost(START)] == ["lost"]


def test_whoever_slept_and_was_taken_for_dead_goes_on_without_his_operations(database: PostgresPlace):
    sleeper = database.open("sleeper")
    brought_to(sleeper.operations, S.RUNNING)
    database.execute("UPDATE instances SET alive_until = 5 WHERE instance = 'sleeper'")
    heir = database.open("heir", term_seconds=0.2)
    wait_until(heir._presence.may_judge)
    assert [record.holder for record in heir.operations.take_over(10)] == ["heir"]
    sleeper._presence.touch()
    assert sleeper.operations.note("o1", 1, {"looks": 3}) is False
    assert sleeper.operations.move("o1", E.LEASE_LAPSED, {}, fence=1) is None
    assert sleeper.operations.unsettled() == []
    sleeper.operations.open(operation("o2"))
    assert [record.id for record in sleeper.operations.unsettled()] == ["o2"]


def test_a_poll_through_any_sidecar_renews(database: PostgresPlace):
    holder, passer_by = database.open("holder").operations, database.open("passer-by").operations
    brought_to(holder, S.RUNNING)
    later = holder.now() + 60 * SECOND
    renewed = passer_by.renew("openai", "resp_o1", {"renewed_at": later})
    assert renewed is not None
    assert (renewed.renewed_at, renewed.holder, renewed.fence) == (later, "holder", 1)


def psycopg_connection(database: PostgresPlace) -> "psycopg.Connection[Any]":
    return database.server.connect(options=f"-csearch_path={database.schema}")


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
