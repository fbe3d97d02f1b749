"""What every ledger says `enforce` would have saved, as tests. `test_bill_reading.py` runs them against each."""

from decimal import Decimal
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.ledger.bill import ZERO, Enforcing, Foregone
from sidecar.ledger.contract import By, CallQuery
from sidecar.lifecycle.operation import OperationState
from tests.ledger.bill_given import UNPRICED, Books, Kept, bill_of, lost_operation, repeat, repeated, settled_operation
from tests.ledger.given import START, settled_call
from tests.ledger.operations_given import operation

WOULD = {"cancel_result": "would_cancel"}


class ForegonePromises:
    """Subclasses give the fixture `books`."""

    def foregone(self, books: Books, *rows: Kept, **enforcing: float) -> Foregone:
        return bill_of(books, *rows, enforcing=Enforcing(**enforcing)).foregone

    def test_an_operation_that_observe_let_run_cost_what_accrued_after_the_grace(self, books: Books):
        found = self.foregone(books, lost_operation("a", **WOULD), lost_operation("b"), grace_seconds=10)
        assert (found.operations, found.operations_usd, found.saved_usd) == (1, Decimal("0.3"), Decimal("0.3"))

    def test_one_that_ended_within_the_grace_saves_nothing(self, books: Books):
        found = self.foregone(books, lost_operation("a", **WOULD), grace_seconds=40)
        assert (found.operations, found.operations_usd) == (1, ZERO)

    def test_one_without_a_price_is_said_so(self, books: Books):
        found = self.foregone(books, lost_operation("a", **WOULD, **UNPRICED))
        assert (found.operations, found.operations_unpriced, found.operations_usd) == (1, 1, ZERO)

    def test_one_that_still_runs_is_in_no_sum(self, books: Books):
        running = operation("a", lapsed_at=START, state=OperationState.ORPHANED, **WOULD)
        found = self.foregone(books, running)
        assert (found.operations, found.operations_open, found.saved_usd) == (0, 1, ZERO)

    def test_one_whose_caller_came_back_would_have_been_regretted(self, books: Books):
        found = self.foregone(books, settled_operation("a", **WOULD), lost_operation("b", **WOULD), grace_seconds=0)
        assert (found.returned, found.returned_usd, found.saved_usd) == (1, Decimal("0.5"), Decimal("-0.1"))

    def test_a_repeat_that_would_have_been_given_the_answer_was_paid_for(self, books: Books):
        found = self.foregone(books, repeated(), repeat(), repeat("c", started_at=START + 32 * SECOND))
        assert (found.repeats, found.repeats_usd) == (2, Decimal("0.000246"))

    @pytest.mark.parametrize(
        ("first", "again"),
        [
            ({"outcome": "orphan_cut"}, {}),
            ({"outcome": "delivered"}, {}),
            ({"http_status": 400}, {}),
            ({"finished_at": None}, {}),
            ({}, {"started_at": START + 32 * SECOND + 1}),
            ({}, {"started_at": START + SECOND - 1}),
            ({}, {"spend_usd": ZERO}),
            ({}, {"spend_usd": None}),
            ({}, {"attempt_of": None}),
            ({"id": "z"}, {}),
        ],
    )
    def test_a_repeat_that_would_not_have_been_is_not_counted(
        self, books: Books, first: dict[str, Any], again: dict[str, Any]
    ):
        found = self.foregone(books, repeated(**first), repeat(**again), window_seconds=30)
        assert (found.repeats, found.repeats_usd) == (0, ZERO)

    @pytest.mark.parametrize("sign", [{"outcome": "rescued"}, {"outcome": "joined"}, {"decision": "hold"}])
    def test_where_answers_were_given_to_retries_none_is_said_to_be_missed(self, books: Books, sign: dict[str, Any]):
        enforcing = [repeated(), repeat(), settled_call("c", **sign)]
        observing = [repeated("d"), repeat("e", attempt_of="d", spend_usd=Decimal("12345678901.123456789"))]
        found = books({"first": enforcing, "second": observing}, []).bill(CallQuery(), By.MODEL).foregone
        assert (found.repeats, found.repeats_usd) == (1, Decimal("12345678901.123456789"))
