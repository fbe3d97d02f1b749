from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from sidecar.metering.money import SHARE_UNIT
from sidecar.metering.unit_prices import Bracket, UnitPrices, rounded
from sidecar.metering.usage import Usage
from sidecar.metering.variant import VariantPrices

ALL = UnitPrices(
    input=Decimal(1),
    cached_input=Decimal("0.5"),
    output=Decimal(2),
    input_each=(("characters", Decimal(3)), ("units", Decimal(5)), ("audio_input", Decimal(-1))),
    output_each=(("compute_milliseconds", Decimal(7)),),
    images=VariantPrices.of({"4k": Decimal(13)}, Decimal(11)),
    video_seconds=VariantPrices.of({"720p": Decimal(17)}),
    request=Decimal(19),
    audio_hour=Decimal(3600),
    place_hour=Decimal(24),
    places=4,
)


@pytest.mark.parametrize(
    ("usage", "input_usd", "output_usd"),
    [
        (Usage(), 19, 0),
        (Usage(input=2, tool_use=1, cached_input=4), 19 + 3 + 2, 0),
        (Usage(input=2, audio_input=2), 19, 0),
        (Usage(characters=2, units=1), 19 + 6 + 5, 0),
        (Usage(audio_seconds=9), 19 + 9, 0),
        (Usage(output=2, reasoning=3), 19, 10),
        (Usage(compute_milliseconds=2), 19, 14),
        (Usage(images=2, variant="4K"), 19, 26),
        (Usage(images=2), 19, 22),
        (Usage(video_seconds=2, variant="720p audio"), 19, 34),
    ],
)
def test_each_thing_goes_to_its_side_of_the_bill(usage, input_usd, output_usd):
    assert (ALL.input_usd(usage), ALL.output_usd(usage)) == (input_usd, output_usd)


def test_time_is_the_share_of_a_machine():
    assert ALL.time_usd(3_600_000) == 6
    assert ALL.time_usd(0) == 0


def test_a_variant_that_is_not_listed_is_noticed_only_where_it_is_used():
    assert ALL.lacks_variant(Usage(video_seconds=1, variant="8k"))
    assert not ALL.lacks_variant(Usage(images=1, variant="8k"))
    assert not ALL.lacks_variant(Usage(input=1, variant="8k"))


@given(factor=st.decimals(0, 10, places=4), count=st.integers(0, 10**6))
def test_a_factor_multiplies_every_part_of_the_bill(factor, count):
    usage = Usage(input=count, cached_input=count, output=count, images=count, variant="4k", characters=count)
    many = ALL.times(factor)
    assert many.input_usd(usage) == ALL.input_usd(usage) * factor
    assert many.output_usd(usage) == ALL.output_usd(usage) * factor
    assert many.time_usd(3_600_000) == ALL.time_usd(3_600_000) * factor


@given(st.decimals(0, 10**6, places=6), st.integers(1, 10**9))
def test_a_quotient_is_rounded_to_a_millionth_of_a_microdollar(usd, parts):
    assert abs(Fraction(rounded(usd / parts)) - Fraction(usd) / parts) <= Fraction(SHARE_UNIT) / 2


def test_a_bracket_holds_prices_above_a_threshold():
    assert Bracket(200_000, ALL).prices is ALL
