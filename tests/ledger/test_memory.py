"""The ledger in memory keeps every promise."""

import pytest

from tests.ledger.conformance import LostPromises, Places, ReadingPromises, WritingPromises
from tests.ledger.given import memory_place
from tests.ledger.timeouts_conformance import TimeoutPromises


class InMemory:
    @pytest.fixture
    def places(self) -> Places:
        return memory_place


class TestWriting(InMemory, WritingPromises):
    pass


class TestLost(InMemory, LostPromises):
    pass


class TestReading(InMemory, ReadingPromises):
    pass


class TestTimeouts(InMemory, TimeoutPromises):
    pass
