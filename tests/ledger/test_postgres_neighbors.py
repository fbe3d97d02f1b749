"""Which names an instance looks after, as the database puts them in order, and by its indexes."""

from collections.abc import Iterator

import pytest

from sidecar.ledger.postgres import PostgresLedger
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import Connection, connect
from sidecar.ledger.postgres_neighbors import asked_of, gap_in
from sidecar.ledger.postgres_statements import DEAD_HOLDERS, NEXT_ALIVE, SETTLE_LOST_OF_DEAD
from sidecar.ledger.statements import Statement
from sidecar.lifecycle.neighbors import Gap
from sidecar.lifecycle.operation import OperationState as S
from tests.ledger.given import SOON, START, open_call
from tests.ledger.operations_given import brought_to
from tests.ledger.postgres_given import FOR_EVER, PostgresPlace

pytestmark = pytest.mark.part("postgresql")

DEAD_BEFORE = START


@pytest.fixture
def connection(database: PostgresPlace) -> Iterator[Connection]:
    database.open("maker").close(SOON)  # makes the tables
    with connect(postgres_address(database.url), "test") as connection:
        yield connection


def present(database: PostgresPlace, living: str, dead: str = "") -> None:
    for names, until in ((living, FOR_EVER), (dead, START - 1)):
        for name in names.split():
            database.execute(f"INSERT INTO instances VALUES ('{name}', 0, {until})")


def gap(connection: Connection, me: str, reach: int | None) -> Gap:
    return gap_in(connection, me, DEAD_BEFORE, reach)


def test_the_gap_ends_at_the_next_who_lives(database: PostgresPlace, connection: Connection):
    present(database, "b e h", dead="c f")
    assert [gap(connection, me, 1) for me in "beh"] == [Gap("b", "e"), Gap("e", "h"), Gap("h", "b")]


def test_a_further_look_reaches_over_those_who_live__and_around(database: PostgresPlace, connection: Connection):
    present(database, "b e h k", dead="a")
    assert [gap(connection, "h", reach) for reach in (1, 2, 3)] == [Gap("h", "k"), Gap("h", "b"), Gap("h", "e")]


@pytest.mark.parametrize("reach", [4, 8, None])
def test_beyond_all_who_live__the_whole_ring(database: PostgresPlace, connection: Connection, reach: int | None):
    present(database, "b e h k")
    assert gap(connection, "h", reach) == Gap("h", "h")


def test_whoever_may_judge_nobody_stops_at_whoever_has_a_row(database: PostgresPlace, connection: Connection):
    present(database, "b h", dead="c")
    assert gap_in(connection, "b", 0, 1) == Gap("b", "c")


@pytest.mark.parametrize(
    ("looker", "found"), [("bob", ["carol"]), ("dave", ["erin"]), ("zoe", ["alice"])], ids=["within", "next", "around"]
)
def test_each_finds_the_dead_of_his_gap_and_no_other(
    database: PostgresPlace, connection: Connection, looker: str, found: list[str]
):
    lives(database, dead=("alice", "carol", "erin"))
    present(database, "bob dave zoe")
    mine = gap(connection, looker, 1)
    statement = DEAD_HOLDERS[mine.is_around]
    rows = connection.execute(statement.sql.encode(), {**statement.values, **asked_of(mine, DEAD_BEFORE)})
    assert [holder for (holder,) in rows] == found


def lives(database: PostgresPlace, dead: tuple[str, ...]) -> None:
    """Each has an operation that runs and a call that is open."""
    for number, name in enumerate(dead):
        ledger = database.open(name)
        brought_to(ledger.operations, S.RUNNING, f"o{number}")
        ledger.put(open_call(f"c{number}"))
        assert ledger.close(SOON)


def test_what_is_in_nobodys_reach_is_left__and_found_by_a_further_look(database: PostgresPlace):
    lives(database, dead=("carol",))
    present(database, "bob")
    heir: PostgresLedger = database.open("alice")
    assert (heir.operations.take_over(10, 1), heir.settle_lost(START, 1)) == ([], [])
    assert [record.id for record in heir.operations.take_over(10, 2)] == ["o0"]
    assert [record.id for record in heir.settle_lost(START, 2)] == ["c0"]


def test_what_a_neighbor_left_open_is_lost(database: PostgresPlace):
    lives(database, dead=("bob",))
    assert [record.id for record in database.open("alice").settle_lost(START, 1)] == ["c0"]


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        (DEAD_HOLDERS[False], "Index Cond: ((holder > '1'::text) AND (holder < '1'::text))"),
        (SETTLE_LOST_OF_DEAD[False], "Index Cond: ((instance > '1'::text) AND (instance < '1'::text))"),
        (NEXT_ALIVE, "Index Cond: (instance > '1'::text)"),
    ],
    ids=["operations", "calls", "neighbors"],
)
def test_only_the_gap_is_read(connection: Connection, statement: Statement, condition: str):
    connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")  # or it would read what is empty
    values = dict.fromkeys(statement.values, 1) | {"me": "1", "before": "1"}
    found = "\n".join(str(line) for (line,) in connection.execute(f"EXPLAIN {statement.sql}".encode(), values))
    assert condition in found
