"""`sidecar probe` at llama.cpp's server: what it finds by counters is what the engine's CPU clock showed (README.md)."""

import asyncio

import pytest

from sidecar.lifecycle.policy import OnClose
from tests.probing.probed import probed
from tests.real.engines import Engine

TOKENS = 1500
"""Five seconds of work on a quiet machine: llama.cpp may be looked at every 1.6 s only."""


@pytest.mark.timeout(300)  # half a minute for each call where others use the machine
def test_llama_cpp_stops_for_streams_and_whole_answers(llama_server: Engine) -> None:
    _, measured = asyncio.run(probed(llama_server.url, "llama_cpp", "random", tokens=TOKENS))
    assert measured.source == "its /metrics"
    assert [verdict.on_close for verdict in measured.verdicts] == [OnClose.STOPS, OnClose.STOPS], measured.verdicts
    whole = [call for call in measured.calls if not call.was_cut]
    assert [call.tokens for call in whole] == pytest.approx(4 * [TOKENS], abs=2)
