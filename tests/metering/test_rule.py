from decimal import Decimal
from fractions import Fraction

from hypothesis import given, strategies as st

from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill, Unpriced, UnpricedReason
from sidecar.metering.rule import NoRule, Rule, inferred
from sidecar.metering.unit_prices import Bracket, UnitPrices
from sidecar.metering.usage import PIECES, TOKEN_CLASSES, Usage
from sidecar.metering.variant import VariantPrices

ANY_IMAGE = VariantPrices.of({}, Decimal(1))


def rule_of(prices: UnitPrices, **more) -> Rule:
    return Rule(source="s", brackets=(Bracket(-1, prices),), **more)


def usd(bill: object) -> tuple[object, object]:
    assert isinstance(bill, Bill)
    return bill.input_usd, bill.output_usd


def test_each_class_goes_to_its_side_of_the_bill():
    prices = UnitPrices(
        input=Decimal(1),
        cached_input=Decimal("0.1"),
        output=Decimal(2),
        input_each=(("web_searches", Decimal(9)),),
        images=VariantPrices.of({}, Decimal(5)),
        video_seconds=VariantPrices.of({}, Decimal(7)),
    )
    rule = rule_of(prices)
    assert usd(rule.bill(Usage(input=1, tool_use=2, cached_input=10, web_searches=1))) == (Decimal("13.0"), 0)
    assert usd(rule.bill(Usage(output=1, reasoning=2, images=1, video_seconds=1))) == (0, 18)


def test_a_part_with_a_price_of_its_own_is_priced_by_it_alone():
    prices = UnitPrices(
        input=Decimal(1),
        cached_input=Decimal("0.5"),
        output=Decimal(2),
        input_each=(("audio_input", Decimal(3)), ("cached_audio_input", Decimal("-0.4"))),
        output_each=(("image_output", Decimal(8)),),
    )
    usage = Usage(input=10, audio_input=4, cached_input=10, cached_audio_input=10, output=10, image_output=1)
    assert usd(rule_of(prices).bill(usage)) == (6 * 1 + 4 * 4 + 10 * Decimal("0.1"), 9 * 2 + 1 * 10)


def test_a_call_beyond_a_threshold_is_priced_higher_as_a_whole():
    low, high = UnitPrices(input=Decimal(1), output=Decimal(1)), UnitPrices(input=Decimal(2), output=Decimal(3))
    rule = Rule(source="s", brackets=(Bracket(100, high), Bracket(-1, low)))
    assert usd(rule.bill(Usage(input=100, output=1))) == (100, 1)
    assert usd(rule.bill(Usage(input=101, output=1))) == (202, 3)


def test_cached_tokens_and_tool_results_count_toward_the_threshold_and_output_does_not():
    low, high = UnitPrices(input=Decimal(1), output=Decimal(1)), UnitPrices(input=Decimal(2), output=Decimal(2))
    rule = Rule(source="s", brackets=(Bracket(100, high), Bracket(-1, low)))
    assert usd(rule.bill(Usage(input=50, cached_input=25, tool_use=26))) == (152, 0)
    assert usd(rule.bill(Usage(input=50, output=500))) == (50, 500)


def test_nothing_used_is_unpriced_and_not_free():
    assert rule_of(UnitPrices(input=Decimal(1))).bill(Usage()) == Unpriced(UnpricedReason.NO_USAGE)


def test_a_free_model_has_a_bill_of_0():
    assert rule_of(UnitPrices()).bill(Usage(input=1, output=1)) == Bill(Decimal(0), Decimal(0), "s")


def test_a_class_without_a_price_makes_a_lower_bound():
    rule = rule_of(UnitPrices(input=Decimal(1), unpriced=("output", *PIECES)))
    assert rule.bill(Usage(input=1, output=1)) == Bill(Decimal(1), Decimal(0), "s", Basis.AT_LEAST, "part_unpriced")


def test_usage_in_classes_without_a_price_only_has_no_bill():
    rule = rule_of(UnitPrices(input=Decimal(1), unpriced=("output", *PIECES)))
    assert rule.bill(Usage(output=1, images=1)) == Unpriced(UnpricedReason.NO_PRICE)


def test_a_free_class_beside_one_without_a_price_is_a_bill():
    rule = rule_of(UnitPrices(unpriced=("output", *PIECES)))
    assert rule.bill(Usage(input=1, output=1)) == Bill(Decimal(0), Decimal(0), "s", Basis.AT_LEAST, "part_unpriced")


def test_a_count_without_a_clear_price_makes_an_estimate():
    rule = rule_of(
        UnitPrices(input=Decimal(1), cached_input=Decimal(1)), doubtful=(("cached_input", "no_cached_price"),)
    )
    assert rule.bill(Usage(input=1)) == Bill(Decimal(1), Decimal(0), "s")
    assert rule.bill(Usage(cached_input=1)) == Bill(Decimal(1), Decimal(0), "s", Basis.ESTIMATED, "no_cached_price")


def test_images_and_videos_have_the_price_of_their_variant():
    prices = UnitPrices(
        images=VariantPrices.of({"1K": Decimal(1), "4K": Decimal(3)}),
        video_seconds=VariantPrices.of({"720p": Decimal(2)}),
    )
    assert usd(rule_of(prices).bill(Usage(images=2, variant="4K"))) == (0, 6)
    for usage, each in ((Usage(images=1, variant="9K"), 1), (Usage(video_seconds=1, variant="1080p"), 2)):
        assert rule_of(prices).bill(usage) == Bill(Decimal(0), Decimal(each), "s", Basis.ESTIMATED, "no_size_price")


def test_the_first_doubt_is_the_one_that_is_told_and_the_worst_basis_stays():
    prices = UnitPrices(input=Decimal(1), unpriced=("output", *PIECES))
    rule = rule_of(prices, basis=Basis.ESTIMATED, reason="no_tier_price")
    found = rule.bill(Usage(input=1, output=1))
    assert isinstance(found, Bill)
    assert (found.basis, found.reason) == (Basis.ESTIMATED, "no_tier_price")


def test_where_only_pieces_are_billed_none_delivered_is_a_bill_of_0():
    prices = UnitPrices(images=ANY_IMAGE, unpriced=TOKEN_CLASSES)
    assert rule_of(prices, is_by_piece=True).bill(Usage()) == Bill(Decimal(0), Decimal(0), "s")


def test_an_unknown_model_has_no_bill_and_says_why():
    assert NoRule().bill(Usage(input=1)) == Unpriced(UnpricedReason.UNKNOWN_MODEL)
    assert NoRule().bill(Usage()) == Unpriced(UnpricedReason.NO_USAGE)


# what hangs on no usage

AN_HOUR = 3_600_000


def test_the_time_is_priced_beside_what_was_used():
    rule = rule_of(UnitPrices(output=Decimal(1), place_hour=Decimal(8), places=4))
    assert rule.bill(Usage(output=3), AN_HOUR) == Bill(Decimal(0), Decimal(3), "s", time_usd=Decimal(2))


def test_time_is_priced_where_nothing_was_used():
    rule = rule_of(UnitPrices(place_hour=Decimal(8)), is_flat=True)
    assert rule.bill(Usage(), AN_HOUR) == Bill(Decimal(0), Decimal(0), "s", time_usd=Decimal(8))


def test_without_usage_a_rule_for_the_time_alone_is_exact_and_one_for_tokens_too_a_lower_bound():
    flat = rule_of(UnitPrices(request=Decimal(2), place_hour=Decimal(8)), is_flat=True)
    assert flat.bill(None, AN_HOUR) == Bill(Decimal(2), Decimal(0), "s", time_usd=Decimal(8))
    both = rule_of(UnitPrices(output=Decimal(1), place_hour=Decimal(8)))
    assert both.bill(None, AN_HOUR) == Bill(
        Decimal(0), Decimal(0), "s", Basis.AT_LEAST, "no_usage", time_usd=Decimal(8)
    )


def test_without_usage_a_rule_for_what_is_used_has_no_bill():
    for rule in (
        rule_of(UnitPrices(output=Decimal(1))),
        rule_of(UnitPrices(images=ANY_IMAGE), is_by_piece=True),
        NoRule(),
    ):
        assert rule.bill(None, AN_HOUR) == Unpriced(UnpricedReason.NO_USAGE)


def test_a_call_that_has_its_price_whatever_it_uses_has_it_without_usage():
    assert rule_of(UnitPrices(), is_flat=True).bill(None) == Bill(Decimal(0), Decimal(0), "s")
    assert rule_of(UnitPrices(), is_flat=True).bill(Usage()) == Bill(Decimal(0), Decimal(0), "s")


def test_an_inferred_rule_makes_estimates_and_keeps_a_doubt_it_had():
    assert inferred(rule_of(UnitPrices())).bill(Usage(input=1)) == (
        Bill(Decimal(0), Decimal(0), "s", Basis.ESTIMATED, "price_inferred")
    )
    assert inferred(rule_of(UnitPrices(), basis=Basis.ESTIMATED, reason="no_tier_price")).reason == "no_tier_price"


@given(
    counts=st.lists(st.integers(0, 10**9), min_size=4, max_size=4),
    prices=st.lists(st.decimals(0, 10_000, places=9), min_size=2, max_size=2),
)
def test_bills_are_exact_to_the_last_digit(counts, prices):
    each = UnitPrices(input=prices[0] / 10**6, output=prices[1] / 10**6)
    bill = rule_of(each).bill(Usage(input=counts[0], tool_use=counts[1], output=counts[2], reasoning=counts[3] + 1))
    assert isinstance(bill, Bill)
    assert Fraction(bill.input_usd) == Fraction(prices[0]) * (counts[0] + counts[1]) / 10**6
    assert Fraction(bill.output_usd) == Fraction(prices[1]) * (counts[2] + counts[3] + 1) / 10**6
