"""What `sidecar/ledger/operations.py` promises about fences, notes and settling, as tests for every ledger."""

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from sidecar.ledger.operations import OperationLedger
from sidecar.lifecycle.operation import OPEN, OperationEvent as E, OperationKind, OperationState as S, becomes
from tests.ledger.given import START
from tests.ledger.operations_conformance import ENDS, LATER, STATES, OperationConformance
from tests.ledger.operations_given import END, ROADS, OperationPlace, brought_to, found, operation, settled


class HoldingPromises(OperationConformance):
    def taken_over(self, place: OperationPlace, state: S = S.RUNNING) -> tuple[OperationLedger, OperationLedger]:
        """A ledger whose instance is dead without knowing it, and the one that has its operation now."""
        zombie = place.open("zombie")
        brought_to(zombie, state)
        place.end("zombie")
        heir = place.open("heir")
        assert [record.id for record in heir.take_over(10)] == ["o1"]
        return zombie, heir

    def test_whoever_takes_over_holds_it_by_a_higher_fence(self, place: OperationPlace):
        _, heir = self.taken_over(place)
        record = found(heir)
        assert (record.holder, record.fence, record.state) == ("heir", 2, S.RUNNING)

    @pytest.mark.parametrize("state", sorted(OPEN))
    @pytest.mark.parametrize("event", list(E))
    def test_no_move_by_an_old_fence_changes_anything(self, place: OperationPlace, state: S, event: E):
        zombie, heir = self.taken_over(place, state)
        before, lines = found(heir), heir.moves("o1")
        assert zombie.move("o1", event, {"looks": 9}, "late", fence=1) is None
        assert (found(heir), heir.moves("o1")) == (before, lines)

    def test_nothing_else_by_an_old_fence_changes_anything(self, place: OperationPlace):
        zombie, heir = self.taken_over(place, S.SUCCEEDED)
        before = found(heir)
        assert zombie.note("o1", 1, {"looks": 9}) is False
        assert zombie.settle("o1", 1, END) is None
        assert found(heir) == before

    @pytest.mark.parametrize("event", list(E))
    @pytest.mark.parametrize("state", STATES)
    def test_the_holder_moves_it_by_its_fence_as_the_table_says(self, place: OperationPlace, state: S, event: E):
        ledger = place.open()
        fence = brought_to(ledger, state).fence
        moved = ledger.move("o1", event, {}, fence=fence)
        assert (None if moved is None else moved.state) == becomes(event, state)

    def test_whoever_saw_it_happen_needs_no_fence(self, place: OperationPlace):
        zombie, heir = self.taken_over(place)
        assert zombie.move("o1", E.OBSERVED_SUCCEEDED, {}, "a passing exchange") is not None
        assert found(heir).state is S.SUCCEEDED
        assert heir.moves("o1")[-1].instance == "zombie"

    def test_each_is_taken_over_once(self, place: OperationPlace):
        ours = place.open("dead")
        for number in range(10):
            brought_to(ours, S.RUNNING, f"o{number}", due_at=START - number)
        place.end("dead")
        heir = place.open("heir")
        taken = [[record.id for record in heir.take_over(4)] for _ in range(4)]
        assert taken == [["o9", "o8", "o7", "o6"], ["o5", "o4", "o3", "o2"], ["o1", "o0"], []]

    def test_what_has_settled_is_nobodys_any_more(self, place: OperationPlace):
        settled(place.open("dead"))
        place.end("dead")
        assert place.open("heir").take_over(10) == []

    @pytest.mark.parametrize("state", STATES)
    def test_what_has_not_settled_is_taken_over_in_every_state(self, place: OperationPlace, state: S):
        brought_to(place.open("dead"), state)
        place.end("dead")
        heir = place.open("heir")
        (record,) = heir.take_over(10)
        assert (record.state, heir.unsettled(), heir.moves("o1")[-1].instance) == (state, [record], "dead")

    def test_ones_own_are_not_taken_over(self, ledger: OperationLedger):
        brought_to(ledger, S.RUNNING)
        assert ledger.take_over(10) == []
        assert found(ledger).fence == 1

    def test_of_two_who_claim_at_once_one_is_first(self, place: OperationPlace):
        two = place.open("first"), place.open("second")
        ids = [f"o{number}" for number in range(8)]
        for id in ids:
            brought_to(two[0], S.ORPHANED, id)
        start = threading.Barrier(2)

        def claim(ledger: OperationLedger) -> list[str]:
            start.wait()
            return [id for id in ids if ledger.move(id, E.CANCEL_CLAIMED, {}) is not None]

        with ThreadPoolExecutor(2) as threads:
            claimed = list(threads.map(claim, two))
        assert sorted(claimed[0] + claimed[1]) == ids
        assert [len(two[0].moves(id)) for id in ids] == [4] * len(ids)


class NotingPromises(OperationConformance):
    @pytest.mark.parametrize("state", STATES)
    def test_the_holder_notes_without_moving(self, ledger: OperationLedger, state: S):
        before, lines = brought_to(ledger, state), len(ROADS[state]) + 1
        assert ledger.note("o1", 1, {"due_at": LATER, "looks": 3, "cancel_result": "refused"})
        record = found(ledger)
        assert (record.due_at, record.looks, record.cancel_result, record.state) == (LATER, 3, "refused", before.state)
        assert len(ledger.moves("o1")) == lines

    def test_nothing_to_note_changes_nothing(self, ledger: OperationLedger):
        before = brought_to(ledger, S.RUNNING)
        assert ledger.note("o1", 1, {})
        assert found(ledger) == before

    def test_a_settled_operation_is_not_noted(self, ledger: OperationLedger):
        record = settled(ledger)
        assert not ledger.note("o1", 1, {"looks": 9})
        assert found(ledger) == record

    def test_nobody_is_not_noted(self, ledger: OperationLedger):
        assert not ledger.note("nobody", 1, {"looks": 9})

    def test_an_id_that_is_learned_is_found_by_its_key(self, ledger: OperationLedger):
        ledger.open(operation())
        assert ledger.note("o1", 1, {"provider_id": "projects/p/locations/l/jobs/77"})
        assert ledger.renew("openai", "77", {"renewed_at": LATER}) == found(ledger)


class SettlingPromises(OperationConformance):
    @pytest.mark.parametrize("state", ENDS)
    def test_an_operation_that_has_ended_settles_with_its_state_as_outcome(self, ledger: OperationLedger, state: S):
        ended, before = brought_to(ledger, state), ledger.now()
        record = ledger.settle("o1", ended.fence, END)
        assert record is not None
        assert record == found(ledger)
        assert (record.outcome, record.state, record.spend_usd) == (state.value, state, Decimal("0.000123"))
        assert before <= (record.settled_at or 0) <= ledger.now()
        assert len(ledger.moves("o1")) == len(ROADS[state]) + 1

    @pytest.mark.parametrize("state", sorted(OPEN))
    def test_an_operation_that_has_not_ended_does_not_settle(self, ledger: OperationLedger, state: S):
        before = brought_to(ledger, state)
        assert ledger.settle("o1", 1, END) is None
        assert found(ledger) == before

    def test_an_operation_settles_once(self, ledger: OperationLedger):
        record = settled(ledger)
        assert ledger.settle("o1", 1, {"spend_usd": Decimal(9)}) is None
        assert found(ledger) == record

    def test_the_moment_may_be_given(self, ledger: OperationLedger):
        assert settled(ledger, settled_at=LATER).settled_at == LATER

    def test_of_two_who_settle_at_once_one_does(self, place: OperationPlace):
        ledger = place.open()
        brought_to(ledger, S.SUCCEEDED)
        with ThreadPoolExecutor(2) as threads:
            results = list(threads.map(lambda _: ledger.settle("o1", 1, END), range(2)))
        assert results.count(None) == 1

    @pytest.mark.parametrize("field", ["reclaimed_at", "regretted_at"])
    def test_what_comes_after_is_marked_once(self, ledger: OperationLedger, field: str):
        record = settled(ledger)
        assert ledger.mark_after("o1", field, LATER)
        assert not ledger.mark_after("o1", field, LATER + 1)
        assert found(ledger) == record.__class__(**{
            name: getattr(record, name) for name in record.__struct_fields__
        } | {field: LATER})  # fmt: skip

    @pytest.mark.parametrize("state", STATES)
    def test_nothing_comes_after_what_has_not_settled(self, ledger: OperationLedger, state: S):
        before = brought_to(ledger, state)
        assert not ledger.mark_after("o1", "regretted_at", LATER)
        assert found(ledger) == before

    def test_nothing_else_is_marked_afterwards(self, ledger: OperationLedger):
        settled(ledger)
        with pytest.raises(ValueError, match="spend_usd"):
            ledger.mark_after("o1", "spend_usd", 1)

    def test_typical_spend_is_of_natural_ends_of_the_like_newest_first(self, ledger: OperationLedger):
        for number in range(5):
            settled(ledger, f"o{number}", opened_at=START + number, spend_usd=Decimal(number))
        settled(ledger, "cancelled", state=S.CANCELLED)
        settled(ledger, "estimated", basis="estimated")
        settled(ledger, "unpriced", spend_usd=None)
        settled(ledger, "model", model="gpt-5")
        settled(ledger, "upstream", upstream="azure")
        settled(ledger, "kind", kind=OperationKind.BATCH)
        brought_to(ledger, S.SUCCEEDED, "unsettled")
        kind = OperationKind.BACKGROUND
        assert ledger.typical_spend("openai", "gpt-6", kind) == [Decimal(number) for number in (4, 3, 2, 1, 0)]
        assert ledger.typical_spend("openai", "gpt-6", kind, 2) == [Decimal(4), Decimal(3)]
        assert ledger.typical_spend("openai", "gpt-7", kind) == []
