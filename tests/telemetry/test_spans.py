"""Spans as values: their times are sound, and what is in them can be exported."""

from decimal import Decimal

from hypothesis import given, strategies as st

from sidecar.lifecycle.record import CallKind
from sidecar.telemetry.spans import LONGEST_TEXT, MOST, SpanEvent, clean, span, told

MOMENTS = st.integers(0, 2**50)


def of(began, ended, *happened):
    return span("c1", "chat m", began, ended, {}, [SpanEvent(f"e{at}", at) for at in happened])


@given(MOMENTS, MOMENTS, st.lists(MOMENTS, max_size=5))
def test_times_are_sound_whatever_the_clock_did(began, ended, happened):
    made = of(began, ended, *happened)
    assert made.start <= made.end
    assert [event.at for event in made.events] == sorted(event.at for event in made.events)
    assert all(made.start <= event.at <= made.end for event in made.events)


def test_a_span_lasts_until_what_happened_last():
    assert of(10, 20, 30, 15).end == 30
    assert [event.name for event in of(10, 20, 30, 15).events] == ["e15", "e30"]


def test_what_happened_before_it_began_stands_at_its_beginning():
    assert [(event.name, event.at) for event in of(10, 20, 5).events] == [("e5", 10)]


def test_what_is_not_known_is_left_out_and_what_is_0_is_not():
    assert told({"a": None, "b": "", "c": 0, "d": False, "e": Decimal(0)}) == {"c": 0, "d": False, "e": 0.0}


def test_money_words_and_lists_become_what_can_be_exported():
    assert told({"usd": Decimal("0.5"), "kind": CallKind.STREAM, "why": ("error",)}) == {
        "usd": 0.5, "kind": "stream", "why": ("error",),
    }  # fmt: skip
    assert type(told({"kind": CallKind.STREAM})["kind"]) is str


def test_numbers_beyond_64_bits_are_the_largest_there_is():
    assert told({"a": 2**70, "b": -(2**70)}) == {"a": MOST, "b": -MOST}


@given(st.text(st.characters(codec=None), max_size=400))
def test_text_is_short_and_has_utf_8(text):
    assert len(clean(text).encode().decode()) <= LONGEST_TEXT


def test_an_error_is_named_and_links_are_those_that_there_are():
    made = span("c1", "chat", 1, 2, {}, [], error_type="503", linked=(None, "c0"))
    assert (made.attributes, made.error_type, made.linked) == ({"error.type": "503"}, "503", ("c0",))
