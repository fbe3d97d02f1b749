"""Each thing that is done to the database is done whole or not at all, and the living are left alone."""

from collections.abc import Iterator

import pytest
from msgspec.structs import astuple

from sidecar.clock import SECOND, SystemClock
from sidecar.errors import LedgerError
from sidecar.ledger.file import Point
from sidecar.ledger.postgres_pool import Connections
from sidecar.ledger.postgres_presence import Presence
from sidecar.ledger.postgres_store import PostgresStore
from sidecar.ledger.questions import DAY
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import START, Signals, open_call, settled_call
from tests.ledger.postgres_given import FOR_EVER, PostgresPlace

pytestmark = pytest.mark.part("postgresql")

LATER = START + DAY


@pytest.fixture
def signals() -> Signals:
    return Signals()


@pytest.fixture
def store(database: PostgresPlace, signals: Signals) -> Iterator[PostgresStore]:
    """With a term so short that whoever begins may soon judge."""
    database.open("somebody else")  # makes the tables
    connections = Connections(database.reader().place, "test")
    presence = Presence(connections.address, "first", SystemClock(), 600)
    presence.begin()
    store = PostgresStore(connections, presence, SystemClock(), signals)
    yield store
    store.close()


def write(store: PostgresStore, *records: CallRecord) -> None:
    assert store.upsert([astuple(record) for record in records]).refusals == []


def rows(database: PostgresPlace) -> list[tuple[object, ...]]:
    return database.execute("SELECT id, instance FROM calls ORDER BY id")


def test_a_batch_is_one_transaction(store: PostgresStore, database: PostgresPlace, signals: Signals):
    write(store, open_call("a"), open_call("b"))
    assert rows(database) == [("a", "first"), ("b", "first")]
    assert signals.heard == {Point.BEGUN: 1, Point.CHANGED: 1, Point.COMMITTED: 1}
    assert 0 < store.commit_seconds < 30


def test_a_transaction_that_fails_changes_nothing(store: PostgresStore, database: PostgresPlace, signals: Signals):
    signals.error = OSError("a network that is gone")
    with pytest.raises(LedgerError, match="a network that is gone"):
        write(store, open_call("a"))
    signals.error = None
    assert rows(database) == []
    write(store, open_call("b"))
    assert rows(database) == [("b", "first")]


def test_a_connection_that_is_killed_in_mid_transaction_leaves_nothing_half(
    store: PostgresStore, database: PostgresPlace, monkeypatch: pytest.MonkeyPatch
):
    def kill(point: Point) -> None:
        if point is Point.CHANGED:
            database.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'test'"
            )

    write(store, open_call("a"))
    monkeypatch.setattr(store, "_signal", kill)
    with pytest.raises(LedgerError, match="terminating connection"):
        write(store, settled_call("a"), open_call("b"))
    monkeypatch.undo()
    assert database.execute("SELECT id, outcome FROM calls") == [("a", None)]
    write(store, settled_call("a"), open_call("b"))
    assert rows(database) == [("a", "first"), ("b", "first")]


def test_rows_that_no_ledger_could_take_do_not_hold_up_the_others(store: PostgresStore, database: PostgresPlace):
    batch = [open_call("a"), open_call("b", model="\ud800"), open_call("c", started_at=2**63), open_call("d")]
    upserted = store.upsert([astuple(record) for record in batch])
    assert upserted.rows == 2
    assert [type(refusal).__name__ for refusal in upserted.refusals] == [
        "UnicodeEncodeError", "NumericValueOutOfRange",
    ]  # fmt: skip
    assert [id for id, _ in rows(database)] == ["a", "d"]


def test_a_nul_which_postgresql_has_no_text_for_is_replaced(store: PostgresStore, database: PostgresPlace):
    write(store, open_call(model="a\0b", labels={"team": "c\0d"}))
    found = database.reader().call("c1")
    assert found is not None
    assert (found.model, found.labels) == ("a\ufffdb", {"team": "c\0d"})  # labels are JSON, in which it is six letters


def test_only_settled_rows_past_the_moment_expire(store: PostgresStore, database: PostgresPlace):
    write(
        store,
        settled_call("old"),
        settled_call("young", started_at=LATER, settled_at=LATER + SECOND),
        settled_call("settled late", settled_at=LATER),
        open_call("open"),
    )
    assert store.expire(LATER) == 1
    assert [id for id, _ in rows(database)] == ["open", "settled late", "young"]


def test_rows_expire_in_chunks_oldest_first(store: PostgresStore, database: PostgresPlace):
    write(store, *[settled_call(f"c{number:03}", started_at=START + number) for number in range(700)])
    assert store.expire(LATER) == 500
    assert rows(database)[0][0] == "c500"
    assert [store.expire(LATER), store.expire(LATER)] == [200, 0]


def written_by(database: PostgresPlace, instance: str, alive_until: int | None) -> None:
    """An open call of another instance that was last heard of to be alive until then; None: it said goodbye."""
    database.execute(
        "INSERT INTO calls (id, upstream, provider, dialect, model, kind, started_at, usage, instance) "
        f"VALUES ('call of {instance}', 'u', 'p', 'd', 'm', 'unary', 1, '{{}}', '{instance}')"
    )
    if alive_until is not None:
        database.execute(f"INSERT INTO instances VALUES ('{instance}', 0, {alive_until})")


def lost(store: PostgresStore) -> list[str]:
    return sorted(record.id for record in store.settle_lost(LATER))


def test_calls_of_the_living_are_not_lost(
    store: PostgresStore, database: PostgresPlace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store._presence, "may_judge", lambda: True)
    written_by(database, "alive", FOR_EVER)
    written_by(database, "silent", START)
    written_by(database, "gone", None)
    write(store, open_call("ours"))
    assert lost(store) == ["call of gone", "call of silent"]
    assert database.execute("SELECT id FROM calls WHERE outcome IS NULL ORDER BY 1") == [("call of alive",), ("ours",)]


def test_whoever_may_not_judge_loses_only_calls_of_those_who_said_goodbye(
    store: PostgresStore, database: PostgresPlace
):
    written_by(database, "silent", START)
    written_by(database, "gone", None)
    assert lost(store) == ["call of gone"]


def test_a_store_that_is_closed_says_so(store: PostgresStore):
    store.close()
    store.close()
    with pytest.raises(LedgerError, match="is closed"):
        write(store, open_call())
