"""What waits to be written is bounded, and keeps what matters most."""

from typing import NamedTuple

from hypothesis import given, strategies as st
from msgspec.structs import astuple

from sidecar.ledger.backlog import Backlog
from sidecar.ledger.rows import ID, Snapshot
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import open_call, settled_call


def an_open(id: str, model: str = "m") -> CallRecord:
    return open_call(id, model=model)


def a_settled(id: str, model: str = "m") -> CallRecord:
    return settled_call(id, model=model)


def filled(*records: CallRecord, most_rows: int = 100) -> Backlog:
    backlog = Backlog(most_rows)
    for record in records:
        backlog.put(record)
    return backlog


def snapshots(*records: CallRecord) -> list[Snapshot]:
    return [astuple(record) for record in records]


def ids(snapshots: list[Snapshot]) -> str:
    return "".join(snapshot[ID] for snapshot in snapshots)


def test_one_snapshot_is_kept_for_each_call():
    assert filled(an_open("a"), an_open("a", "later")).take(9) == snapshots(an_open("a", "later"))


def test_the_first_settled_snapshot_stands():
    assert filled(a_settled("a"), a_settled("a", "later"), an_open("a")).take(9) == snapshots(a_settled("a"))


def test_a_call_that_settles_while_it_waits_is_taken_once():
    record = an_open("a")
    backlog = filled(record)
    record.outcome = "delivered"
    backlog.put(record)
    assert backlog.take(9) == snapshots(record)


def test_settled_calls_are_taken_first_then_the_oldest():
    backlog = filled(an_open("a"), an_open("b"), a_settled("c"), a_settled("d"))
    assert [ids(backlog.take(3)), ids(backlog.take(3)), ids(backlog.take(3))] == ["cda", "b", ""]


def test_what_is_given_back_is_taken_again_in_the_same_order():
    backlog = filled(an_open("a"), an_open("b"), a_settled("c"), a_settled("d"), an_open("e"))
    backlog.give_back(backlog.take(4))
    assert ids(backlog.take(9)) == "cdabe"


def test_an_open_snapshot_given_back_does_not_hide_a_newer_one():
    backlog = filled(an_open("a"), an_open("b"))
    taken = backlog.take(9)
    backlog.put(an_open("a", "newer"))
    backlog.put(a_settled("b"))
    backlog.give_back(taken)
    assert backlog.take(9) == snapshots(a_settled("b"), an_open("a", "newer"))


def test_a_settled_snapshot_given_back_stands_before_later_ones():
    backlog = filled(a_settled("a"))
    taken = backlog.take(9)
    backlog.put(an_open("a"))
    backlog.put(a_settled("a", "later"))
    backlog.give_back(taken)
    assert backlog.take(9) == snapshots(a_settled("a"))


def test_past_the_bound_the_oldest_open_snapshot_goes_first():
    backlog = filled(a_settled("a"), an_open("b"), an_open("c"), a_settled("d"), most_rows=3)
    assert (ids(backlog.take(9)), backlog.dropped) == ("adc", 1)


def test_past_the_bound_without_open_ones_the_oldest_settled_goes():
    backlog = filled(a_settled("a"), a_settled("b"), a_settled("c"), most_rows=2)
    assert (ids(backlog.take(9)), backlog.dropped) == ("bc", 1)


def test_a_new_snapshot_of_a_waiting_call_drops_nothing():
    backlog = filled(an_open("a"), an_open("b"), a_settled("a"), most_rows=2)
    assert (ids(backlog.take(9)), backlog.dropped) == ("ab", 0)


def test_giving_back_keeps_the_bound():
    backlog = filled(an_open("a"), a_settled("b"), most_rows=2)
    taken = backlog.take(9)
    backlog.put(a_settled("c"))
    backlog.give_back(taken)
    assert (ids(backlog.take(9)), backlog.dropped) == ("bc", 1)


class Move(NamedTuple):
    id: str
    is_settled: bool
    fails: bool


moves = st.lists(st.builds(Move, st.sampled_from("abcd"), st.booleans(), st.booleans()), max_size=40)


@given(moves)
def test_whatever_fails_in_between__every_call_is_written_as_it_should_stand(moves: list[Move]):
    backlog = Backlog(100)
    written: dict[str, Snapshot] = {}
    expected: dict[str, tuple[bool, Snapshot]] = {}
    for number, (id, is_settled, fails) in enumerate(moves):
        record = (a_settled if is_settled else an_open)(id, str(number))
        if id not in expected or expected[id][0] is False:
            expected[id] = is_settled, astuple(record)
        taken = backlog.take(2)
        backlog.put(record)
        if fails:
            backlog.give_back(taken)
        else:
            written.update({each[ID]: each for each in taken if not is_written_settled(written, each[ID])})
    written.update({each[ID]: each for each in backlog.take(100) if not is_written_settled(written, each[ID])})
    assert written == {id: snapshot for id, (_, snapshot) in expected.items()}
    assert len(backlog) == 0


def is_written_settled(written: dict[str, Snapshot], id: str) -> bool:
    return id in written and written[id] == astuple(a_settled(id, written[id][4]))
