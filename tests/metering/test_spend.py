from decimal import Decimal

import pytest
from hypothesis import assume, given, strategies as st

from sidecar.clock import SECOND
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill
from sidecar.metering.rule import Rule
from sidecar.metering.spend import NO_TOKENS, WHOLE, Delivery, HandedOver, split, split_tokens
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import TOKEN_CLASSES, Usage

BILL = Bill(Decimal("0.10"), Decimal("0.80"), "override:1")
USAGE = Usage(input=1_000, cached_input=50, output=600, reasoning=200, tool_use=7)
SECONDS_IN = {"committed_at": 100 * SECOND, "finished_at": 110 * SECOND}


def nothing(**known) -> Delivery:
    return Delivery(handed_over=HandedOver.NOTHING, **known)


def part(**known) -> Delivery:
    return Delivery(handed_over=HandedOver.PART, **known)


# the whole answer


def test_a_whole_answer_is_delivered_and_nothing_of_it_was_avoidable():
    spend = split(BILL, USAGE, WHOLE)
    assert (spend.spend_usd, spend.delivered_usd) == (Decimal("0.90"), Decimal("0.90"))
    assert (spend.orphaned_usd, spend.avoidable_usd) == (Decimal(0), Decimal(0))
    assert spend.tokens.delivered == (1_000, 50, 600, 200, 7)
    assert spend.tokens.orphaned == NO_TOKENS


# nothing of the answer


def test_when_nothing_was_handed_over_the_whole_bill_is_orphaned_with_its_input():
    spend = split(BILL, USAGE, nothing(left_at=105 * SECOND, **SECONDS_IN))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal(0), Decimal("0.90"))
    assert spend.tokens.delivered == NO_TOKENS
    assert spend.tokens.orphaned == (1_000, 50, 600, 200, 7)


@pytest.mark.parametrize(
    ("left_at", "avoidable"),
    [(100, "0.80"), (105, "0.40"), (109, "0.08"), (110, "0"), (200, "0"), (50, "0.80")],
)
def test_output_made_after_the_caller_left_is_avoidable_in_proportion_to_time(left_at, avoidable):
    spend = split(BILL, USAGE, nothing(left_at=left_at * SECOND, **SECONDS_IN))
    assert spend.avoidable_usd == Decimal(avoidable)


def test_avoidable_by_time_is_an_estimate_although_the_spend_is_exact():
    spend = split(BILL, USAGE, nothing(left_at=105 * SECOND, **SECONDS_IN))
    assert (spend.basis, spend.avoidable_basis) == (Basis.EXACT, Basis.ESTIMATED)


def test_a_caller_that_left_after_the_end_could_have_saved_nothing_and_that_is_certain():
    spend = split(BILL, USAGE, nothing(left_at=110 * SECOND, **SECONDS_IN))
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal(0), Basis.EXACT)


def test_counted_progress_is_believed_before_the_clock():
    spend = split(BILL, USAGE, nothing(at_left=Usage(output=100, reasoning=100), left_at=109 * SECOND, **SECONDS_IN))
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal("0.60"), Basis.EXACT)


def test_without_a_seen_end_nothing_is_claimed_to_be_avoidable():
    spend = split(BILL, USAGE, nothing(committed_at=100 * SECOND, left_at=101 * SECOND))
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal(0), Basis.ESTIMATED)


def test_input_alone_is_orphaned_and_never_avoidable():
    only_input = Bill(Decimal("0.10"), Decimal(0), "override:1")
    spend = split(only_input, Usage(input=1_000), nothing(left_at=101 * SECOND, **SECONDS_IN))
    assert (spend.orphaned_usd, spend.avoidable_usd) == (Decimal("0.10"), Decimal(0))
    assert spend.avoidable_basis is Basis.EXACT


def test_images_that_nobody_waited_for_are_avoidable_by_time():
    images = Bill(Decimal(0), Decimal("0.08"), "media:m@d")
    spend = split(images, Usage(images=2), nothing(left_at=105 * SECOND, **SECONDS_IN))
    assert (spend.orphaned_usd, spend.avoidable_usd) == (Decimal("0.08"), Decimal("0.04"))


# a part of the answer


def test_a_stream_left_midway_delivers_its_input_and_the_output_until_then():
    spend = split(BILL, USAGE, part(at_left=Usage(input=1_000, output=300, reasoning=100)))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal("0.50"), Decimal("0.40"))
    assert spend.avoidable_usd == spend.orphaned_usd
    assert (spend.basis, spend.avoidable_basis) == (Basis.EXACT, Basis.EXACT)
    assert spend.tokens.delivered == (1_000, 50, 300, 100, 7)
    assert spend.tokens.orphaned == (0, 0, 300, 100, 0)


@pytest.mark.parametrize("at_left", [None, Usage(), Usage(input=1_000)], ids=["none", "empty", "input only"])
def test_a_stream_that_told_no_progress_is_divided_by_time_and_everything_is_an_estimate(at_left):
    spend = split(BILL, USAGE, part(at_left=at_left, left_at=105 * SECOND, **SECONDS_IN))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal("0.50"), Decimal("0.40"))
    assert (spend.basis, spend.avoidable_basis) == (Basis.ESTIMATED, Basis.ESTIMATED)
    assert spend.tokens.delivered == (1_000, 50, 300, 100, 7)


def test_progress_beyond_the_final_count_is_cut_to_it():
    spend = split(BILL, USAGE, part(at_left=Usage(output=601, reasoning=100)))
    assert spend.tokens.orphaned == (0, 0, 0, 100, 0)
    assert spend.orphaned_usd == Decimal("0.10")


def test_a_stream_left_after_its_last_token_is_delivered():
    spend = split(BILL, USAGE, part(at_left=USAGE))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal("0.90"), Decimal(0))


def test_a_stream_that_broke_while_the_caller_was_there_is_delivered_as_far_as_it_came():
    spend = split(BILL, USAGE, part(committed_at=100 * SECOND), Basis.AT_LEAST)
    assert (spend.delivered_usd, spend.orphaned_usd, spend.basis) == (Decimal("0.90"), Decimal(0), Basis.AT_LEAST)


def test_a_stream_that_was_cut_when_the_caller_left_is_delivered_as_far_as_it_came():
    known = Usage(input=1_000, output=300)
    spend = split(BILL, known, part(at_left=known, committed_at=0, left_at=SECOND), Basis.AT_LEAST)
    assert (spend.orphaned_usd, spend.avoidable_usd, spend.basis) == (Decimal(0), Decimal(0), Basis.AT_LEAST)


def test_a_clock_that_stepped_back_makes_no_share_below_0():
    spend = split(BILL, USAGE, part(committed_at=9 * SECOND, left_at=5 * SECOND, finished_at=7 * SECOND))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal("0.10"), Decimal("0.80"))


def test_the_delivered_share_of_a_dearer_bracket_stays_within_the_bill():
    low, high = UnitPrices(input=Decimal(1), output=Decimal(1)), UnitPrices(input=Decimal(2), output=Decimal(3))
    usage = Usage(input=100, tool_use=1, output=10)
    bill = Rule(source="s", brackets=(Bracket(100, high), Bracket(-1, low))).bill(usage)
    assert isinstance(bill, Bill)
    spend = split(bill, usage, part(at_left=Usage(input=100, output=4)))
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal(202 + 12), Decimal(18))


# how far it can be trusted


@pytest.mark.parametrize(
    ("at_left", "told"), [(Basis.EXACT, Basis.EXACT), (Basis.AT_LEAST, Basis.EXACT), (Basis.ESTIMATED, Basis.ESTIMATED)]
)
def test_progress_that_we_counted_ourselves_makes_an_estimate_and_a_running_total_does_not(at_left, told):
    known = {"at_left": Usage(output=300), "at_left_basis": at_left}
    midway, none = split(BILL, USAGE, part(**known)), split(BILL, USAGE, nothing(**known))
    assert (midway.basis, midway.avoidable_basis) == (told, told)
    assert (none.basis, none.avoidable_basis) == (Basis.EXACT, told)


@pytest.mark.parametrize("delivery", [WHOLE, part(at_left=USAGE), nothing(at_left=USAGE)])
@pytest.mark.parametrize(
    ("bill", "usage", "told"),
    [
        (Basis.EXACT, Basis.EXACT, Basis.EXACT),
        (Basis.EXACT, Basis.AT_LEAST, Basis.AT_LEAST),
        (Basis.AT_LEAST, Basis.EXACT, Basis.AT_LEAST),
        (Basis.AT_LEAST, Basis.ESTIMATED, Basis.ESTIMATED),
    ],
)
def test_spend_is_no_better_than_its_bill_and_its_usage(delivery, bill, usage, told):
    spend = split(Bill(Decimal(1), Decimal(1), "s", bill), USAGE, delivery, usage)
    assert (spend.basis, spend.avoidable_basis) == (told, told)


# properties

counts = st.integers(0, 10**9)
moments = st.none() | st.integers(0, 10**16)
money = st.decimals(0, 10**6, places=15)
token_usages = st.builds(Usage, **dict.fromkeys(TOKEN_CLASSES, counts))
deliveries = st.just(WHOLE) | st.builds(
    Delivery,
    handed_over=st.sampled_from(HandedOver),
    at_left=st.none() | token_usages,
    committed_at=moments,
    left_at=moments,
    finished_at=moments,
)
bills = st.builds(Bill, money, money, st.just("s"), st.sampled_from(Basis), time_usd=st.just(Decimal(0)) | money)
held = st.integers(0, 10**10)


@given(bill=bills, usage=token_usages, delivery=deliveries, basis=st.sampled_from(Basis), held=held)
def test_delivered_and_orphaned_are_the_bill_and_avoidable_is_a_part_of_orphaned(bill, usage, delivery, basis, held):
    spend = split(bill, usage, delivery, basis, held)
    assert spend.spend_usd == bill.input_usd + bill.output_usd + bill.time_usd
    assert spend.delivered_usd + spend.orphaned_usd == spend.spend_usd
    assert 0 <= spend.avoidable_usd <= spend.orphaned_usd
    assert spend.avoidable_usd <= bill.output_usd + bill.time_usd
    assert spend.delivered_usd >= 0


@given(bill=bills, usage=token_usages, delivery=deliveries)
def test_tokens_by_fate_are_the_usage_class_by_class(bill, usage, delivery):
    tokens = split(bill, usage, delivery).tokens
    for name, delivered, orphaned in zip(TOKEN_CLASSES, tokens.delivered, tokens.orphaned, strict=True):
        assert delivered + orphaned == getattr(usage, name)
        assert delivered >= 0
        assert orphaned >= 0


@given(usage=token_usages, delivery=deliveries)
def test_tokens_have_the_same_fate_with_and_without_a_bill(usage, delivery):
    assert split_tokens(usage, delivery) == split(BILL, usage, delivery).tokens


@given(bill=bills, usage=token_usages, committed=counts, left=counts, later=counts, finished=counts)
def test_leaving_later_never_orphans_more(bill, usage, committed, left, later, finished):
    assume(left <= later)
    early = split(bill, usage, part(committed_at=committed, left_at=left, finished_at=finished))
    late = split(bill, usage, part(committed_at=committed, left_at=later, finished_at=finished))
    assert late.orphaned_usd <= early.orphaned_usd
    assert late.avoidable_usd <= early.avoidable_usd
