"""From what was seen to what is said: a table of cases, and properties that hold for whatever is seen."""

import pytest
from hypothesis import given, strategies as st

from sidecar.lifecycle.policy import OnClose
from sidecar.lifecycle.record import CallKind
from sidecar.probing.observations import Ending
from sidecar.probing.verdict import Confidence, Finding, judged, made_in, verdict_of
from tests.probing.calls import SECONDS, TOKENS, WHOLE, call, look

STOPS, RUNS_ON, UNKNOWN = OnClose.STOPS, OnClose.RUNS_ON, OnClose.UNKNOWN
BUSY = (look(-0.1, False), look(0.9, True))
"""A server that was idle, and then at work on the call that is cut after a second."""


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ((*BUSY, look(1.2, False)), STOPS),
        ((*BUSY, look(1.2, True), look(2.4, False)), STOPS),
        ((*BUSY, look(1.2, True), look(2.0, True), look(3.0, False)), UNKNOWN),
        ((*BUSY, look(2.0, True), look(3.9, True), look(4.1, False)), RUNS_ON),
        ((*BUSY, look(2.0, True), look(3.9, True), look(6.0, True)), RUNS_ON),
        ((*BUSY, look(2.0, True), look(2.2, True)), UNKNOWN),
        ((look(-0.1, True), look(0.9, True), look(1.2, False)), UNKNOWN),
        ((look(-0.1, False), look(0.9, False), look(1.2, False)), UNKNOWN),
        (BUSY, UNKNOWN),
    ],
    ids=[
        "at rest at once", "lingers a little", "in between", "to its natural end", "for ever", "not watched long enough",
        "others were there before", "never seen at work", "nothing seen afterwards",
    ],
)  # fmt: skip
def test_by_time(looks, said):
    assert judged([WHOLE, WHOLE], call(1.0, looks)).on_close is said


@pytest.mark.parametrize(
    ("made", "said"), [(100, STOPS), (110, STOPS), (280, UNKNOWN), (390, RUNS_ON), (400, RUNS_ON), (900, UNKNOWN)]
)
def test_by_tokens_of_a_record(made, said):
    cut = call(1.0, (look(9, made=made, is_final=True),))
    assert judged([WHOLE, WHOLE], cut).on_close is said


@pytest.mark.parametrize(("ending", "said"), [(Ending.WHOLE, RUNS_ON), (Ending.STOPPED, STOPS), (None, UNKNOWN)])
def test_by_the_providers_word(ending, said):
    cut = call(1.0, (look(9, ending=ending, is_final=ending is not None),))
    assert judged([WHOLE, WHOLE], cut).on_close is said


def test_counters_that_are_not_at_rest_yet_are_not_counted():
    assert judged([WHOLE, WHOLE], call(1.0, (*BUSY, look(1.2, True, made=100)))).on_close is UNKNOWN


def test_ways_that_contradict_each_other__unknown():
    looks = (look(-0.1, False, made=0), look(0.9, True, made=0), look(1.2, False, made=TOKENS))
    found = judged([WHOLE, WHOLE], call(1.0, looks))
    assert found.on_close is UNKNOWN
    assert found.why.startswith("its source contradicts itself: 400 tokens were made")


@pytest.mark.parametrize(
    ("reference", "cut", "why"),
    [
        (WHOLE, call(SECONDS, was_cut=False), "it was answered whole before it could be cut"),
        (call(0.5, was_cut=False), call(0.2), "too short to be cut in the middle"),
        (call(120), call(1.0), "an uncut call takes more than 120 s"),
    ],
)
def test_calls_of_which_nothing_can_be_told(reference, cut, why):
    found = judged([reference], cut)
    assert found.on_close is UNKNOWN
    assert why in found.why


def test_uncut_calls_between_which_it_hangs__unknown__as_the_first_may_have_loaded_the_model():
    slow, fast = call(4.0, was_cut=False), call(1.6, was_cut=False)
    cut = call(1.2, (look(-0.1, False), look(1.1, True), look(1.6, False)))
    assert judged([slow, slow], cut).on_close is STOPS
    assert judged([slow, fast], cut) == Finding(
        UNKNOWN, "uncut calls took 1.6 s and 4.0 s, too uneven to compare with; probe it again"
    )


def test_uneven_calls_that_say_the_same__say_it():
    slow, fast = call(8.0, was_cut=False), call(4.0, was_cut=False)
    assert judged([slow, fast], call(1.0, (*BUSY, look(1.2, False)))).on_close is STOPS


def test_tokens_are_counted_from_before_the_call():
    looks = (look(-0.1, False, made=1_000), look(0.9, True, made=1_090), look(1.2, False, made=1_100))
    assert made_in(call(1.0, looks)) == 100


S, R, U = (Finding(word, "it was seen") for word in (STOPS, RUNS_ON, UNKNOWN))


@pytest.mark.parametrize(
    ("findings", "said", "confidence"),
    [
        ([S, S], STOPS, Confidence.HIGH),
        ([R, R, R], RUNS_ON, Confidence.HIGH),
        ([S], STOPS, Confidence.MEDIUM),
        ([S, U], STOPS, Confidence.MEDIUM),
        ([S, S, U], STOPS, Confidence.MEDIUM),
        ([S, R], UNKNOWN, Confidence.NONE),
        ([U, U], UNKNOWN, Confidence.NONE),
        ([], UNKNOWN, Confidence.NONE),
    ],
)
def test_several_calls_together(findings, said, confidence):
    found = verdict_of(CallKind.UNARY, findings)
    assert (found.on_close, found.confidence) == (said, confidence)
    assert found.why


# === whatever is seen ===

MOMENTS = st.floats(-1, 12, allow_nan=False)
LOOKS = st.lists(
    st.builds(
        look, MOMENTS, st.sampled_from([None, True, False]), st.none() | st.integers(0, 10_000),
        ending=st.sampled_from([None, *Ending]), is_final=st.booleans(),
    ),
    max_size=8,
).map(lambda looks: sorted(looks, key=lambda one: one.at))  # fmt: skip


@given(LOOKS, st.floats(0.01, 5))
def test_nothing_makes_it_fail_and_everything_has_a_reason(looks, cut_at):
    found = judged([WHOLE, WHOLE], call(cut_at, looks))
    assert found.on_close in OnClose
    assert found.why


@given(LOOKS)
def test_who_saw_work_at_the_natural_end_never_says_that_it_stopped(looks):
    looks = [one for one in looks if one.at < look(SECONDS).at]
    found = judged([WHOLE, WHOLE], call(1.0, [*looks, look(SECONDS, True)]))
    assert found.on_close is not STOPS or looks[-1:] == []


@given(LOOKS.filter(lambda looks: all(one.ending is None and one.made is None for one in looks)), st.floats(1.0, 11))
def test_work_that_is_seen_later_never_turns_runs_on_into_stops(looks, later):
    looks = [one for one in looks if one.at <= look(later).at]
    before = judged([WHOLE, WHOLE], call(1.0, looks))
    after = judged([WHOLE, WHOLE], call(1.0, [*looks, look(later, True)]))
    assert not (before.on_close is RUNS_ON and after.on_close is STOPS)


@given(st.lists(st.sampled_from([S, R, U]), max_size=6))
def test_verdicts_do_not_hang_on_the_order_of_calls(findings):
    one, other = verdict_of(CallKind.STREAM, findings), verdict_of(CallKind.STREAM, findings[::-1])
    assert (one.on_close, one.confidence) == (other.on_close, other.confidence)
