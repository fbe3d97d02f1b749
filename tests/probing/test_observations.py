"""Looks are told apart by when they were taken."""

import pytest

from sidecar.probing.observations import is_at_rest
from tests.probing.calls import call, look


def test_looks_before_while_and_after():
    looks = [look(seconds) for seconds in (-2, -1, 0.5, 1.0, 1.5)]
    seen = call(1.0, looks)
    assert seen.before == looks[1]
    assert seen.meanwhile == tuple(looks[2:4])
    assert seen.after == (looks[4],)
    assert seen.seconds == 1.0


def test_a_call_that_nobody_looked_at():
    assert (call(1.0).before, call(1.0).meanwhile, call(1.0).after) == (None, (), ())


@pytest.mark.parametrize(
    ("looks", "is_over"),
    [
        ([], False),
        ([look(1, False)], False),
        ([look(1, True), look(2, False)], False),
        ([look(1, False), look(2, False)], True),
        ([look(1, False), look(2, None)], False),
        ([look(1, is_final=True)], True),
    ],
)
def test_at_rest_is_idle_twice_or_final_once(looks, is_over):
    assert is_at_rest(tuple(looks), 2) is is_over
