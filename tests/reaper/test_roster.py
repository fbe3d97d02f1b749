"""The alarm clock."""

from hypothesis import given, strategies as st

from sidecar.lifecycle.operation import OperationKind as K, OperationState as S
from sidecar.reaper.roster import Entry, Roster
from tests.lifecycle.rows import row


def roster_of(count: int) -> tuple[Roster, list[Entry]]:
    roster = Roster(lambda: None)
    entries = [Entry(row(id=f"o{number}"), 0, is_inherited=False) for number in range(count)]
    for entry in entries:
        roster.add(entry)
    return roster, entries


def ids(entries: list[Entry]) -> list[str]:
    return [entry.id for entry in entries]


def test_what_is_due_comes_once_the_longest_overdue_first() -> None:
    roster, (first, second, third) = roster_of(3)
    roster.put(first, 20)
    roster.put(second, 10)
    roster.put(third, 30)
    assert ids(roster.due(25, 10)) == ["o1", "o0"]
    assert roster.due(25, 10) == []


def test_put_off__not_due_before() -> None:
    roster, (entry,) = roster_of(1)
    roster.put(entry, 10)
    roster.put(entry, 50)
    assert roster.due(49, 10) == []
    assert ids(roster.due(50, 10)) == ["o0"]


def test_put_earlier__due_then_and_only_once() -> None:
    roster, (entry,) = roster_of(1)
    roster.put(entry, 50)
    roster.put(entry, 10)
    assert ids(roster.due(60, 10)) == ["o0"]
    assert roster.due(60, 10) == []


def test_put_before_all_else__somebody_is_woken() -> None:
    woken: list[int] = []
    roster = Roster(lambda: woken.append(1))
    one, other = (Entry(row(id=id), 0, is_inherited=False) for id in ("a", "b"))
    for entry, at in ((one, 50), (other, 70), (other, 10), (one, 60)):
        roster.add(entry)
        roster.put(entry, at)
    assert len(woken) == 2


def test_busy__not_due() -> None:
    roster, (entry,) = roster_of(1)
    roster.put(entry, 10)
    entry.is_busy = True
    assert roster.due(20, 10) == []


def test_dropped__neither_due_nor_counted_and_its_credential_is_let_go() -> None:
    forgotten: list[str] = []
    roster = Roster(lambda: None, forgotten.append)
    entry = Entry(row(), 0, is_inherited=False)
    roster.add(entry)
    roster.put(entry, 10)
    roster.drop(entry.id)
    roster.drop(entry.id)
    assert (roster.due(20, 10), roster.counts(), len(roster), forgotten) == ([], {}, 0, ["o1"])


def test_counts_follow_the_states() -> None:
    roster, (first, second) = roster_of(2)
    roster.became(first, S.ORPHANED)
    assert roster.counts() == {(K.BACKGROUND, S.RUNNING): 1, (K.BACKGROUND, S.ORPHANED): 1}
    assert roster.running() == 1
    roster.add(Entry(row(id=second.id, state=S.FAILED), 0, is_inherited=True))
    assert roster.counts() == {(K.BACKGROUND, S.FAILED): 1, (K.BACKGROUND, S.ORPHANED): 1}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 100)), max_size=40))
def test_any_order__each_is_due_at_the_moment_that_was_said_last(puts: list[tuple[int, int]]) -> None:
    roster, entries = roster_of(4)
    said = {}
    for number, at in puts:
        roster.put(entries[number], at)
        said[f"o{number}"] = at
    for now in range(101):
        assert set(ids(roster.due(now, 10))) == {id for id, at in said.items() if at == now}


def test_ten_thousand_that_poll__the_heap_does_not_grow() -> None:
    roster, entries = roster_of(100)
    for at in range(100, 200):
        for entry in entries:
            roster.put(entry, at)
    assert len(roster._heap) == 100


def test_put_while_a_task_works_on_it__due_then_although_the_task_wants_it_later() -> None:
    """A passing reply said that it has ended; what the task had read of its row was older."""
    roster, (entry,) = roster_of(1)
    entry.is_busy = True
    roster.put(entry, 20)
    roster.put(entry, 30)
    assert roster.due(25, 10) == []
    roster.rest(entry, 60_000)
    assert ids(roster.due(25, 10)) == ["o0"]


def test_task_has_done_and_nobody_has_put_it__due_when_the_task_wants_it() -> None:
    roster, (entry,) = roster_of(1)
    entry.is_busy = True
    roster.rest(entry, 50)
    assert roster.due(49, 10) == []
    assert ids(roster.due(50, 10)) == ["o0"]


def test_dropped_while_a_task_works_on_it__not_due_again() -> None:
    roster, (entry,) = roster_of(1)
    entry.is_busy = True
    roster.drop(entry.id)
    roster.rest(entry, 50)
    assert roster.due(60, 10) == []
