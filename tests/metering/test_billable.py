"""The money of a call from everything that it hangs on, for every kind of price."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from sidecar.clock import SECOND, from_rfc3339
from sidecar.metering.basis import Basis
from sidecar.metering.billable import FREE, Billable, money_of
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.metering.spend import NO_TOKENS, WHOLE, Delivery, HandedOver
from sidecar.metering.usage import COUNTED, Usage

AT = from_rfc3339("2026-11-20T10:00:00Z")
USAGE = Usage(input=1_000, cached_input=50, output=600, reasoning=200)
BOOK = PriceBook()
BY_TIME = PriceBook([Override(model="*", gpu_hour_usd=Decimal(36))])


def call(**known) -> Billable:
    """A call of a model that genai-prices knows, delivered whole, but for what is `known`."""
    facts: dict[str, Any] = {
        "provider": "gemini", "upstream": "gemini", "model": "gemini-2.5-flash", "at": AT, "usage": USAGE,
        "held_milliseconds": 10_000,
    }  # fmt: skip
    return Billable(**(facts | known))


def left(handed_over: HandedOver, **known) -> Delivery:
    moments: dict[str, Any] = {"committed_at": AT, "left_at": AT + 4 * SECOND, "finished_at": AT + 10 * SECOND}
    return Delivery(handed_over=handed_over, **(moments | known))


def test_an_answer_that_came_whole_is_spent_and_delivered():
    money = money_of(BOOK, call())
    assert money.spend_usd == (1_000 * Decimal("0.3") + 50 * Decimal("0.03") + 800 * Decimal("2.5")) / 1_000_000
    assert (money.orphaned_usd, money.avoidable_usd) == (Decimal(0), Decimal(0))
    assert (money.basis, money.basis_reason, money.unpriced_reason) == (Basis.EXACT, None, None)
    assert money.tokens.delivered == (1_000, 50, 600, 200, 0)


def test_an_answer_that_nobody_got_is_orphaned_whole():
    money = money_of(BOOK, call(delivery=left(HandedOver.NOTHING)))
    assert money.orphaned_usd == money.spend_usd
    assert money.avoidable_usd == Decimal("0.002") * 6 / 10
    assert (money.basis, money.avoidable_basis) == (Basis.EXACT, Basis.ESTIMATED)


def test_what_can_have_cost_nothing_is_0_and_asks_for_no_price():
    assert money_of(BOOK, call(is_free=True, usage=None, model="no-such-model")) == FREE
    assert (FREE.spend_usd, FREE.basis, FREE.price_source) == (Decimal(0), Basis.EXACT, None)


def test_an_end_that_was_not_seen_makes_a_lower_bound_and_a_reason():
    money = money_of(BOOK, call(is_end_seen=False))
    assert (money.basis, money.basis_reason) == (Basis.AT_LEAST, "end_not_seen")
    told = money_of(BOOK, call(is_end_seen=False, basis=Basis.ESTIMATED, reason="counted_deltas"))
    assert (told.basis, told.basis_reason) == (Basis.ESTIMATED, "counted_deltas")


def test_the_price_s_doubt_is_told_before_the_usage_s():
    money = money_of(BOOK, call(tier="flex", basis=Basis.AT_LEAST, reason="malformed"))
    assert (money.basis, money.basis_reason) == (Basis.ESTIMATED, "no_tier_price")


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({"model": "no-such-model"}, "unknown_model"),
        ({"model": "gemma-3-27b-it"}, "no_price"),
        ({"usage": Usage()}, "no_usage"),
        ({"usage": None}, "no_usage"),
        ({"usage": None, "reason": "unknown_coding"}, "unknown_coding"),
        ({"usage": None, "reason": "operation"}, "operation"),
    ],
)
def test_without_a_bill_there_is_no_money_and_a_reason(known, reason):
    money = money_of(BOOK, call(**known))
    assert (money.spend_usd, money.orphaned_usd, money.avoidable_usd, money.basis) == (None, None, None, None)
    assert money.unpriced_reason == reason


def test_tokens_without_a_bill_have_their_fate_all_the_same():
    unpriced = money_of(BOOK, call(model="no-such-model", delivery=left(HandedOver.NOTHING)))
    assert (unpriced.tokens.delivered, unpriced.tokens.orphaned) == (NO_TOKENS, (1_000, 50, 600, 200, 0))


def test_time_is_spent_where_nothing_was_reported():
    money = money_of(BY_TIME, call(usage=None, delivery=left(HandedOver.NOTHING)))
    assert (money.spend_usd, money.orphaned_usd, money.avoidable_usd) == (
        Decimal("0.1"),
        Decimal("0.1"),
        Decimal("0.06"),
    )
    assert (money.basis, money.avoidable_basis, money.unpriced_reason) == (Basis.EXACT, Basis.EXACT, None)


def test_time_of_a_call_that_was_cut_is_a_lower_bound():
    delivery = left(HandedOver.NOTHING, finished_at=None)
    money = money_of(BY_TIME, call(usage=None, delivery=delivery, is_end_seen=False, held_milliseconds=5_000))
    assert (money.spend_usd, money.avoidable_usd) == (Decimal("0.05"), Decimal("0.01"))
    assert (money.basis, money.basis_reason) == (Basis.AT_LEAST, "end_not_seen")


def test_what_the_provider_tells_is_spent_although_nothing_was_counted():
    money = money_of(BOOK, call(usage=None, told_usd=Decimal("0.25"), model="no-such-model"))
    assert (money.spend_usd, money.price_source, money.basis) == (Decimal("0.25"), "told by gemini", Basis.EXACT)


def test_what_the_provider_tells_is_exact_whatever_was_counted_and_whether_the_end_was_seen():
    money = money_of(BOOK, call(told_usd=Decimal("0.25"), basis=Basis.AT_LEAST, reason="malformed", is_end_seen=False))
    assert (money.spend_usd, money.basis, money.basis_reason) == (Decimal("0.25"), Basis.EXACT, None)


# for every kind of price

RULES = [
    PriceBook(),
    BY_TIME,
    PriceBook([Override(model="*", free=True)]),
    PriceBook([Override(model="*", request_usd=Decimal("0.01"))]),
    PriceBook([Override(model="*", factor=Decimal("0.3333"))]),
    PriceBook([Override(model="*", gpu_hour_usd=Decimal("2.5"), slots=7, output_per_mtok_usd=Decimal("0.7"))]),
    PriceBook(
        [Override(model="*", second_usd=Decimal("0.0013"), image_usd=Decimal("0.011"), unit_usd=Decimal("0.002"))]
    ),
]
COUNTS = st.integers(0, 10**9)
MOMENTS = st.none() | st.integers(AT - 10**9, AT + 10**10)
USAGES = st.builds(Usage, **dict.fromkeys(COUNTED, COUNTS))
CALLS = st.builds(
    call,
    model=st.sampled_from(["gemini-2.5-flash", "gemini-2.5-pro", "no-such-model"]),
    tier=st.sampled_from(["", "batch", "flex", "provisioned"]),
    usage=st.none() | USAGES,
    basis=st.sampled_from(Basis),
    is_end_seen=st.booleans(),
    told_usd=st.none() | st.decimals(0, 10**4, places=9),
    held_milliseconds=st.integers(0, 10**7),
    delivery=st.builds(
        Delivery, handed_over=st.sampled_from(HandedOver), at_left=st.none() | USAGES,
        at_left_basis=st.sampled_from(Basis), committed_at=MOMENTS, left_at=MOMENTS, finished_at=MOMENTS,
    ),
)  # fmt: skip


@given(book=st.sampled_from(RULES), call=CALLS)
def test_spend_is_delivered_and_orphaned_by_every_kind_of_price(book, call):
    money = money_of(book, call)
    if money.spend_usd is None:
        assert money.unpriced_reason
        assert {money.orphaned_usd, money.avoidable_usd, money.basis, money.price_source} == {None}
        return
    assert money.orphaned_usd is not None
    assert money.avoidable_usd is not None
    assert 0 <= money.avoidable_usd <= money.orphaned_usd <= money.spend_usd
    assert money.basis is not Basis.EXACT or money.basis_reason is None
    whole = money_of(book, msgspec.structs.replace(call, delivery=WHOLE))
    assert whole.spend_usd == money.spend_usd
    assert whole.orphaned_usd == 0


@given(book=st.sampled_from(RULES), call=CALLS)
def test_the_same_call_always_has_the_same_money(book, call):
    assert money_of(book, call) == money_of(book, call)
