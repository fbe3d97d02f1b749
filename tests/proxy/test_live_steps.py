"""Whatever words come in whatever order: no event is illegal, and a call that began comes to an end."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.call import Call, Outcome
from sidecar.lifecycle.events import LeftReason
from sidecar.proxy.live_steps import Told, Word, steps

W = Word


def after(*words: Word, status: int = 429) -> Call:
    call = Call()
    for at, word in enumerate(words):
        for event in steps(call, Told(word, at, status=status, reason=LeftReason.CLOSED)):
            call.receive(event)
    return call


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.ENDED, W.HANDED_OVER), Outcome.DELIVERED),
        ((W.ASKED, W.COMMITTED, W.ENDED, W.HANDED_OVER), Outcome.DELIVERED),  # nobody saw it begin
        ((W.ASKED, W.BEGAN, W.ENDED, W.HANDED_OVER), Outcome.DELIVERED),  # answered before it was all sent
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.ENDED, W.LEFT), Outcome.UNDELIVERED),
        ((W.ASKED, W.COMMITTED, W.LEFT, W.CUT), Outcome.ORPHAN_CUT),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.LEFT, W.CUT), Outcome.ORPHAN_CUT),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.LEFT, W.ENDED), Outcome.ORPHAN_FINISHED),
        ((W.ASKED, W.COMMITTED, W.LEFT, W.BEGAN, W.ENDED), Outcome.ORPHAN_FINISHED),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.LEFT, W.FAILED), Outcome.ORPHAN_FAILED),
        ((W.ASKED, W.COMMITTED, W.LEFT, W.DECLINED), Outcome.ORPHAN_FAILED),
        ((W.ASKED, W.LEFT, W.CUT), Outcome.LEFT_EARLY),
        ((W.ASKED, W.COMMITTED, W.DECLINED, W.HANDED_OVER), Outcome.REJECTED),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.DECLINED, W.HANDED_OVER), Outcome.UPSTREAM_FAILED),
        ((W.ASKED, W.COMMITTED, W.FAILED), Outcome.UPSTREAM_FAILED),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.FAILED), Outcome.UPSTREAM_FAILED),
        ((W.ASKED, W.CUT), Outcome.CUT_SHORT),
        ((W.ASKED, W.COMMITTED, W.BEGAN, W.CUT), Outcome.CUT_SHORT),
    ],
)
def test_what_happened_says_how_it_is_judged(words: tuple[Word, ...], outcome: Outcome) -> None:
    assert after(*words).outcome is outcome


def test_declined__the_status_is_the_provider_s() -> None:
    assert after(W.ASKED, W.COMMITTED, W.DECLINED).status == 429
    assert after(W.ASKED, W.COMMITTED, W.BEGAN).status == 101


@given(st.lists(st.sampled_from(Word), max_size=12))
def test_any_words_in_any_order__no_event_is_illegal(words: list[Word]) -> None:
    after(W.ASKED, *words)


@given(st.lists(st.sampled_from(Word), max_size=8), st.sampled_from((W.FAILED, W.CUT)))
def test_once_its_ends_have_ended__it_is_judged(words: list[Word], end: Word) -> None:
    call = after(W.ASKED, *words, end, W.HANDED_OVER, W.LEFT)
    assert call.outcome is not None
