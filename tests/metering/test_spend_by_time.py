"""What is billed by the time that a call held its place is divided by the clock, and that is no estimate."""

from decimal import Decimal

import pytest

from sidecar.clock import SECOND
from sidecar.metering.basis import Basis
from sidecar.metering.bill import Bill
from sidecar.metering.spend import Delivery, HandedOver, split
from sidecar.metering.usage import Usage

USAGE = Usage(input=1_000, cached_input=50, output=600, reasoning=200, tool_use=7)
SECONDS_IN = {"committed_at": 100 * SECOND, "finished_at": 110 * SECOND}
BY_TIME = Bill(Decimal(0), Decimal(0), "override:1", time_usd=Decimal("0.60"))
TEN_SECONDS = 10_000


def nothing(**known) -> Delivery:
    return Delivery(handed_over=HandedOver.NOTHING, **known)


def part(**known) -> Delivery:
    return Delivery(handed_over=HandedOver.PART, **known)


@pytest.mark.parametrize(("left_at", "avoidable"), [(100, "0.60"), (104, "0.36"), (110, "0"), (999, "0"), (50, "0.60")])
def test_time_after_the_caller_left_is_avoidable_and_that_is_no_estimate(left_at, avoidable):
    spend = split(BY_TIME, Usage(), nothing(left_at=left_at * SECOND, **SECONDS_IN), held_milliseconds=TEN_SECONDS)
    assert (spend.spend_usd, spend.orphaned_usd) == (Decimal("0.60"), Decimal("0.60"))
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal(avoidable), Basis.EXACT)


def test_a_stream_left_midway_delivers_the_time_until_then_whatever_was_made():
    delivery = part(at_left=Usage(output=1), left_at=104 * SECOND, **SECONDS_IN)
    spend = split(BY_TIME, USAGE, delivery, held_milliseconds=TEN_SECONDS)
    assert (spend.delivered_usd, spend.orphaned_usd) == (Decimal("0.24"), Decimal("0.36"))
    assert (spend.basis, spend.avoidable_basis) == (Basis.EXACT, Basis.EXACT)


def test_time_that_was_cut_is_divided_at_the_moment_the_caller_left():
    delivery = nothing(committed_at=100 * SECOND, left_at=104 * SECOND)
    spend = split(BY_TIME, Usage(), delivery, Basis.AT_LEAST, held_milliseconds=5_000)
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal("0.12"), Basis.AT_LEAST)


def test_time_without_a_commit_is_not_divided():
    spend = split(BY_TIME, Usage(), nothing(left_at=104 * SECOND), held_milliseconds=5_000)
    assert (spend.avoidable_usd, spend.avoidable_basis) == (Decimal(0), Basis.ESTIMATED)


def test_output_and_time_are_each_divided_their_own_way():
    both = Bill(Decimal("0.10"), Decimal("0.80"), "override:1", time_usd=Decimal("0.60"))
    delivery = part(at_left=Usage(output=300, reasoning=100), left_at=104 * SECOND, **SECONDS_IN)
    spend = split(both, USAGE, delivery, held_milliseconds=TEN_SECONDS)
    assert spend.orphaned_usd == Decimal("0.40") + Decimal("0.36")
    assert spend.delivered_usd == Decimal("1.50") - spend.orphaned_usd
