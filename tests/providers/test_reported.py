import msgspec
import pytest

from sidecar.metering.basis import Basis
from sidecar.metering.usage import Usage
from sidecar.providers.contract import Reported
from sidecar.providers.reported import at_least, judged

USED = Usage(input=7, output=9)
WHOLE = Reported(USED, "m", "flex")


@pytest.mark.parametrize(
    ("tier", "doubt", "expected"),
    [
        ("flex", "", WHOLE),
        ("flex", "odd", Reported(USED, "m", "flex", Basis.AT_LEAST, "odd")),
        (None, "", Reported(USED, "m", "", Basis.ESTIMATED, "unknown_tier")),
        (None, "odd", Reported(USED, "m", "", Basis.ESTIMATED, "odd")),
    ],
)
def test_a_doubt_makes_a_lower_bound_and_an_unknown_tier_a_guess(tier, doubt, expected):
    assert judged(USED, "m", tier, doubt) == expected


def test_a_continuation_goes_with_the_usage():
    assert (
        judged(USED, "", "", "", "digest").continuation == judged(USED, "", None, "", "digest").continuation == "digest"
    )


def test_what_was_exact_becomes_a_lower_bound():
    got = at_least(WHOLE, "unfinished")
    assert got == Reported(USED, "m", "flex", Basis.AT_LEAST, "unfinished")


def test_a_lower_bound_does_not_hide_an_older_doubt():
    doubted = msgspec.structs.replace(WHOLE, basis=Basis.ESTIMATED, reason="unknown_tier")
    assert at_least(doubted, "unfinished") is doubted
