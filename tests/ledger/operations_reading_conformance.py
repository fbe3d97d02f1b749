"""What `sidecar/ledger/operations.py` promises about leases and to those who look, as tests for every ledger."""

from typing import Any

import pytest

from sidecar.clock import SECOND
from sidecar.errors import LedgerError
from sidecar.ledger.operations import OperationLedger, OperationQuery
from sidecar.lifecycle.operation import OPEN, OperationEvent as E, OperationKind, OperationState as S
from tests.ledger.given import START
from tests.ledger.operations_conformance import LATER, STATES, OperationConformance
from tests.ledger.operations_given import ROADS, OperationPlace, brought_to, found, operation, settled

HEARD: dict[str, Any] = {"renewed_at": LATER, "lease_seconds": 150.0, "due_at": LATER + SECOND}
"""What a poll changes."""
KNOWN_BY_ID = [state for state in STATES if E.ACCEPTED in ROADS[state]]


class RenewingPromises(OperationConformance):
    @pytest.mark.parametrize("state", KNOWN_BY_ID)
    def test_a_poll_sets_its_fields_in_every_state(self, ledger: OperationLedger, state: S):
        brought_to(ledger, state)
        record = ledger.renew("openai", "resp_o1", HEARD)
        assert record is not None
        assert record == found(ledger)
        assert {name: getattr(record, name) for name in HEARD} == HEARD
        assert record.state is (S.RUNNING if state is S.ORPHANED else state)

    def test_a_caller_who_comes_back_has_its_operation_running_again(self, ledger: OperationLedger):
        brought_to(ledger, S.ORPHANED)
        record = ledger.renew("openai", "resp_o1", HEARD)
        assert record is not None
        assert (record.state, record.lapsed_at, record.gone_reason) == (S.RUNNING, None, None)
        line = ledger.moves("o1")[-1]
        assert (line.number, line.event, line.state, line.evidence) == (4, E.LEASE_RENEWED, S.RUNNING, "a poll")

    def test_a_poll_that_moves_nothing_leaves_no_line(self, ledger: OperationLedger):
        brought_to(ledger, S.CANCELLING)
        ledger.renew("openai", "resp_o1", HEARD)
        assert len(ledger.moves("o1")) == 4

    def test_a_settled_operation_is_returned_as_it_is(self, ledger: OperationLedger):
        record = settled(ledger)
        assert ledger.renew("openai", "resp_o1", HEARD) == record == found(ledger)

    @pytest.mark.parametrize(
        ("upstream", "key"), [("azure", "resp_o1"), ("openai", "resp_o2"), ("openai", ""), ("", "")]
    )
    def test_a_poll_for_what_is_not_ours_finds_nothing(self, ledger: OperationLedger, upstream: str, key: str):
        before = brought_to(ledger, S.RUNNING)
        assert ledger.renew(upstream, key, HEARD) is None
        assert found(ledger) == before

    def test_the_key_is_the_last_segment_of_the_providers_name(self, ledger: OperationLedger):
        ledger.open(operation())
        ledger.move("o1", E.ACCEPTED, {"provider_id": "projects/p/batchPredictionJobs/12/"})
        assert ledger.renew("openai", "12", HEARD) is not None

    def test_an_operation_whose_id_was_known_at_its_opening_is_found(self, ledger: OperationLedger):
        ledger.open(operation(provider_id="models/m/operations/abc"))
        assert ledger.renew("openai", "abc", HEARD) is not None

    def test_a_create_that_was_sent_twice_has_two_rows_and_both_are_renewed(self, ledger: OperationLedger):
        for number, id in enumerate("ab"):
            brought_to(ledger, S.ORPHANED, id, opened_at=START + number)
            ledger.note(id, 1, {"provider_id": "resp_same"})
        record = ledger.renew("openai", "resp_same", HEARD)
        assert record == found(ledger, "b")
        assert [found(ledger, id).state for id in "ab"] == [S.RUNNING, S.RUNNING]

    def test_a_row_that_is_open_goes_before_a_newer_one_that_has_settled(self, ledger: OperationLedger):
        brought_to(ledger, S.RUNNING, "a")
        settled(ledger, "b", opened_at=LATER)
        ledger.note("a", 1, {"provider_id": "resp_b"})
        record = ledger.renew("openai", "resp_b", HEARD)
        assert record is not None
        assert record.id == "a"

    def test_a_poll_through_another_instance_counts(self, place: OperationPlace):
        brought_to(place.open("first"), S.ORPHANED)
        record = place.open("second").renew("openai", "resp_o1", HEARD)
        assert record is not None
        assert (record.state, record.holder, record.fence) == (S.RUNNING, "first", 1)

    def test_many_are_renewed_at_once(self, ledger: OperationLedger):
        ids = [f"o{number:03}" for number in range(150)]
        for id in [*ids, "other"]:
            ledger.open(operation(id))
        ledger.renew_all([*ids, *ids[:3], "nobody"], LATER)
        assert {found(ledger, id).renewed_at for id in ids} == {LATER}
        assert found(ledger, "other").renewed_at == START

    def test_renewing_many_never_takes_a_lease_back(self, ledger: OperationLedger):
        brought_to(ledger, S.RUNNING, renewed_at=LATER)
        assert ledger.renew_all(["o1"], START) == []
        assert found(ledger).renewed_at == LATER

    def test_renewing_many_brings_a_caller_back(self, ledger: OperationLedger):
        brought_to(ledger, S.ORPHANED)
        (told,) = ledger.renew_all(["o1"], LATER)
        record, line = found(ledger), ledger.moves("o1")[-1]
        assert told == record
        assert (record.state, record.lapsed_at, record.gone_reason) == (S.RUNNING, None, None)
        assert (line.event, line.evidence) == (E.LEASE_RENEWED, "a poll")

    def test_renewing_many_changes_nothing_that_has_settled(self, ledger: OperationLedger):
        record = settled(ledger)
        assert ledger.renew_all(["o1"], LATER) == ledger.renew_all([], LATER) == []
        assert found(ledger) == record


DIFFERENT: tuple[tuple[str, S, dict[str, Any]], ...] = (
    ("a", S.OPENING, {}),
    ("b", S.RUNNING, {"upstream": "vertex"}),
    ("c", S.ORPHANED, {"model": "gemini-3-flash"}),
    ("d", S.CANCELLING, {"caller": "batch"}),
    ("e", S.SUCCEEDED, {"caller": None}),
    ("f", S.CANCELLED, {"kind": OperationKind.TUNING}),
    ("g", S.FAILED, {"model": "odd[1]?%_!"}),
)
"""One operation for each thing that a question can tell apart, each opened a microsecond after the last."""


class LookingPromises(OperationConformance):
    @pytest.fixture
    def reader(self, ledger: OperationLedger) -> OperationLedger:
        for number, (id, state, fields) in enumerate(DIFFERENT):
            brought_to(ledger, state, id, opened_at=START + number, **fields)
        return ledger

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, "gfedcba"),
            ({"since": START + 5}, "gf"),
            ({"until": START + 2}, "ba"),
            ({"since": START + 1, "until": START + 3}, "cb"),
            ({"upstream": "vertex"}, "b"),
            ({"model": "gemini-3-flash"}, "c"),
            ({"model": "*flash"}, "c"),
            ({"model": "gemini-?-flash"}, "c"),
            ({"model": "GEMINI*"}, ""),
            ({"model": "gemini"}, ""),
            ({"model": "odd[1]?%_!"}, "g"),
            ({"model": "odd[12]*"}, ""),
            ({"model": "odd%"}, ""),
            ({"caller": "batch"}, "d"),
            ({"kind": "tuning"}, "f"),
            ({"state": "orphaned"}, "c"),
            ({"state": "open"}, "dcba"),
            ({"state": "open", "model": "gpt*"}, "dba"),
            ({"limit": 2}, "gf"),
            ({"limit": 0}, ""),
            ({"upstream": "nowhere"}, ""),
        ],
    )
    def test_a_question_finds_exactly_what_it_asks_for(
        self, reader: OperationLedger, asked: dict[str, Any], found: str
    ):
        assert "".join(record.id for record in reader.operations(OperationQuery(**asked))) == found

    @pytest.mark.parametrize("limit", [None, 399, 400, 401])
    def test_many_come_whole_and_in_order(self, ledger: OperationLedger, limit: int | None):
        ids = [f"o{number:05}" for number in range(450)]
        for number, id in enumerate(ids):
            ledger.open(operation(id, opened_at=START + number // 7))
        found = [record.id for record in ledger.operations(OperationQuery(limit=limit))]
        assert found == ids[::-1][:limit]

    def test_an_operation_is_found_by_the_beginning_of_its_id(self, ledger: OperationLedger):
        for id in ("o019-a", "o020-b", "O02"):
            ledger.open(operation(id))
        assert found(ledger, "o02").id == "o020-b"

    def test_a_whole_id_is_found_although_another_begins_so(self, ledger: OperationLedger):
        for id in ("o0190", "o019"):
            ledger.open(operation(id))
        assert found(ledger, "o019").id == "o019"

    @pytest.mark.parametrize("id", ["nobody", "o\0", "\ud800", "%", "o_"])
    def test_an_id_that_no_operation_has_finds_none(self, ledger: OperationLedger, id: str):
        ledger.open(operation())
        assert ledger.operation(id) is None
        assert ledger.moves(id) == []

    def test_a_beginning_that_fits_two_is_refused(self, ledger: OperationLedger):
        for id in ("o019-a", "o019-b"):
            ledger.open(operation(id))
        with pytest.raises(LedgerError, match='more than one operation begins with "o019"; write more of its id'):
            ledger.operation("o019")

    def test_what_has_not_settled_is_ones_own(self, place: OperationPlace):
        ours, theirs = place.open("first"), place.open("second")
        brought_to(ours, S.RUNNING, "a")
        settled(ours, "b")
        brought_to(theirs, S.RUNNING, "c")
        assert [record.id for record in ours.unsettled()] == ["a"]
        assert [record.id for record in theirs.unsettled()] == ["c"]

    def test_what_has_not_settled_comes_oldest_first(self, place: OperationPlace):
        ledger = place.open()
        for number, state in enumerate(STATES):
            brought_to(ledger, state, f"o{9 - number}", opened_at=START + number)
        settled(ledger, "p")
        brought_to(place.open("second"), S.RUNNING, "q")
        assert [record.state for record in ledger.unsettled()] == STATES
        assert {record.state for record in ledger.operations(OperationQuery(state="open"))} == OPEN
