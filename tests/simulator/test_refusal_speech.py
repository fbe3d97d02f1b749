"""Creates declined, in every dialect."""

import pytest

from sidecar.simulator.catalog import CATALOG
from sidecar.simulator.declined import Declined
from sidecar.simulator.plan import Plan
from sidecar.simulator.refusal_speech import RefusalSpeech
from sidecar.simulator.routes import Dialect, Route
from sidecar.simulator.script import Script
from tests.simulator.spoken import NAMING


def speech(dialect: Dialect) -> RefusalSpeech:
    route = Route(dialect, "batches", "gpt-5-mini")
    return RefusalSpeech(Plan(route=route, model=CATALOG["gpt-5-mini"], script=Script()), NAMING)


@pytest.mark.parametrize(
    ("dialect", "said"),
    [
        (Dialect.OPENAI, b'{"error":{"message":"what?","type":"invalid_request_error","param":null,"code":null}}'),
        (Dialect.ANTHROPIC, b'{"type":"error","error":{"type":"invalid_request_error","message":"what?"}}'),
        (Dialect.REPLICATE, b'{"title":"Invalid Argument","detail":"what?","status":400}'),
        (Dialect.RUNPOD, b'{"error":"what?"}'),
        (Dialect.GEMINI, b'{"error":{"code":400,"message":"what?","status":"INVALID_ARGUMENT"}}'),
    ],
)
def test_an_error__in_the_dialects_shape(dialect: Dialect, said: bytes):
    assert speech(dialect).refusal(Declined(400, "what?")) == said


def test_it_has_nothing_else_to_say():
    silent = speech(Dialect.OPENAI)
    assert not silent.headers()
    said = (silent.whole(), silent.piece(0), silent.closing(), silent.trailer(), silent.failure())
    assert said == (b"",) * 5
