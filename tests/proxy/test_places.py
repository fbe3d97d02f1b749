"""Places are counted, and lines are in order."""

from collections import OrderedDict
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from sidecar.proxy.places import Line, Places

WHERE = st.sampled_from("ab")


def test_no_more_than_there_are() -> None:
    places = Places[str](2)
    assert [places.take("a"), places.take("a"), places.take("a"), places.take("b")] == [True, True, False, True]
    places.free("a")
    assert places.take("a")


def test_endpoint_without_connections_is_forgotten() -> None:
    places = Places[str](2)
    places.take("a")
    places.free("a")
    assert places.taken == {}


class LineMachine(RuleBasedStateMachine):
    """Beside a list for each place, which is what a line is."""

    def __init__(self) -> None:
        super().__init__()
        self.line: Line[int, str] = Line()
        self.model: OrderedDict[int, tuple[str, int]] = OrderedDict()
        self.count = self.now = 0

    @rule(where=WHERE)
    def add(self, where: str) -> None:
        self.count += 1
        self.line.add(self.count, where, self.now + 10)
        self.model[self.count] = (where, self.now + 10)

    @rule(where=WHERE)
    def next(self, where: str) -> None:
        first = next((waiter for waiter, (at, _) in self.model.items() if at == where), None)
        assert self.line.next(where) == first
        self.model.pop(first or 0, None)

    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        waiter = data.draw(st.integers(0, self.count))
        assert self.line.leave(waiter) == (self.model.pop(waiter, None) is not None)

    @rule(seconds=st.integers(0, 12))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        late = [waiter for waiter, (_, until) in self.model.items() if until <= self.now]
        assert self.line.late(self.now) == late
        for waiter in late:
            del self.model[waiter]

    @rule()
    def clear(self) -> None:
        self.line.clear()
        self.model.clear()

    @invariant()
    def both_say_the_same(self) -> None:
        assert len(self.line) == len(self.model)
        for where in "ab":
            assert self.line.at(where) == sum(at == where for at, _ in self.model.values())
        assert self.line.next_late_ns() == next((until for _, until in self.model.values()), None)
        assert self.line._at.keys() == {at for at, _ in self.model.values()}


TestLine = LineMachine.TestCase
