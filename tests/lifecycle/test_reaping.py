"""What is to be done next, as a table: the row, what is known beside it, and the step. Seconds count from NOW."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.known import Gone, Known, Rules
from sidecar.lifecycle.operation import (
    CancelResult as R,
    CancelTrigger as T,
    GoneReason as G,
    OperationKind as K,
    OperationState as S,
)
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.lifecycle.reaping import BY_STATE, SILENT, next_step
from sidecar.lifecycle.step import (
    Claim,
    Conclude,
    GiveUp,
    Lapse,
    Look,
    LookUp,
    Lose,
    Release,
    Restore,
    Send,
    Settle,
    Step,
    Wait,
)  # fmt: skip
from tests.lifecycle.rows import NOW, row

RULES = Rules(
    is_enforcing=True, is_watching=True, cancelled_kinds=frozenset({K.BACKGROUND, K.LRO}), lease_seconds=60,
    grace_seconds=10, claim_seconds=3_600, confirm_seconds=120, give_up_seconds=900,
)  # fmt: skip
OBSERVING = msgspec.structs.replace(RULES, is_enforcing=False)
BLIND = msgspec.structs.replace(RULES, is_watching=False)
KNOWN = Known(watched_from=0, look_at=NOW + 5 * SECOND)
EXITED = Gone(G.PROCESS_EXITED, "process 4711 exited")


def at(seconds: float) -> int:
    return NOW + int(seconds * SECOND)


def known(**fields: Any) -> Known:
    return msgspec.structs.replace(KNOWN, **fields)


def opening(**fields: Any) -> OperationRecord:
    return row(**{"state": S.OPENING, "provider_id": None, **fields})


def orphan(lapsed: float = -10, **fields: Any) -> OperationRecord:
    """An orphan whose grace is over now, unless it lapsed later."""
    return row(
        **{
            "state": S.ORPHANED,
            "lapsed_at": at(lapsed),
            "gone_reason": G.LEASE_LAPSED,
            "renewed_at": at(-200),
            **fields,
        }
    )


def cancelling(asked: float = -30, **fields: Any) -> OperationRecord:
    return orphan(
        -60, **{"state": S.CANCELLING, "cancel_requested_at": at(asked), "cancel_trigger": T.ORPHANED.value, **fields}
    )


def ended(state: S, seen: float = 0, **fields: Any) -> OperationRecord:
    return row(state=state, ended_at=at(seen), **fields)


WAIT_5 = Wait(at(5))
Row = tuple[OperationRecord, Rules, Known, Step | type[Step]]

OPENINGS: list[Row] = [
    (opening(), RULES, KNOWN, Wait(at(870))),
    (opening(), RULES, known(is_reply_lost=True, can_find=True, look_at=0), LookUp()),
    (opening(), RULES, known(is_inherited=True, can_find=True, look_at=0), LookUp()),
    (opening(), RULES, known(is_inherited=True, can_find=True), WAIT_5),
    (opening(), RULES, known(is_reply_lost=True), Lose),
    (opening(looks=8), RULES, known(is_reply_lost=True, can_find=True), Lose),
    (opening(opened_at=at(-900)), RULES, known(can_find=True, look_at=0), LookUp()),
    (opening(opened_at=at(-3_600)), RULES, known(watched_from=at(-10), can_find=True, look_at=0), Wait(at(890))),
]
RUNNINGS: list[Row] = [
    (row(), RULES, KNOWN, Wait(at(30))),
    (row(renewed_at=at(-60)), RULES, KNOWN, Lapse(G.LEASE_LAPSED, "no poll for 60 s")),
    (row(renewed_at=at(-60), lease_seconds=300), RULES, KNOWN, Wait(at(240))),
    (row(renewed_at=at(-600)), RULES, known(watched_from=at(-59)), Wait(at(1))),
    (row(renewed_at=at(-600)), RULES, known(held_until=at(7)), Wait(at(7))),
    (row(renewed_at=at(-600)), RULES, known(is_inherited=True, has_looked=True, watched_from=at(-60)),
     Lapse(G.SIDECAR_LOST, "no poll for 60 s")),
    (row(renewed_at=at(-60)), RULES, known(is_inherited=True, has_looked=True, watched_from=at(-90)),
     Lapse(G.LEASE_LAPSED, "no poll for 60 s")),
    (row(), RULES, known(is_inherited=True, look_at=0), Look()),
    (row(), BLIND, known(is_inherited=True, look_at=0), Wait(at(30))),
    (row(), RULES, known(is_inherited=True, look_at=0, can_look=False), Wait(at(30))),
    (row(), RULES, known(gone=EXITED), Lapse(G.PROCESS_EXITED, "process 4711 exited")),
    (row(), RULES, known(gone=EXITED, held_until=at(7)), Lapse(G.PROCESS_EXITED, "process 4711 exited")),
    (row(is_lease_asked=True), RULES, known(gone=EXITED), Wait(at(30))),
    (row(is_detached=True, renewed_at=at(-9_000)), RULES, known(gone=EXITED), WAIT_5),
    (row(is_detached=True, renewed_at=at(-9_000)), RULES, known(look_at=0), Look()),
    (row(is_detached=True, renewed_at=at(-700_000)), RULES, KNOWN, GiveUp),
    (row(is_detached=True, renewed_at=at(-700_000)), RULES, known(heard_at=at(-100)), WAIT_5),
]  # fmt: skip
ORPHANS: list[Row] = [
    (orphan(), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(-9), RULES, known(look_at=at(50)), Wait(at(1))),
    (orphan(-9), RULES, known(look_at=0), Look()),
    (orphan(), RULES, known(held_until=at(3)), Wait(at(3))),
    (orphan(gone_reason=G.PROCESS_EXITED), RULES, known(held_until=at(3)), Claim(T.ORPHANED)),
    (orphan(), RULES, known(watched_from=at(-5)), WAIT_5),
    (orphan(), RULES, known(watched_from=at(-5), look_at=at(80)), Wait(at(55))),
    (orphan(renewed_at=at(-20)), RULES, KNOWN, Restore),
    (orphan(renewed_at=at(-20), gone_reason=G.PROCESS_EXITED), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(lapsed_at=None), RULES, KNOWN, Restore),
    (orphan(), RULES, known(can_cancel=False), Conclude(R.UNSUPPORTED, "its provider has no cancel for it")),
    (orphan(), OBSERVING, KNOWN, Conclude(R.WOULD_CANCEL, "mode: observe")),
    (orphan(), OBSERVING, known(can_cancel=False), Conclude(R.UNSUPPORTED, "its provider has no cancel for it")),
    (orphan(cancel_result=R.WOULD_CANCEL), OBSERVING, KNOWN, WAIT_5),
    (orphan(cancel_result=R.WOULD_CANCEL), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(cancel_result=R.UNSUPPORTED), RULES, KNOWN, WAIT_5),
    (orphan(cancel_result=R.NO_CREDENTIAL, cancel_requested_at=at(-599)), RULES, known(look_at=at(9)), Wait(at(1))),
    (orphan(cancel_result=R.NO_CREDENTIAL, cancel_requested_at=at(-600)), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(cancel_result=R.REFUSED, cancel_attempts=1, cancel_requested_at=at(-120)), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(cancel_result=R.REFUSED, cancel_attempts=2, cancel_requested_at=at(-120)), RULES, KNOWN, WAIT_5),
    (orphan(cancel_result=R.REFUSED, cancel_attempts=4, cancel_requested_at=at(-9_999)), RULES, KNOWN, WAIT_5),
    (orphan(cancel_result=R.REFUSED, cancel_attempts=1, cancel_requested_at=at(-120)), OBSERVING, KNOWN, WAIT_5),
    (orphan(kind=K.BATCH), RULES, KNOWN, WAIT_5),
    (orphan(kind=K.TUNING), RULES, known(look_at=0), Look()),
    (orphan(kind=K.BATCH, is_lease_asked=True), RULES, KNOWN, Claim(T.ORPHANED)),
    (orphan(kind=K.BATCH, renewed_at=at(-700_000)), BLIND, KNOWN, GiveUp),
]
CANCELS: list[Row] = [
    (cancelling(), RULES, KNOWN, Send()),
    (cancelling(), OBSERVING, KNOWN, Conclude(R.WOULD_CANCEL, "mode: observe, since before it was sent")),
    (cancelling(cancel_attempts=1), OBSERVING, known(look_at=0), Look()),
    (cancelling(cancel_trigger=T.ASKED.value), OBSERVING, KNOWN, Send()),
    (cancelling(cancel_trigger=T.CALLER.value), RULES, known(look_at=0), Look()),
    (cancelling(cancel_trigger=T.CALLER.value), RULES, known(can_cancel=False), WAIT_5),
    (cancelling(), RULES, known(can_cancel=False), Conclude(R.UNSUPPORTED, "its provider has no cancel for it")),
    (cancelling(), RULES, known(sent_at=at(-5), look_at=0), Look()),
    (cancelling(), RULES, known(sent_at=at(-5), has_looked_since=True), Send()),
    (cancelling(), RULES, known(sent_at=at(-5), has_looked_since=True, send_at=at(2)), Wait(at(2))),
    (cancelling(), RULES, known(sent_at=at(-5), has_looked_since=True, is_taken=True), WAIT_5),
    (cancelling(), RULES, known(sent_at=at(-60), has_looked_since=True, is_taken=True), Send()),
    (cancelling(), RULES, known(sent_at=at(-90), has_looked_since=True, is_taken=True, is_stopping=True), WAIT_5),
    (cancelling(), RULES, known(sent_at=at(-5), can_look=False), Send()),
    (cancelling(-900), RULES, KNOWN, GiveUp),
    (cancelling(-900), RULES, known(is_stopping=True), WAIT_5),
    (cancelling(-3_600), RULES, known(is_stopping=True), GiveUp),
]
ENDS: list[Row] = [
    (ended(S.SUCCEEDED), RULES, KNOWN, Wait(at(3_600))),
    (ended(S.SUCCEEDED, -3_600), RULES, KNOWN, Settle()),
    (ended(S.SUCCEEDED, claimed_at=at(0)), RULES, KNOWN, Settle()),
    (ended(S.FAILED), RULES, KNOWN, Settle()),
    (ended(S.EXPIRED), RULES, KNOWN, Settle()),
    (ended(S.UNTRACEABLE), RULES, KNOWN, Settle()),
    (ended(S.CANCELLED), RULES, KNOWN, WAIT_5),
    (ended(S.CANCELLED), RULES, known(look_at=0), Look()),
    (ended(S.CANCELLED), RULES, known(can_look=False), Wait(at(120))),
    (ended(S.CANCELLED, -120), RULES, known(look_at=0), Settle()),
    (ended(S.CANCELLED, claimed_at=at(0)), RULES, KNOWN, WAIT_5),
    (ended(S.ABANDONED), RULES, known(look_at=0), Look()),
    (ended(S.ABANDONED, -120), RULES, KNOWN, Settle()),
    (ended(S.SUCCEEDED, settled_at=at(0)), RULES, KNOWN, Release()),
]
TABLE = OPENINGS + RUNNINGS + ORPHANS + CANCELS + ENDS


@pytest.mark.parametrize(("record", "rules", "beside", "step"), TABLE)
def test_the_next_step(record: OperationRecord, rules: Rules, beside: Known, step: Step | type[Step]) -> None:
    decided = next_step(record, NOW, rules, beside)
    assert (type(decided) if isinstance(step, type) else decided) == step


def test_every_state_has_its_decision() -> None:
    assert set(BY_STATE) == set(S)


def test_the_table_chooses_every_step() -> None:
    assert {type(next_step(record, NOW, rules, beside)) for record, rules, beside, _ in TABLE} == set(Step.__args__)


moments = st.integers(NOW - 10**12, NOW + 10**12)
records = st.builds(
    row, state=st.sampled_from(S), kind=st.sampled_from(K), renewed_at=moments, opened_at=moments,
    lapsed_at=st.none() | moments, gone_reason=st.none() | st.sampled_from(G), is_detached=st.booleans(),
    is_lease_asked=st.booleans(), cancel_requested_at=st.none() | moments, cancel_trigger=st.sampled_from(T),
    cancel_result=st.none() | st.sampled_from(R), cancel_attempts=st.integers(0, 9), ended_at=st.none() | moments,
    claimed_at=st.none() | moments, lease_seconds=st.floats(1, 1e6), looks=st.integers(0, 99),
)  # fmt: skip
circumstances = st.builds(
    Known, watched_from=moments, held_until=moments, is_inherited=st.booleans(), gone=st.none() | st.just(EXITED),
    can_look=st.booleans(), can_cancel=st.booleans(), has_looked=st.booleans(), look_at=moments,
    sent_at=st.none() | moments, send_at=moments, has_looked_since=st.booleans(), is_taken=st.booleans(),
)  # fmt: skip
all_rules = st.builds(
    Rules, is_enforcing=st.booleans(), is_watching=st.booleans(), cancelled_kinds=st.frozensets(st.sampled_from(K)),
    lease_seconds=st.just(60.0), grace_seconds=st.floats(0, 1e4), claim_seconds=st.floats(0, 1e4),
    confirm_seconds=st.floats(0, 1e4), give_up_seconds=st.floats(1, 1e4),
)  # fmt: skip


@given(records, all_rules, circumstances)
def test_any_row__what_is_waited_for_lies_ahead(record: OperationRecord, rules: Rules, beside: Known) -> None:
    step = next_step(record, NOW, rules, beside)
    assert not isinstance(step, Wait) or step.until > NOW


@given(records, all_rules, circumstances)
def test_any_row_in_observe__claimed_or_sent_only_because_somebody_asked(
    record: OperationRecord, rules: Rules, beside: Known
) -> None:
    step = next_step(record, NOW, msgspec.structs.replace(rules, is_enforcing=False), beside)
    assert not isinstance(step, Claim)
    assert not isinstance(step, Send) or record.cancel_trigger == T.ASKED


@given(records, all_rules, circumstances)
def test_any_row__silence_counts_only_after_a_lease_that_somebody_listened_to(
    record: OperationRecord, rules: Rules, beside: Known
) -> None:
    step = next_step(record, NOW, rules, beside)
    if isinstance(step, Lapse) and step.reason in SILENT:
        assert max(record.renewed_at, beside.watched_from) + record.lease_seconds * SECOND < NOW + 2
        assert beside.held_until <= NOW
        assert not record.is_detached


@given(records, all_rules, circumstances)
def test_any_row__a_claim_is_for_an_orphan_whose_grace_is_over(
    record: OperationRecord, rules: Rules, beside: Known
) -> None:
    if isinstance(next_step(record, NOW, rules, beside), Claim):
        assert record.state is S.ORPHANED
        assert record.lapsed_at is not None
        assert record.lapsed_at + rules.grace_seconds * SECOND < NOW + 2
        assert record.is_lease_asked or record.kind in rules.cancelled_kinds
