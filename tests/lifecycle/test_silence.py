"""When silence may be believed."""

from sidecar.clock import SECOND
from sidecar.lifecycle.silence import Crowd, Listening
from tests.lifecycle.rows import NOW

NS = 1_000_000_000


def listening() -> Listening:
    return Listening(NOW, 0, beat_seconds=20)


def test_the_clocks_go_together__heard_since_the_start() -> None:
    ears = listening()
    for beat in range(1, 10):
        assert ears.heard(NOW + beat * 20 * SECOND, beat * 20 * NS) == ""
    assert ears.since == NOW


def test_the_present_is_told_by_the_monotonic_clock() -> None:
    assert listening().now(90 * NS) == NOW + 90 * SECOND


def test_a_monotonic_clock_that_goes_back_is_not_believed() -> None:
    assert listening().now(-5 * NS) == NOW


def test_the_clock_is_set_forward__all_begins_anew() -> None:
    ears = listening()
    assert ears.heard(NOW + 620 * SECOND, 20 * NS) == "the ledger's clock stepped by +600 s"
    assert ears.since == NOW + 620 * SECOND


def test_the_clock_is_set_back__all_begins_anew() -> None:
    ears = listening()
    assert ears.heard(NOW - 580 * SECOND, 20 * NS) == "the ledger's clock stepped by -600 s"
    assert ears.since == NOW - 580 * SECOND


def test_the_clocks_part_a_little__no_matter() -> None:
    assert listening().heard(NOW + 24 * SECOND, 20 * NS) == ""


def test_we_were_stopped__all_begins_anew() -> None:
    ears = listening()
    assert ears.heard(NOW + 100 * SECOND, 100 * NS) == "the sidecar did not run for 100 s"
    assert ears.since == NOW + 100 * SECOND


def test_the_ledger_was_away__all_begins_anew_once() -> None:
    ears = listening()
    ears.deafened()
    assert ears.heard(NOW + 20 * SECOND, 20 * NS) == "the ledger could not be used"
    assert ears.heard(NOW + 40 * SECOND, 40 * NS) == ""
    assert ears.since == NOW + 20 * SECOND


# === the breaker ===


def test_twenty_at_once__no_crowd() -> None:
    assert not Crowd().is_suspicious(20, 0, NOW, 60)


def test_more_than_twenty_of_few__a_crowd() -> None:
    crowd = Crowd()
    assert crowd.is_suspicious(21, 21, NOW, 60)
    assert crowd.held_until == NOW + 60 * SECOND


def test_less_than_half_of_many__no_crowd() -> None:
    assert not Crowd().is_suspicious(49, 100, NOW, 60)


def test_one_after_the_other_within_seconds__a_crowd() -> None:
    crowd, running = Crowd(), 60
    told = []
    for number in range(12):
        told.append(crowd.is_suspicious(5, running, NOW + number * SECOND // 2, 60))
        running -= 5
    assert told.count(True) == 1


def test_one_after_the_other_within_minutes__no_crowd() -> None:
    crowd, running = Crowd(), 60
    for number in range(12):
        assert not crowd.is_suspicious(5, running, NOW + number * 20 * SECOND, 60)
        running -= 5


def test_silent_still_when_the_wait_is_over__let_pass_and_armed_again_later() -> None:
    crowd = Crowd()
    assert crowd.is_suspicious(50, 50, NOW, 60)
    assert not crowd.is_suspicious(50, 50, NOW + 60 * SECOND, 60)
    assert crowd.is_suspicious(50, 50, NOW + 200 * SECOND, 60)


def test_nobody_lapses__no_crowd() -> None:
    assert not Crowd().is_suspicious(0, 0, NOW, 0)
