"""What holds of the money of any operation, however it ended."""

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given, strategies as st

from sidecar.clock import SECOND
from sidecar.lifecycle.operation import OPEN, CancelResult, CancelTrigger, OperationKind, OperationState
from sidecar.lifecycle.operation_record import OperationRecord
from sidecar.metering.basis import Basis
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.usage import TOKEN_CLASSES, Usage
from sidecar.providers.contract import Reported
from sidecar.reaper.settlement import is_orphaned, settle_operation, tokens_of

START = 1_790_000_000 * SECOND
BOOK = PriceBook(
    [
        Override(model="timed", gpu_hour_usd=Decimal("2.5")),
        Override(model="m", input_per_mtok_usd=Decimal("0.3"), output_per_mtok_usd=Decimal("0.7")),
    ]
)
counts = st.integers(0, 10**9)
moments = st.none() | st.integers(START - 10 * SECOND, START + 10**6 * SECOND)
usages = st.builds(Usage, input=counts, cached_input=counts, output=counts, reasoning=counts)
reports = st.none() | st.builds(
    Reported,
    usages,
    model=st.sampled_from(["", "m", "timed", "nobody-knows-it"]),
    tier=st.sampled_from(["", "batch"]),
    basis=st.sampled_from(Basis),
    cost_usd=st.none() | st.decimals(0, 100, places=9),
)
records = st.builds(
    OperationRecord,
    id=st.just("o1"),
    upstream=st.just("u"),
    provider=st.just("openai"),
    dialect=st.sampled_from(["openai", "gemini"]),
    method=st.just("batches.create"),
    kind=st.sampled_from(OperationKind),
    model=st.sampled_from(["m", "timed", "nobody-knows-it", ""]),
    opened_at=st.just(START),
    path=st.just("/v1/batches"),
    provider_id=st.none() | st.just("b1"),
    state=st.sampled_from(sorted(set(OperationState) - OPEN)),
    lease_seconds=st.just(60.0),
    is_detached=st.booleans(),
    renewed_at=st.just(START),
    due_at=st.just(START),
    lapsed_at=moments,
    ended_at=moments,
    claimed_at=moments,
    cancel_trigger=st.none() | st.sampled_from(CancelTrigger),
    cancel_result=st.none() | st.sampled_from(CancelResult),
)
bills = st.lists(st.decimals(0, 1000, places=9), max_size=12)


def settled(record: OperationRecord, reported: Reported | None, **facts: Any) -> OperationRecord:
    changes = settle_operation(BOOK, record, reported, now=START + 10**6 * SECOND, **facts)
    return msgspec.structs.replace(record, **changes)


@given(records, reports, bills, st.booleans(), st.sampled_from(["", "batch"]))
def test_a_bill_has_one_fate_and_its_parts_never_exceed_it(
    record: OperationRecord, reported: Reported | None, typical: list[Decimal], is_watched: bool, tier: str
):
    row = settled(record, reported, typical=typical, is_watched=is_watched, tier=tier)
    if row.spend_usd is None:
        assert (row.orphaned_usd, row.avoidable_usd, row.avoided_usd, row.basis) == (None, None, None, None)
        assert row.unpriced_reason
        return
    assert row.unpriced_reason is None
    assert row.orphaned_usd == (row.spend_usd if is_orphaned(record) else 0)
    assert row.avoidable_usd is not None
    assert 0 <= row.avoidable_usd <= row.orphaned_usd
    assert row.basis in set(Basis)
    assert (row.basis == Basis.EXACT) == (row.basis_reason is None)


@given(records, reports, bills)
def test_avoided_is_never_below_0_and_only_claimed_for_what_was_confirmed(
    record: OperationRecord, reported: Reported | None, typical: list[Decimal]
):
    row = settled(record, reported, typical=typical)
    without = settled(record, reported)
    assert (row.spend_usd, row.orphaned_usd, row.avoidable_usd) == (
        without.spend_usd,
        without.orphaned_usd,
        without.avoidable_usd,
    )
    if row.avoided_usd is not None:
        assert (row.cancel_result, row.state) == (CancelResult.CONFIRMED, OperationState.CANCELLED)
        assert len(typical) >= 5
        assert 0 <= row.avoided_usd <= max(typical)


@given(records, usages)
def test_tokens_go_where_the_money_goes_and_none_are_lost(record: OperationRecord, usage: Usage):
    row = settled(record, Reported(usage))
    fates = tokens_of(row)
    assert tuple(a + b for a, b in zip(fates.delivered, fates.orphaned, strict=True)) == tuple(
        getattr(usage, name) for name in TOKEN_CLASSES
    )
    assert not any(fates.delivered if is_orphaned(row) else fates.orphaned)


@given(records, reports)
def test_the_same_facts_come_to_the_same_money(record: OperationRecord, reported: Reported | None):
    assert settled(record, reported) == settled(record, reported)
