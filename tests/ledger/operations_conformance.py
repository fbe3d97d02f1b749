"""What `sidecar/ledger/operations.py` promises to those who act, as tests. Every ledger's own test file runs them all against it.

What it promises to those who look is in `operations_reading_conformance.py`, and its properties are in `test_operations.py`.
No test asks the clock for a certain moment: a shared ledger's is the database's.
"""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from msgspec.structs import replace

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import OPEN, OperationEvent as E, OperationState as S, becomes
from sidecar.lifecycle.operation_record import OperationRecord
from tests.ledger.given import START
from tests.ledger.operations_given import (
    ROADS,
    OperationPlace,
    OperationPlaces,
    brought_to,
    found,
    operation,
    settled,
)

LATER = START + 3600 * SECOND
STATES = list(S)
ENDS = [state for state in S if state not in OPEN]


class OperationConformance:
    """Subclasses give the fixture `places`: each call of it enters a new, empty place."""

    @pytest.fixture
    def place(self, places: OperationPlaces) -> Iterator[OperationPlace]:
        with places() as place:
            yield place

    @pytest.fixture
    def ledger(self, place: OperationPlace) -> OperationLedger:
        return place.open()


WHOLE = operation(
    "o9", host="eu.api", mark="c0ffee", is_lease_asked=True, is_detached=True, lapsed_at=START + 1, gone_reason="pod_ending",
    provider_id="projects/p/jobs/12", cancel_requested_at=START + 2, cancel_trigger="asked", cancel_attempts=3,
    cancel_result="confirmed", ended_at=START + 4, claimed_at=START + 5, usage={"input": 2**40}, spend_usd=Decimal("1.5"),
    orphaned_usd=Decimal("1.25"), avoidable_usd=Decimal("0.5"), avoided_usd=Decimal(2), basis="estimated",
    price_source="media", basis_reason="cut", unpriced_reason="no_price", usage_basis="exact", usage_reason="x",
    told_usd=Decimal("1E-9"), tier="flex", variant="audio", served_model="gpt-6-1", labels={"team": "a"},
    trace=f"00-{'a' * 32}-{'b' * 16}-01 vendor=1",
    asked_seconds=8, asked_pieces=2**40, looks=7, lease_seconds=61.5,
)  # fmt: skip
"""Every field that an opening may bring."""


class OpeningPromises(OperationConformance):
    def test_an_operation_is_read_back_as_it_was_opened(self, ledger: OperationLedger):
        opened = ledger.open(WHOLE)
        assert found(ledger, "o9") == opened
        assert opened == OperationRecord(**{name: getattr(WHOLE, name) for name in WHOLE.__struct_fields__} | {
            "holder": "first", "fence": 1,
        })  # fmt: skip

    def test_it_is_opening_and_held_by_whoever_opened_it(self, ledger: OperationLedger):
        opened = ledger.open(operation(state=S.RUNNING, holder="another", fence=9))
        assert (opened.state, opened.holder, opened.fence) == (S.OPENING, "first", 1)

    def test_its_history_begins_with_its_opening(self, ledger: OperationLedger):
        ledger.open(operation())
        (line,) = ledger.moves("o1")
        assert (line.number, line.at, line.event, line.state, line.instance) == (1, START, E.OPENED, S.OPENING, "first")

    def test_what_becomes_of_the_record_afterwards_changes_nothing(self, ledger: OperationLedger):
        record = operation(usage={"input": 1})
        opened = ledger.open(record)
        record.model, record.usage["input"], opened.model = "another", 2, "a third"
        assert (found(ledger).model, found(ledger).usage) == ("gpt-6", {"input": 1})

    def test_opened_again_because_no_answer_came__one_row_as_it_is_now(self, ledger: OperationLedger):
        before = brought_to(ledger, S.RUNNING, model="模\0")
        assert ledger.open(operation(model="模\0")) == before
        assert [line.event for line in ledger.moves("o1")] == [E.OPENED, E.ACCEPTED]

    def test_an_id_that_is_anothers_is_refused_and_nothing_changes(self, ledger: OperationLedger):
        ledger.open(operation())
        with pytest.raises(LedgerError):
            ledger.open(operation(model="another", opened_at=START + 1))
        assert found(ledger).model == "gpt-6"
        assert len(ledger.moves("o1")) == 1

    def test_money_keeps_every_digit(self, ledger: OperationLedger):
        amount = Decimal("0.000000000000000000000000000012345678901234567890")
        ledger.open(operation(told_usd=amount))
        assert found(ledger).told_usd == amount

    def test_any_writing_is_kept(self, ledger: OperationLedger):
        ledger.open(operation(model="模型 🜁 naïve", labels={"équipe": "שלום"}, path="/v1/%F0?a='b';--"))
        record = found(ledger)
        assert (record.model, record.labels, record.path) == (
            "模型 🜁 naïve", {"équipe": "שלום"}, "/v1/%F0?a='b';--",
        )  # fmt: skip

    def test_text_that_no_database_takes_does_not_keep_an_operation_out(self, ledger: OperationLedger):
        brought_to(ledger, S.RUNNING, model="a\0b", caller="\ud800", labels={"\0": "\ud800"})
        ledger.move("o1", E.OBSERVED_FAILED, {"served_model": "\udfff"}, "HTTP 200, \0\ud800")
        record = found(ledger)
        assert (record.model, record.caller, record.labels, record.served_model) == (
            "a\ufffdb", "?", {"\ufffd": "?"}, "?",
        )  # fmt: skip
        assert ledger.moves("o1")[-1].evidence == "HTTP 200, \ufffd?"

    @pytest.mark.parametrize("name", ["asked_seconds", "due_at"])
    def test_a_number_that_no_database_takes_is_refused(self, ledger: OperationLedger, name: str):
        with pytest.raises(LedgerError):
            ledger.open(replace(operation(), **{name: 2**63}))
        assert ledger.operation("o1") is None
        ledger.open(operation())
        with pytest.raises(LedgerError):
            ledger.note("o1", 1, {name: 2**63})


class MovingPromises(OperationConformance):
    @pytest.mark.parametrize("event", list(E))
    @pytest.mark.parametrize("state", STATES)
    def test_a_move_goes_where_the_table_says_or_nowhere(self, ledger: OperationLedger, state: S, event: E):
        before = brought_to(ledger, state)
        expected = becomes(event, state)
        moved = ledger.move("o1", event, {"looks": 5}, "seen")
        assert (None if moved is None else moved.state) == expected
        assert found(ledger) == (before if moved is None else moved)
        assert len(ledger.moves("o1")) == 1 + len(ROADS[state]) + (expected is not None)

    def test_a_move_sets_its_fields_and_writes_its_line(self, ledger: OperationLedger):
        ledger.open(operation())
        moved = ledger.move("o1", E.ACCEPTED, {"provider_id": "resp_1", "due_at": LATER}, "HTTP 200")
        assert moved is not None
        assert (moved.provider_id, moved.due_at, moved.looks) == ("resp_1", LATER, 0)
        line = ledger.moves("o1")[-1]
        assert (line.number, line.event, line.state, line.evidence) == (2, E.ACCEPTED, S.RUNNING, "HTTP 200")

    def test_lines_are_numbered_one_after_another_and_never_go_back_in_time(self, ledger: OperationLedger):
        before = ledger.now()
        brought_to(ledger, S.CANCELLING, opened_at=before)
        ledger.move("o1", E.CANCEL_REFUSED, {})
        lines = ledger.moves("o1")
        assert [line.number for line in lines] == [1, 2, 3, 4, 5]
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        assert before <= lines[-1].at <= ledger.now()

    def test_histories_of_others_are_their_own(self, ledger: OperationLedger):
        brought_to(ledger, S.ORPHANED, "o1")
        brought_to(ledger, S.RUNNING, "o12")
        assert [line.number for line in ledger.moves("o12")] == [1, 2]

    def test_evidence_is_kept_short(self, ledger: OperationLedger):
        brought_to(ledger, S.RUNNING)
        ledger.move("o1", E.LEASE_LAPSED, {}, "x" * 10_000)
        assert ledger.moves("o1")[-1].evidence == "x" * 200

    def test_an_operation_that_is_not_there_does_not_move(self, ledger: OperationLedger):
        assert ledger.move("nobody", E.ACCEPTED, {}) is None
        assert ledger.moves("nobody") == []

    @pytest.mark.parametrize("state", ENDS)
    def test_a_settled_operation_does_not_move(self, ledger: OperationLedger, state: S):
        record = settled(ledger, state=state)
        assert [event for event in E if ledger.move("o1", event, {"looks": 9}) is not None] == []
        assert found(ledger) == record

    @pytest.mark.parametrize(
        "name", ["state", "outcome", "settled_at", "holder", "fence", "reclaimed_at", "id", "nonsense"]
    )
    def test_what_only_the_ledger_sets_can_not_be_named(self, ledger: OperationLedger, name: str):
        brought_to(ledger, S.RUNNING)
        with pytest.raises(ValueError, match=name):
            ledger.move("o1", E.LEASE_LAPSED, {name: 1})
        with pytest.raises(ValueError, match=name):
            ledger.note("o1", 1, {name: 1})
        assert found(ledger).state is S.RUNNING
