"""What every ledger says when it is asked for a bill, as tests. `test_bill_reading.py` runs them against each."""

from decimal import Decimal, localcontext
from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.ledger.bill import ZERO, BillLine, Foregone
from sidecar.ledger.contract import By, CallQuery
from sidecar.ledger.questions import DAY
from sidecar.ledger.totals import EXACT
from sidecar.lifecycle.operation import OperationState
from tests.ledger.bill_given import UNPRICED, Books, Kept, bill_of, lost_operation, money, settled_operation
from tests.ledger.given import START, open_call, orphaned_call, settled_call
from tests.ledger.operations_given import operation


class BillPromises:
    """Subclasses give the fixture `books`."""

    def test_a_bill_over_nothing_has_no_lines(self, books: Books):
        bill = bill_of(books)
        assert (bill.lines, bill.dearest, bill.others_count, bill.first_at, bill.last_at) == ([], [], 0, None, None)
        assert bill.total == bill.others == BillLine(key=None)
        assert bill.foregone == Foregone()

    def test_a_line_sums_calls_and_money(self, books: Books):
        estimated = settled_call("b", basis="estimated", spend_usd=Decimal("0.5"))
        bill = bill_of(
            books, settled_call("a"), estimated, orphaned_call("c"), open_call("d"), settled_call("e", **UNPRICED)
        )
        figures: dict[str, Any] = {
            "calls": 5, "delivered": 3, "orphaned": 1, "open": 1, "unpriced": 1, "spend_usd": Decimal("0.500246"),
            "orphaned_usd": Decimal("0.0001"), "avoidable_usd": Decimal("0.00009"), "estimated_usd": Decimal("0.5"),
            "orphaned_seconds": 1.0,
        }  # fmt: skip
        assert bill.lines == [BillLine(key="gemini", **figures)]
        assert bill.total == BillLine(key=None, **figures)

    def test_operations_are_in_the_same_line(self, books: Books):
        call = settled_call("a", upstream="openai", **money("1"))
        (line,) = bill_of(books, call, settled_operation("b"), lost_operation("c"), operation("d")).lines
        assert (line.calls, line.operations, line.delivered, line.orphaned, line.open) == (1, 3, 2, 1, 1)
        assert (line.spend_usd, line.orphaned_usd, line.avoidable_usd) == (
            Decimal("2.1"),
            Decimal("0.6"),
            Decimal("0.4"),
        )
        assert (line.estimated_usd, line.orphaned_estimated_usd) == (ZERO, ZERO)
        assert (line.avoidable_estimated_usd, line.orphaned_seconds) == (Decimal("0.4"), 40.0)

    def test_what_nobody_fetched_is_lost_although_no_caller_was_found_gone(self, books: Books):
        unfetched = settled_operation("a", claimed_at=None, **money("1", "1"))
        (line,) = bill_of(books, unfetched).lines
        assert (line.delivered, line.orphaned, line.orphaned_usd, line.orphaned_seconds) == (0, 1, Decimal(1), 0.0)

    def test_a_rescued_call_is_no_orphan_and_its_spend_was_not_paid_twice(self, books: Books):
        saved = {"outcome": "rescued", "orphaned_usd": ZERO, "avoidable_usd": ZERO}
        retry = open_call("c", outcome="joined", committed_at=None, attempt_of="a", spend_usd=ZERO, basis="exact")
        first = orphaned_call("a", rescued_by="c", **saved)
        (line,) = bill_of(books, first, orphaned_call("b", **saved | {"spend_usd": None}), retry).lines
        assert (line.calls, line.orphaned, line.delivered, line.unpriced) == (3, 0, 0, 0)
        assert (line.rescued, line.rescued_usd, line.spend_usd) == (2, Decimal("0.000123"), Decimal("0.000123"))

    def test_what_was_avoided_is_no_spend_and_what_was_regretted_is_taken_off_it(self, books: Books):
        stopped = {"state": OperationState.CANCELLED, "outcome": "cancelled", "cancel_result": "confirmed"}
        ours = stopped | {"cancel_trigger": "orphaned", "avoided_usd": Decimal("0.3")}
        bill = bill_of(
            books,
            lost_operation("a", **ours),
            lost_operation("b", **ours, regretted_at=START),
            lost_operation("c", **stopped, cancel_trigger="caller"),
            lost_operation("d", reclaimed_at=START),
        )
        line = bill.total
        assert (line.cancelled, line.avoided_usd, line.regretted_usd) == (2, Decimal("0.6"), Decimal("0.6"))
        assert (line.saved_usd, line.reclaimed_usd, line.spend_usd) == (ZERO, Decimal("0.6"), Decimal("2.4"))

    def test_an_orphan_that_never_finished_adds_no_seconds(self, books: Books):
        (line,) = bill_of(books, orphaned_call(outcome="orphan_cut", finished_at=None)).lines
        assert (line.orphaned, line.orphaned_seconds) == (1, 0.0)

    def test_a_clock_that_stepped_back_adds_no_negative_seconds(self, books: Books):
        bill = bill_of(books, orphaned_call("a", finished_at=START), lost_operation("b", ended_at=START))
        assert (bill.total.orphaned, bill.total.orphaned_seconds) == (2, 0.0)

    @pytest.mark.parametrize(
        ("by", "keys"),
        [
            (By.MODEL, ["gpt-6-2026", "gemini-3-pro"]),
            (By.CALLER, [None, "app"]),
            (By.UPSTREAM, ["openai", "gemini"]),
            (By.KIND, ["background", "stream"]),
            (By.OUTCOME, ["succeeded", "orphan_finished", "open"]),
            (By.PROVIDER, ["openai", "google"]),
            (By.ROUTE, ["responses", "generateContent"]),
            (By.REASON, ["lease_lapsed", "fin", None]),
        ],
    )
    def test_lines_stand_for_what_was_asked_by_what_was_lost(self, books: Books, by: By, keys: list[str | None]):
        call = orphaned_call("a", method="generateContent")
        still_open = open_call("b", method="generateContent")
        lost = lost_operation("c", served_model="gpt-6-2026", caller=None)
        assert [line.key for line in bill_of(books, call, still_open, lost, by=by).lines] == keys

    def test_lines_that_lost_the_same_stand_by_spend_then_number_then_name(self, books: Books):
        spent = {"c": ["1"], "d": ["3"], "b": ["1", "1"], "a": ["2"], "e": ["1"]}
        calls = [
            settled_call(f"{key}{place}", caller=key, **money(usd))
            for key, each in spent.items()
            for place, usd in enumerate(each)
        ]
        assert [line.key for line in bill_of(books, *calls, by=By.CALLER).lines] == ["d", "b", "a", "c", "e"]

    def test_days_stand_in_their_order_and_begin_at_midnight_utc(self, books: Books):
        midnight = START // DAY * DAY
        calls = [settled_call(id, started_at=midnight + at) for id, at in {"a": DAY, "b": 0, "c": -1}.items()]
        bill = bill_of(books, *calls, settled_operation("o", opened_at=midnight - 1), by=By.DAY)
        days = [(line.key, line.calls, line.operations) for line in bill.lines]
        assert days == [("2026-09-20", 1, 1), ("2026-09-21", 1, 0), ("2026-09-22", 1, 0)]
        assert (bill.first_at, bill.last_at) == (midnight - 1, midnight + DAY)

    @pytest.mark.parametrize("top", [0, 1, 2, 3, 4])
    def test_only_the_first_lines__the_others_in_one__the_total_over_all(self, books: Books, top: int):
        lost = [orphaned_call(id, caller=id, **money(usd, usd)) for id, usd in {"a": "1", "b": "2", "c": "4"}.items()]
        bill = bill_of(books, *lost, by=By.CALLER, top=top)
        assert [line.key for line in bill.lines] == ["c", "b", "a"][:top]
        assert (bill.others_count, bill.total.calls, bill.total.spend_usd) == (max(0, 3 - top), 3, Decimal(7))
        shown = sum((line.spend_usd for line in bill.lines), ZERO)
        assert (bill.others.calls, bill.others.spend_usd) == (max(0, 3 - top), 7 - shown)

    def test_of_days_the_latest(self, books: Books):
        calls = [settled_call(f"{day}", started_at=START + day * DAY) for day in range(4)]
        bill = bill_of(books, *calls, by=By.DAY, top=2)
        assert [line.key for line in bill.lines] == ["2026-09-23", "2026-09-24"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"since": START + 1}, 1),
            ({"until": START + 1}, 3),
            ({"model": "gpt*"}, 2),
            ({"upstream": "openai"}, 2),
            ({"caller": "app"}, 3),
            ({"kind": "stream"}, 2),
            ({"limit": 1, "outcome": "open", "orphaned_only": True}, 4),
        ],
    )
    def test_the_same_is_asked_of_calls_and_operations(self, books: Books, asked: dict[str, Any], found: int):
        rows: list[Kept] = [
            settled_call("a"),
            settled_call("b", started_at=START + 1, caller=None),
            settled_operation("c"),
        ]
        bill = bill_of(books, *rows, settled_operation("d"), query=CallQuery(**asked))
        assert bill.total.calls + bill.total.operations == found

    def test_the_dearest_are_calls_and_operations__of_those_that_cost_the_same_the_latest(self, books: Books):
        bill = bill_of(
            books,
            orphaned_call("a", **money("1", "0.6")),
            orphaned_call("b", **money("1", "10")),
            orphaned_call("c", **money("1", "0.6"), started_at=START - 1),
            settled_call("d", outcome="undelivered", **money("9", "9")),
            orphaned_call("e", **money("9", "0.000")),
            lost_operation("o", opened_at=START + 1, served_model="gpt-6-2026"),
            dearest=3,
        )
        assert [orphan.id for orphan in bill.dearest] == ["b", "o", "a"]
        o = bill.dearest[1]
        assert (o.sort, o.begun_at, o.gone_at, o.ended_at) == (
            "operation", START + 1, START + 20 * SECOND, START + 60 * SECOND,
        )  # fmt: skip
        assert (o.upstream, o.model, o.caller, o.reason) == ("openai", "gpt-6-2026", "app", "lease_lapsed")
        assert (o.orphaned_usd, o.basis) == (Decimal("0.6"), "exact")

    @pytest.mark.parametrize(
        "amounts",
        [
            ["99999999999999999999.000000000001", "0.0000000000000000000000000001"],
            ["100", "99.9999999999", "0.000000000001", "1000000000000"],
            ["0.1"] * 10,
            ["99.99999999999"] * 500,
        ],
    )
    def test_money_is_summed_to_the_last_digit(self, books: Books, amounts: list[str]):
        lost = [orphaned_call(f"c{place:03}", **money(usd, usd, usd)) for place, usd in enumerate(amounts)]
        stopped = [operation(f"o{place:03}", avoided_usd=Decimal(usd)) for place, usd in enumerate(amounts)]
        total = bill_of(books, *lost, *stopped).total
        with localcontext(EXACT):
            exact = sum(int(Decimal(usd).scaleb(28)) for usd in amounts)
            sums = [total.spend_usd, total.orphaned_usd, total.avoidable_usd, total.avoided_usd]
            assert [int(usd.scaleb(28)) for usd in sums] == [exact] * 4

    def test_limits_that_ran_out_are_in_it_and_others_are_not(self, books: Books):
        told = {"caller_timeout_seconds": 1.0}
        bill = bill_of(
            books, orphaned_call("a", **told), settled_call("b", caller_timeout_seconds=9.0), settled_call("c")
        )
        assert [(line.caller_timeout_seconds, line.left_at_limit) for line in bill.timeouts.lines] == [(1.0, 1)]
        assert (bill.timeouts.told, bill.timeouts.untold) == (2, 1)
