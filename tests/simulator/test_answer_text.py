"""The text of answers."""

import pytest
from hypothesis import given, strategies as st

from sidecar.simulator.answer_text import CYCLE, TRAPS, text_of, text_of_step, whole_text
from tests.simulator.spoken import TURN, spoken

TOKENS = st.integers(0, 5000)


@given(TOKENS, st.integers(0, 500))
def test_four_characters__a_token(first: int, tokens: int):
    assert len(text_of(first, first + tokens)) == 4 * tokens


@given(TOKENS, st.integers(0, 300), st.integers(0, 300))
def test_two_pieces__are_the_piece_of_both(first: int, one: int, other: int):
    assert text_of(first, first + one) + text_of(first + one, first + one + other) == text_of(
        first, first + one + other
    )


def test_a_long_answer__has_every_trap():
    assert all(trap in text_of(0, len(CYCLE)) for trap in TRAPS)


def test_bytes__come_near_the_tokens_too():
    assert len(text_of(0, 5000).encode()) == pytest.approx(20_000, rel=0.02)


@pytest.mark.parametrize("chunks", [1, 3, 7, 100])
def test_steps__together_are_the_whole(chunks: int):
    plan = spoken("/v1/chat/completions", {"model": "gpt-5-mini", "messages": TURN}, f"output=50 chunks={chunks}").plan
    assert "".join(text_of_step(plan, step) for step in range(1, plan.steps + 1)) == whole_text(plan) == text_of(0, 50)
