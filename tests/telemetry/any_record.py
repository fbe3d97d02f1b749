"""Records of every sort: settled calls and operations, with moments in any order, any text and any figures."""

from decimal import Decimal

from hypothesis import strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.call import Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.lifecycle.operation import OPEN, CancelResult, GoneReason, OperationEvent, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationMove, OperationRecord
from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.metering.basis import Basis
from sidecar.metering.usage import COUNTED
from tests.telemetry.conftest import START

TEXT = st.text(st.characters(codec=None), max_size=300)
"""Half surrogate pairs too, as a model's name in JSON may have them."""
MAYBE_TEXT = st.none() | TEXT
MOMENTS = st.integers(START - 100 * SECOND, START + 10_000 * SECOND)
MAYBE = st.none() | MOMENTS
USAGE = st.dictionaries(st.sampled_from(COUNTED), st.integers(1, 2**70), max_size=6)
MONEY = st.none() | st.decimals(0, Decimal("1e300"), allow_nan=False, allow_infinity=False)
LABELS = st.dictionaries(st.sampled_from(["team", "user"]), TEXT)
BASES = st.none() | st.sampled_from(Basis)

CALLS = st.builds(
    CallRecord,
    id=st.text("c0123456789abcdef-", min_size=1, max_size=30), upstream=st.just("gemini"),
    provider=st.sampled_from(["gemini", "vertex", "my-vllm"]), dialect=st.just("gemini"), model=TEXT,
    kind=st.sampled_from(CallKind), caller=MAYBE_TEXT, started_at=MOMENTS, committed_at=MAYBE, answered_at=MAYBE, left_at=MAYBE,
    left_reason=st.none() | st.sampled_from(LeftReason), finished_at=MAYBE, settled_at=MAYBE, outcome=st.sampled_from(Outcome),
    http_status=st.none() | st.integers(100, 599), usage=USAGE, spend_usd=MONEY, orphaned_usd=MONEY, avoidable_usd=MONEY,
    basis=BASES, rescued_by=MAYBE_TEXT, attempt_of=MAYBE_TEXT, unpriced_reason=MAYBE_TEXT, method=MAYBE_TEXT, labels=LABELS,
    asked_model=MAYBE_TEXT, usage_basis=BASES, decision=MAYBE_TEXT, decision_reason=MAYBE_TEXT,
    socket=MAYBE_TEXT,
)  # fmt: skip

OPERATIONS = st.builds(
    OperationRecord,
    id=st.text("o0123456789abcdef-", min_size=1, max_size=30), upstream=st.just("openai"), provider=st.just("openai"),
    dialect=st.just("openai"), method=TEXT, kind=st.sampled_from(OperationKind), model=TEXT, caller=MAYBE_TEXT, opened_at=MOMENTS,
    path=st.just("/v1/responses"), provider_id=MAYBE_TEXT, lease_seconds=st.just(60.0), renewed_at=MOMENTS, lapsed_at=MAYBE,
    gone_reason=st.none() | st.sampled_from(GoneReason), cancel_requested_at=MAYBE, cancel_trigger=MAYBE_TEXT,
    cancel_result=st.none() | st.sampled_from(CancelResult), ended_at=MAYBE, claimed_at=MAYBE, settled_at=MAYBE,
    outcome=st.sampled_from([state for state in OperationState if state not in OPEN]), usage=USAGE, spend_usd=MONEY,
    orphaned_usd=MONEY, avoidable_usd=MONEY, avoided_usd=MONEY, basis=BASES, usage_basis=BASES, served_model=MAYBE_TEXT,
    labels=LABELS, due_at=MOMENTS,
)  # fmt: skip

MOVES = st.lists(
    st.builds(
        OperationMove, number=st.integers(1, 99), at=MOMENTS, event=st.sampled_from(OperationEvent),
        state=st.sampled_from(OperationState), instance=st.just("i"), evidence=TEXT,
    ),
    max_size=6,
)  # fmt: skip
