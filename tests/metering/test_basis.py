from itertools import product

import pytest

from sidecar.metering.basis import Basis, basis_in, worst


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (Basis.EXACT, Basis.EXACT, Basis.EXACT),
        (Basis.EXACT, Basis.AT_LEAST, Basis.AT_LEAST),
        (Basis.EXACT, Basis.ESTIMATED, Basis.ESTIMATED),
        (Basis.AT_LEAST, Basis.ESTIMATED, Basis.ESTIMATED),
    ],
)
def test_the_worse_of_two_claims_is_what_both_are_worth(one, other, together):
    assert worst(one, other) is together
    assert worst(other, one) is together


def test_the_order_of_three_claims_makes_no_difference():
    for one, two, three in product(Basis, repeat=3):
        assert worst(worst(one, two), three) is worst(one, worst(two, three))


@pytest.mark.parametrize(
    ("word", "basis"),
    [(None, Basis.EXACT), ("", Basis.EXACT), ("at_least", Basis.AT_LEAST), ("surely", Basis.ESTIMATED)],
)
def test_a_word_of_a_row_that_nobody_knows_is_trusted_least(word, basis):
    assert basis_in(word) is basis
