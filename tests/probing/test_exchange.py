"""Calls that are not answered are said in a sentence without a word of the reply."""

import asyncio

import pytest

from sidecar.lifecycle.record import CallKind
from sidecar.probing.exchange import LIMITS, NotAnswered
from sidecar.probing.methods import Question, method_of
from sidecar.simulator.script import Script
from sidecar.simulator.server import Simulator
from sidecar.simulator.settings import Settings
from tests.probing.probed import destination_at, wire_to

QUESTION = Question("gpt-4o-mini", CallKind.STREAM, 500, "p1")


async def called(script: Script, cut_after: float | None = None):
    async with Simulator(Settings(script=script)) as simulator:
        return await wire_to(destination_at(simulator.url, "openai")).call(
            method_of("openai", None), QUESTION, cut_after
        )


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "the key is not taken"),
        (404, "no such model"),
        (429, "a rate limit"),
        (500, "try the model with its SDK first"),
    ],
)
def test_an_error_is_told_by_its_status(status, hint):
    with pytest.raises(NotAnswered, match=f"the provider answered {status}: {hint}"):
        asyncio.run(called(Script(status=status)))


@pytest.mark.parametrize("cut_after", [None, 0.2])
def test_nobody_there(cut_after):
    async def scene():
        async with Simulator() as simulator:
            wire = wire_to(destination_at(simulator.url, "openai"))
        return await wire.call(method_of("openai", None), QUESTION, cut_after)

    with pytest.raises(NotAnswered, match="the call failed: ConnectError"):
        asyncio.run(scene())


def test_a_call_that_ends_before_it_is_cut_was_not_cut():
    call, _ = asyncio.run(called(Script(seconds=0.05, output=10), cut_after=5.0))
    assert not call.was_cut
    assert call.tokens == 10


def test_a_stream_is_not_cut_before_its_first_piece():
    call, _ = asyncio.run(called(Script(seconds=1.2, think=0.6, output=50), cut_after=0.1))
    assert call.was_cut
    assert call.answered_at is not None
    assert call.identity


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("x-ratelimit-remaining-tokens", True),
        ("x-ratelimit-remaining-requests", True),
        ("anthropic-ratelimit-output-tokens-remaining", True),
        ("x-ratelimit-reset-tokens", False),
        ("content-type", False),
    ],
)
def test_what_is_left_of_rate_limits(name, is_one):
    assert bool(LIMITS.fullmatch(name)) is is_one
