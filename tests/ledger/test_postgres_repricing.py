"""Money in a database is worked out anew as in a file."""

from decimal import Decimal

import pytest

from sidecar.errors import LedgerError
from sidecar.ledger import repricing
from sidecar.ledger.contract import CallQuery
from sidecar.ledger.postgres_address import postgres_address
from sidecar.ledger.repricing import reprice
from tests.ledger.conformance import put_all
from tests.ledger.postgres_given import PostgresPlace
from tests.ledger.test_repricing import NEW, NONE, OLD, priced

pytestmark = pytest.mark.part("postgresql")


def spends(place: PostgresPlace) -> dict[str, Decimal | None]:
    return {call.id: call.spend_usd for call in place.reader().calls(CallQuery())}


def test_more_rows_than_a_batch_are_all_priced(database: PostgresPlace, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repricing, "BATCH_ROWS", 3)
    put_all(database.open(), *(priced(f"c{number}", OLD) for number in range(10)))
    reader = database.reader()
    assert reprice(reader.calls(CallQuery()), NEW, reader.place)["gemini-3-pro"].changed == 10
    assert set(spends(database).values()) == {Decimal("0.01")}


def test_a_row_that_somebody_else_priced_meanwhile_is_left_to_him(database: PostgresPlace):
    put_all(database.open(), priced("a", OLD), priced("b", OLD))
    reader = database.reader()
    stale = list(reader.calls(CallQuery()))
    reprice([stale[0]], NEW, reader.place)
    assert reprice(stale, NONE, reader.place)["gemini-3-pro"].changed == 1
    assert spends(database) == {"b": Decimal("0.01"), "a": None}


def test_a_dry_run_changes_nothing(database: PostgresPlace):
    put_all(database.open(), priced("a", OLD))
    assert reprice(database.reader().calls(CallQuery()), NEW, None)["gemini-3-pro"].changed == 1
    assert spends(database) == {"a": Decimal("0.004")}


def test_a_server_that_is_gone_is_an_error():
    with pytest.raises(LedgerError, match="look whether the server runs"):
        reprice([priced("a", OLD)], NEW, postgres_address("postgresql:///l?host=/nowhere"))
