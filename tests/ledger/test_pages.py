"""Any store is read the same way."""

from typing import NamedTuple

import pytest
from hypothesis import given, strategies as st

from sidecar.errors import LedgerError
from sidecar.ledger.pages import Place, only_one, paged


class Row(NamedTuple):
    id: str
    begun_at: int = 0


def place_of(row: Row) -> Place:
    return row.begun_at, row.id


class Shelf:
    """So many rows, newest first; remembers how many were asked for at once."""

    def __init__(self, count: int) -> None:
        self.rows = [Row(f"r{number}", number) for number in reversed(range(count))]
        self.asked: list[int] = []

    def page(self, after: Place | None, rows: int) -> list[Row]:
        self.asked.append(rows)
        return [row for row in self.rows if after is None or place_of(row) < after][:rows]


@given(count=st.integers(0, 30), most=st.integers(1, 7), limit=st.none() | st.integers(0, 40))
def test_pages_are_the_rows_in_their_order_up_to_the_limit(count: int, most: int, limit: int | None):
    shelf = Shelf(count)
    assert list(paged(limit, most, shelf.page, place_of)) == shelf.rows[:limit]
    assert all(0 < rows <= most for rows in shelf.asked)


def test_no_page_is_asked_for_before_it_is_needed():
    shelf = Shelf(30)
    rows = paged(None, 10, shelf.page, place_of)
    assert [next(rows).id for _ in range(10)] == [f"r{number}" for number in range(29, 19, -1)]
    assert shelf.asked == [10]


@pytest.mark.parametrize(
    ("found", "one"),
    [([], None), ([Row("o1")], Row("o1")), ([Row("o")], Row("o")), ([Row("o"), Row("o1")], Row("o"))],
    ids=["none", "its beginning", "itself", "itself and a longer one"],
)
def test_the_row_of_an_id_or_of_its_only_beginning(found: list[Row], one: Row | None):
    assert only_one(found, "o", "x.db", "operation") == one


def test_an_ambiguous_beginning_says_what_to_do():
    with pytest.raises(LedgerError) as raised:
        only_one([Row("o1"), Row("o12")], "o", "x.db", "operation")
    assert str(raised.value) == 'ledger x.db: more than one operation begins with "o"; write more of its id'
