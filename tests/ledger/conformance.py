"""What `sidecar/ledger/contract.py` promises, as tests. Every ledger's own test file runs them all against it.

Its properties are in `test_contract.py`: hypothesis wants one function, not one inherited by many classes.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

import pytest
from msgspec.structs import replace

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.contract import CallQuery, Ledger, LedgerReader
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.record import CallKind, CallRecord
from tests.ledger.given import SOON, START, open_call, orphaned_call, settled_call

LATER = START + 3600 * SECOND


class Place(Protocol):
    """Where one ledger after another can be opened."""

    def open(self, instance: str = "first") -> Ledger: ...

    def reader(self) -> LedgerReader: ...


Places = Callable[[], AbstractContextManager[Place]]


def put_all(ledger: Ledger, *records: CallRecord) -> None:
    for record in records:
        ledger.put(record)
    assert ledger.flush(SOON)


class Conformance:
    """Subclasses give the fixture `places`: each call of it enters a new, empty place."""

    @pytest.fixture
    def place(self, places: Places) -> Iterator[Place]:
        with places() as place:
            yield place


class WritingPromises(Conformance):
    def test_a_call_is_read_back_as_it_was_put(self, place: Place):
        whole = orphaned_call(
            rescued_by="c2", attempt_of="c0", basis_reason="cut", avoidable_basis="estimated", decision="hold",
            decision_reason="retry_grace", caller_timeout_seconds=0.1, kind=CallKind.LIVE, socket="c0",
        )  # fmt: skip
        put_all(place.open(), replace(whole))
        assert place.reader().call("c1") == whole

    def test_an_open_call_is_read_back_with_what_is_known(self, place: Place):
        put_all(place.open(), open_call())
        assert place.reader().call("c1") == open_call()

    def test_words_may_be_members_of_their_enums(self, place: Place):
        put_all(place.open(), settled_call(outcome=Outcome.REJECTED, kind=CallKind.UNARY))
        assert place.reader().call("c1") == settled_call(outcome="rejected", kind=CallKind.UNARY)

    def test_money_keeps_every_digit(self, place: Place):
        amount = Decimal("0.000000000000000000000000000012345678901234567890")
        put_all(place.open(), settled_call(spend_usd=amount))
        found = place.reader().call("c1")
        assert found is not None
        assert found.spend_usd == amount

    def test_a_later_snapshot_takes_the_place_of_an_earlier_one(self, place: Place):
        ledger = place.open()
        put_all(ledger, open_call(committed_at=None))
        put_all(ledger, open_call())
        assert list(place.reader().calls(CallQuery())) == [open_call()]

    def test_what_becomes_of_a_record_after_it_was_written_changes_nothing(self, place: Place):
        ledger, record = place.open(), open_call()
        put_all(ledger, record)
        record.model, record.usage = "another", {"input": 1}
        assert ledger.flush(SOON)
        assert place.reader().call("c1") == open_call()

    def test_a_settled_call_is_never_changed_again(self, place: Place):
        ledger = place.open()
        put_all(ledger, settled_call())
        put_all(ledger, orphaned_call())
        put_all(ledger, open_call())
        assert place.reader().call("c1") == settled_call()

    def test_a_settled_call_is_not_changed_before_it_is_written_either(self, place: Place):
        put_all(place.open(), settled_call(), orphaned_call(), open_call())
        assert place.reader().call("c1") == settled_call()

    def test_health_counts_what_was_written(self, place: Place):
        ledger = place.open()
        put_all(ledger, open_call("a"), open_call("b"))
        health = ledger.health()
        assert (health.rows_written, health.rows_waiting, health.rows_dropped, health.problem) == (2, 0, 0, "")

    def test_closing_writes_what_waits(self, place: Place):
        ledger = place.open()
        ledger.put(settled_call())
        assert ledger.close(SOON)
        assert place.reader().call("c1") == settled_call()

    def test_closing_twice_is_safe_and_a_flush_afterwards_is_true(self, place: Place):
        ledger = place.open()
        assert (ledger.close(SOON), ledger.close(SOON), ledger.flush(SOON)) == (True, True, True)

    def test_putting_after_closing_raises_nothing(self, place: Place):
        ledger = place.open()
        assert ledger.close(SOON)
        ledger.put(open_call())


class LostPromises(Conformance):
    def reopened(self, place: Place, *records: CallRecord) -> Ledger:
        first = place.open("first")
        put_all(first, *records)
        assert first.close(SOON)
        return place.open("second")

    def test_a_call_that_an_earlier_instance_left_open_is_lost(self, place: Place):
        lost = self.reopened(place, open_call()).settle_lost(LATER)
        expected = open_call(outcome="lost", settled_at=LATER, left_reason="sidecar_lost", unpriced_reason="lost")
        assert lost == [expected]
        assert list(place.reader().calls(CallQuery())) == [expected]

    def test_a_lost_call_of_which_the_provider_never_had_the_whole__no_reason_is_made_up(self, place: Place):
        (lost,) = self.reopened(place, open_call(committed_at=None)).settle_lost(LATER)
        assert (lost.left_at, lost.left_reason) == (None, None)

    def test_a_lost_call_whose_caller_had_left__stays_as_it_was_seen(self, place: Place):
        (lost,) = self.reopened(place, open_call(left_at=START + 5000, left_reason="rst")).settle_lost(LATER)
        assert (lost.left_at, lost.left_reason) == (START + 5000, "rst")

    def test_a_lost_call_whose_answer_waited_for_a_retry__stays_as_it_was_seen(self, place: Place):
        shelved = open_call(
            left_at=START + SECOND, left_reason="rst", answered_at=START + 2 * SECOND, finished_at=START + 3 * SECOND,
            decision="follow", decision_reason="provider_runs_on", caller_timeout_seconds=1.0,
        )  # fmt: skip
        (lost,) = self.reopened(place, shelved).settle_lost(LATER)
        assert lost == replace(shelved, outcome="lost", settled_at=LATER, unpriced_reason="lost")
        assert [call.id for call in place.reader().calls(CallQuery(orphaned_only=True))] == ["c1"]

    def test_a_lost_call_that_waited_for_anothers_answer__nobody_is_said_to_have_left(self, place: Place):
        joined = open_call(committed_at=None, attempt_of="c0", answered_at=START + SECOND)
        (lost,) = self.reopened(place, joined).settle_lost(LATER)
        assert (lost.left_at, lost.left_reason, lost.attempt_of) == (None, None, "c0")

    def test_what_was_known_of_a_lost_call_is_kept(self, place: Place):
        known = open_call(usage={"input": 7}, http_status=200, answered_at=START + 2000)
        (lost,) = self.reopened(place, known).settle_lost(LATER)
        assert (lost.usage, lost.http_status, lost.answered_at, lost.spend_usd) == (
            {"input": 7},
            200,
            START + 2000,
            None,
        )

    def test_a_lost_call_keeps_the_money_and_the_reason_that_were_written(self, place: Place):
        priced = open_call("a", spend_usd=Decimal(1), basis="at_least")
        unpriced = open_call("b", unpriced_reason="no_price")
        lost = {call.id: call for call in self.reopened(place, priced, unpriced).settle_lost(LATER)}
        assert (lost["a"].spend_usd, lost["a"].unpriced_reason) == (Decimal(1), None)
        assert lost["b"].unpriced_reason == "no_price"

    def test_settled_calls_and_our_own_are_not_lost(self, place: Place):
        second = self.reopened(place, settled_call("a"))
        put_all(second, open_call("b"))
        assert second.settle_lost(LATER) == []
        assert place.reader().call("b") == open_call("b")

    def test_what_is_lost_is_lost_once(self, place: Place):
        second = self.reopened(place, open_call())
        assert len(second.settle_lost(LATER)) == 1
        assert second.settle_lost(LATER) == []

    def test_a_lost_call_is_settled__nothing_changes_it(self, place: Place):
        second = self.reopened(place, open_call())
        (lost,) = second.settle_lost(LATER)
        put_all(second, settled_call())
        assert place.reader().call("c1") == lost


DIFFERENT = [
    settled_call("a"),
    settled_call("b", upstream="vertex", started_at=START + 1),
    settled_call("c", model="gemini-3-flash", started_at=START + 2),
    settled_call("d", caller="batch", started_at=START + 3),
    settled_call("e", caller=None, started_at=START + 4),
    settled_call("f", kind=CallKind.UNARY, started_at=START + 5),
    orphaned_call("g", started_at=START + 6),
    open_call("h", started_at=START + 7),
    open_call("i", started_at=START + 8, left_at=START + 2000, left_reason="fin"),
    settled_call("j", outcome="undelivered", left_at=START + 3 * SECOND, orphaned_usd=Decimal(1), started_at=START + 9),
    settled_call("k", model="odd[1]?", outcome="lost", left_at=START + SECOND, started_at=START + 10),
]
"""One call for each thing that a question can tell apart."""


class ReadingPromises(Conformance):
    @pytest.fixture
    def reader(self, place: Place) -> LedgerReader:
        ledger = place.open()
        put_all(ledger, *DIFFERENT)
        return place.reader()

    def test_calls_come_newest_first(self, reader: LedgerReader):
        assert list(reader.calls(CallQuery())) == DIFFERENT[::-1]

    def test_calls_of_one_moment_come_in_the_order_of_their_ids(self, place: Place):
        put_all(place.open(), *[open_call(id) for id in "bdac"])
        assert [call.id for call in place.reader().calls(CallQuery())] == ["d", "c", "b", "a"]

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({"since": START + 9}, "kj"),
            ({"until": START + 2}, "ba"),
            ({"since": START + 1, "until": START + 3}, "cb"),
            ({"upstream": "vertex"}, "b"),
            ({"model": "gemini-3-flash"}, "c"),
            ({"model": "*flash"}, "c"),
            ({"model": "gemini-?-flash"}, "c"),
            ({"model": "GEMINI*"}, ""),
            ({"model": "gemini"}, ""),
            ({"model": "odd[1]?"}, "k"),
            ({"model": "odd[12]?"}, ""),
            ({"caller": "batch"}, "d"),
            ({"kind": "unary"}, "f"),
            ({"outcome": "orphan_finished"}, "g"),
            ({"outcome": "open"}, "ih"),
            ({"orphaned_only": True}, "kig"),
            ({"orphaned_only": True, "outcome": "open"}, "i"),
            ({"limit": 2}, "kj"),
            ({"limit": 0}, ""),
            ({"upstream": "nowhere"}, ""),
        ],
    )
    def test_a_question_finds_exactly_what_it_asks_for(self, reader: LedgerReader, asked: dict[str, Any], found: str):
        assert "".join(call.id for call in reader.calls(CallQuery(**asked))) == found

    @pytest.mark.parametrize("limit", [None, 1499, 1500, 1501])
    def test_many_calls_come_whole_and_in_order(self, place: Place, limit: int | None):
        ids = [f"c{number:05}" for number in range(1500)]
        put_all(place.open(), *[open_call(id, started_at=START + number // 7) for number, id in enumerate(ids)])
        found = [call.id for call in place.reader().calls(CallQuery(limit=limit))]
        assert found == ids[::-1][:limit]

    def test_a_call_is_found_by_the_beginning_of_its_id(self, place: Place):
        put_all(place.open(), open_call("c019-a"), open_call("c020-b"))
        found = place.reader().call("c02")
        assert found is not None
        assert found.id == "c020-b"

    def test_a_whole_id_is_found_although_another_begins_so(self, place: Place):
        put_all(place.open(), open_call("c019"), open_call("c0190"))
        found = place.reader().call("c019")
        assert found is not None
        assert found.id == "c019"

    def test_an_id_that_no_call_has_finds_none(self, reader: LedgerReader):
        assert reader.call("nobody") is None

    def test_a_beginning_that_fits_two_calls_is_refused(self, place: Place):
        put_all(place.open(), open_call("c019-a"), open_call("c019-b"))
        with pytest.raises(LedgerError, match='more than one call begins with "c019"; write more of its id'):
            place.reader().call("c019")
