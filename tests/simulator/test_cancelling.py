"""The words for what a cancel does."""

import pytest

from sidecar.simulator.cancelling import Does, effect_of
from sidecar.simulator.declined import Declined
from sidecar.simulator.script import Script, read_script


@pytest.mark.parametrize(
    ("word", "does", "seconds"),
    [
        ("stops", Does.STOP, 0.02),
        ("slow:1.5", Does.STOP, 1.5),
        ("ignored", Does.NOTHING, 0.0),
        ("late", Does.FINISH, 0.0),
        ("revived", Does.REVIVE, 2.0),
        ("revived:0.5", Does.REVIVE, 0.5),
    ],
)
def test_a_word_that_is_answered_200(word: str, does: Does, seconds: float):
    effect = effect_of(word, 0)
    assert (effect.does, effect.seconds, effect.declined) == (does, seconds, None)


@pytest.mark.parametrize(("word", "status"), [("refused", 400), ("unsupported", 501)])
def test_a_word_that_declines__every_time(word: str, status: int):
    for before in (0, 5):
        effect = effect_of(word, before)
        assert effect.declined is not None
        assert (effect.does, effect.declined.status) == (Does.NOTHING, status)


@pytest.mark.parametrize(("word", "status"), [("throttled:2", 429), ("failing:2", 500)])
def test_a_word_that_declines_at_first__then_stops(word: str, status: int):
    effects = [effect_of(word, before) for before in range(3)]
    assert [effect.declined and effect.declined.status for effect in effects] == [status, status, None]
    assert effects[2].does is Does.STOP


@pytest.mark.parametrize("word", ["slow", "slow:soon", "throttled", "perhaps", "late:3", "failing:1.5", ""])
def test_any_other_word__is_no_script(word: str):
    with pytest.raises(Declined, match="X-Simulator"):
        read_script(f"cancel={word}", Script())
