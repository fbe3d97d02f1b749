"""Nothing is sent that could cost more than was said."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.record import CallKind
from sidecar.metering.override import Override
from sidecar.metering.price import PriceBook
from sidecar.probing.methods import method_of
from sidecar.probing.plan import Budget, Cost, Plan, Refused, check, dearest_call, usd
from tests.probing.calls import BEGIN

BOTH = (CallKind.STREAM, CallKind.UNARY)


def plan(kinds=BOTH, rounds=2, tokens=500, model="gpt-4o-mini", **more) -> Plan:
    given_ = {"upstream": "openai", "dialect": "openai", "provider": "openai", "url": "https://api.openai.com", **more}
    return Plan(
        **given_, method=method_of("openai", None), model=model, kinds=kinds, rounds=rounds, tokens=tokens,
        only_method=False, only_model=False,
    )  # fmt: skip


def test_each_kind_has_two_whole_calls_and_its_cut_ones():
    assert plan().requests == 8
    assert plan(kinds=BOTH[:1], rounds=1).requests == 3


def test_the_dearest_call_is_all_of_its_bound_at_the_price_of_output():
    cost = dearest_call(plan(), PriceBook(), BEGIN)
    assert cost is not None
    assert Decimal("0.0003") < cost.usd < Decimal("0.0004")  # 500 at 0.60 a million, and the prompt
    assert "gpt-4o-mini" in cost.source


def test_what_is_priced_by_time_costs_no_more_than_the_longest_call():
    book = PriceBook([Override(model="*", gpu_hour_usd=Decimal("3"))])
    cost = dearest_call(plan(), book, BEGIN)
    assert cost is not None
    assert cost.usd == Decimal("0.1")


def test_no_price__refused_unless_the_calls_are_counted():
    check(plan(), None, Decimal(0), 8)
    with pytest.raises(Refused, match=r"gpt-4o-mini has no price at openai.* or say --max-requests"):
        check(plan(), None, Decimal(9), None)
    with pytest.raises(Refused, match="8 calls are needed, and --max-requests is 5"):
        check(plan(), None, Decimal(9), 5)


def test_dearer_than_allowed__refused_with_what_it_may_cost():
    cost = Cost(Decimal("0.01"), "a list")
    check(plan(), cost, Decimal("0.08"), None)
    with pytest.raises(Refused, match=r"8 calls may cost 0\.0800 USD \(a list\), and --max-usd is 0\.0500 USD"):
        check(plan(), cost, Decimal("0.05"), None)


def test_amounts_are_rounded_up():
    assert usd(Decimal("0.00001")) == "0.0001 USD"


def test_a_provider_that_ignores_the_bound_is_noticed_after_one_call():
    budget = Budget(Decimal("0.05"), Cost(Decimal("0.01"), ""), 6)
    budget.note(Decimal("0.045"))
    assert not budget.allows_another()


@given(st.lists(st.none() | st.decimals(0, 1, places=4), max_size=12), st.decimals(0, 1, places=4), st.integers(0, 6))
def test_a_budget_is_never_overdrawn_by_more_than_the_last_call_said(bills, max_usd, requests):
    each = Cost(Decimal("0.01"), "")
    budget, made, before = Budget(max_usd, each, requests), 0, Decimal(0)
    for bill in bills:
        if not budget.allows_another():
            break
        before = budget.spent_usd
        budget.note(bill)
        made += 1
    assert made <= requests
    assert before + each.usd <= max_usd or made == 0
