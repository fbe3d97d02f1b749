"""Money by time, from a file and from a database."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.by_address import OpenLedger
from sidecar.ledger.spending import SpendStep, spending
from sidecar.ledger.sqlite import SqliteLedger
from sidecar.lifecycle.operation import OperationState as S
from sidecar.lifecycle.record import CallRecord
from tests.ledger.given import SOON, START, HandClock, open_call, orphaned_call, settled_call
from tests.ledger.operations_given import settled
from tests.ledger.postgres_given import PostgresPlace

MINUTE = 60 * SECOND
MANY = [
    settled_call(f"c{number}", started_at=START + number * SECOND, spend_usd=Decimal("0.1")) for number in range(1, 31)
]


class InFile:
    ledger: OpenLedger

    @pytest.fixture
    def url(self, tmp_path: Path) -> Iterator[str]:
        url = f"sqlite:///{tmp_path}/ledger.db"
        self.ledger = SqliteLedger.open(url, clock=HandClock(), instance="me")
        yield url
        self.ledger.close(SOON)


class InDatabase:
    ledger: OpenLedger

    @pytest.fixture
    def url(self, database: PostgresPlace) -> str:
        self.ledger = database.open()
        return database.url


class Promises:
    ledger: OpenLedger

    def test_every_step_is_there_and_counts_what_began_in_it(self, url: str):
        self.put(
            settled_call("c1"),
            orphaned_call("c2", started_at=START + MINUTE),
            open_call("c3", started_at=START + MINUTE),
        )
        self.put(settled_call("c4", started_at=START - 1), settled_call("c5", started_at=START + 3 * MINUTE))
        assert spending(url, START, MINUTE, 3) == [
            SpendStep(at=START, calls=1, spend_usd=Decimal("0.000123")),
            SpendStep(
                at=START + MINUTE, calls=2, orphaned=1, spend_usd=Decimal("0.000123"), orphaned_usd=Decimal("0.0001"),
                avoidable_usd=Decimal("0.00009"),
            ),
            SpendStep(at=START + 2 * MINUTE),
        ]  # fmt: skip

    def test_operations_are_in_the_sums(self, url: str):
        settled(self.ledger.operations, "o1", S.SUCCEEDED, spend_usd=Decimal("2.5"), orphaned_usd=Decimal("2.5"))
        self.put(settled_call("c1"))
        (step,) = spending(url, START, MINUTE, 1)
        assert (step.calls, step.operations, step.orphaned) == (1, 1, 0)
        assert (step.spend_usd, step.orphaned_usd) == (Decimal("2.500123"), Decimal("2.5"))

    def test_tenths_of_a_dollar_add_up_to_the_last_digit(self, url: str):
        self.put(*MANY)
        (step,) = spending(url, START, MINUTE, 1)
        assert (step.calls, step.spend_usd) == (30, Decimal(3))

    def test_less_than_a_billionth_is_rounded_and_a_large_bill_is_not(self, url: str):
        self.put(
            settled_call("c1", spend_usd=Decimal("1E-10")), settled_call("c2", spend_usd=Decimal("999999.123456789"))
        )
        assert spending(url, START, MINUTE, 1)[0].spend_usd == Decimal("999999.123456789")

    def put(self, *records: CallRecord) -> None:
        for record in records:
            self.ledger.put(record)
        assert self.ledger.flush(SOON)


class TestFile(InFile, Promises):
    pass


class TestDatabase(InDatabase, Promises):
    pass


def test_no_ledger__error_that_says_so(tmp_path: Path):
    with pytest.raises(LedgerError, match="does not exist"):
        spending(f"sqlite:///{tmp_path}/none.db", START, MINUTE, 1)
