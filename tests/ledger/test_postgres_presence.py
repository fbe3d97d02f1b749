"""Who is alive, and who may say of others that they are not."""

import time
from collections.abc import Iterator

import psycopg
import pytest

from sidecar.clock import SECOND, SystemClock
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.postgres_connection import connect
from sidecar.ledger.postgres_presence import TERM_SECONDS, Presence
from tests.ledger.given import SOON, HandClock
from tests.ledger.postgres_given import PostgresPlace

pytestmark = pytest.mark.part("postgresql")

TERM = int(TERM_SECONDS * SECOND)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def presence(database: PostgresPlace, clock: HandClock) -> Iterator[Presence]:
    database.open("somebody else")  # makes the tables
    presence = Presence(postgres_address(database.url), "me", clock)
    presence.begin()
    yield presence
    presence.end()


def seconds_left(database: PostgresPlace, instance: str = "me") -> float:
    """By the database's clock; 0 without a row."""
    (found,) = database.execute(
        "SELECT coalesce(sum(alive_until / 1e6 - extract(epoch FROM clock_timestamp())), 0)::float8"
        f" FROM instances WHERE instance = '{instance}'"
    )
    return float(str(found[0]))


def dead_before(presence: Presence) -> int:
    with connect(presence.address, "test") as connection:
        return presence.dead_before(connection)


def test_whoever_begins_is_alive_for_a_term(presence: Presence, database: PostgresPlace):
    assert TERM_SECONDS - 5 < seconds_left(database) <= TERM_SECONDS


def test_each_touch_gives_a_whole_term_again(presence: Presence, database: PostgresPlace):
    database.execute("UPDATE instances SET alive_until = 0 WHERE instance = 'me'")
    presence.touch()
    assert seconds_left(database) > TERM_SECONDS - 5


def test_it_is_repeated_by_a_thread_of_its_own(database: PostgresPlace):
    database.open("quick", term_seconds=0.3)
    database.execute("UPDATE instances SET alive_until = 0")
    deadline = time.monotonic() + SOON
    while seconds_left(database, "quick") <= 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_whoever_says_goodbye_has_no_row__and_may_say_it_twice(presence: Presence, database: PostgresPlace):
    presence.end()
    presence.end()
    assert seconds_left(database) == 0


def test_rows_of_the_long_dead_are_cleared_away(presence: Presence, database: PostgresPlace, clock: HandClock):
    database.execute("INSERT INTO instances VALUES ('ancient', 0, 5)")
    another = Presence(presence.address, "another", clock)
    another.begin()
    another.end()
    assert database.execute("SELECT instance FROM instances ORDER BY 1") == [("me",), ("somebody else",)]


def test_the_clock_is_the_servers__run_on_by_ours(presence: Presence, clock: HandClock):
    begun = presence.now()
    assert abs(begun - SystemClock().now()) < 5 * SECOND  # the server is here; the hand's clock is months away
    clock.at += 7 * SECOND
    assert presence.now() == begun + 7 * SECOND


def test_nobody_judges_before_he_was_in_touch_for_a_term(presence: Presence, clock: HandClock):
    assert (presence.may_judge(), dead_before(presence)) == (False, 0)


def in_touch_for_a_term(presence: Presence, clock: HandClock) -> None:
    """The server's clock can't be moved by hand; we believe it to have moved with ours."""
    for _ in range(4):
        clock.at += TERM // 4
        latest = presence._latest
        assert latest is not None
        presence._latest = type(latest)(latest.moment + TERM // 4, clock.monotonic_ns(), latest.unbroken_since_ns)


def test_after_a_term_in_touch_he_may__by_the_servers_clock(presence: Presence, clock: HandClock):
    in_touch_for_a_term(presence, clock)
    assert presence.may_judge()
    assert abs(dead_before(presence) - SystemClock().now()) < 5 * SECOND


def test_whoever_was_out_of_touch_for_a_term_judges_nobody(presence: Presence, clock: HandClock):
    in_touch_for_a_term(presence, clock)
    clock.at += TERM
    assert (presence.may_judge(), dead_before(presence)) == (False, 0)


def test_nor_does_he_when_he_is_back(presence: Presence, clock: HandClock):
    in_touch_for_a_term(presence, clock)
    clock.at += TERM
    presence.touch()
    assert not presence.may_judge()


def test_nor_when_the_servers_clock_has_leapt(presence: Presence, clock: HandClock):
    in_touch_for_a_term(presence, clock)
    presence.touch()  # by which the server's clock went back a term, as we see it
    assert not presence.may_judge()


def test_nor_when_he_is_dead_himself__whatever_his_own_clock_says(
    presence: Presence, clock: HandClock, database: PostgresPlace
):
    in_touch_for_a_term(presence, clock)
    database.execute("UPDATE instances SET alive_until = 5 WHERE instance = 'me'")
    assert (presence.may_judge(), dead_before(presence)) == (True, 0)


def test_while_the_server_can_not_be_asked_it_is_tried_again__and_counted(database: PostgresPlace):
    ledger = database.open("quick", term_seconds=0.3)
    database.execute("ALTER TABLE instances RENAME TO hidden")
    deadline = time.monotonic() + SOON
    while not ledger.health().errors.get("keep_alive"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    database.execute("ALTER TABLE hidden RENAME TO instances; UPDATE instances SET alive_until = 0")
    while seconds_left(database, "quick") <= 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_beginning_where_nothing_is_fails(clock: HandClock):
    presence = Presence(postgres_address("postgresql:///l?host=/nowhere"), "me", clock)
    with pytest.raises(psycopg.OperationalError):
        presence.begin()
    presence.end()


@pytest.fixture
def away(clock: HandClock) -> Presence:
    """Of one whose server is not there."""
    return Presence(postgres_address("postgresql:///l?host=/nowhere"), "me", clock, chance=lambda: 1.0)


def test_while_all_is_well_it_is_said_three_times_in_a_term__not_by_all_in_the_same_moment(clock: HandClock):
    chances = iter([0.0, 1.0])
    presence = Presence(postgres_address("postgresql:///l"), "me", clock, chance=lambda: next(chances))
    assert [presence.pause_seconds(), presence.pause_seconds()] == [TERM_SECONDS / 3, TERM_SECONDS / 3 * 0.8]


def test_attempts_come_less_often_the_longer_the_server_is_away__and_twice_in_a_term_at_least(away: Presence):
    pauses = list[float]()
    for _ in range(8):
        away.repeat()
        pauses.append(away.pause_seconds())
    assert pauses == [1.0, 1.5, 2.25, 3.375, 5.0, 5.0, 5.0, 5.0]
    assert away.errors["keep_alive"] == 8


def test_back_in_touch__the_next_failure_is_tried_again_soon(presence: Presence, database: PostgresPlace):
    database.execute("ALTER TABLE instances RENAME TO hidden")
    for _ in range(8):
        presence.repeat()
    database.execute("ALTER TABLE hidden RENAME TO instances")
    presence.repeat()
    assert presence.pause_seconds() >= TERM_SECONDS / 3 * 0.8
    database.execute("ALTER TABLE instances RENAME TO hidden")
    presence.repeat()
    assert presence.pause_seconds() <= 1.0
    database.execute("ALTER TABLE hidden RENAME TO instances")
