"""llama-server and vLLM stop when a connection is closed, whatever the kind of call; both count what they make."""

import signal
from collections.abc import Callable

import pytest

from tests.real.engines import LlamaServer
from tests.real.stage import ALIKE_SECONDS, Seen, Stage

pytestmark = pytest.mark.timeout(400)  # vLLM alone takes a minute or two to start

BOTH_KINDS = pytest.mark.parametrize("is_stream", [False, True], ids=["unary", "stream"])
BOTH_SIGNALS = pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["SIGKILL", "SIGINT"])
WHOLE = {"delivered", "undelivered"}
"""The SDK closes at `[DONE]`. Where the end of the body arrives after that it is unread, and its closing is a reset, which looks
like that of a caller that died with the answer unread (four of fourteen streams of llama-server)."""


@pytest.fixture(params=[("llama_server", "llama"), ("vllm", "vllm")], ids=["llama-server", "vLLM"])
def stage(stage_of: Callable[[str, str], Stage], request: pytest.FixtureRequest) -> Stage:
    return stage_of(*request.param)


def _made(seen: Seen) -> int:
    assert seen.counted is not None
    return seen.counted.predicted


@BOTH_KINDS
def test_without_a_sidecar__the_engine_stops(stage: Stage, is_stream: bool) -> None:
    assert (
        stage.killed_without_a_sidecar(stage.order(is_stream=is_stream), signal.SIGKILL)
        < stage.engine.stops_within_seconds
    )


@BOTH_KINDS
def test_caller_stays__usage_is_what_the_engine_reported_and_counted(stage: Stage, is_stream: bool) -> None:
    order = stage.order(is_stream=is_stream, asks_usage=is_stream)
    seen, told = stage.delivered(order)
    stage.report("stays", order, seen)
    assert told is not None
    assert seen.row["usage_basis"] == "exact"
    assert seen.row["outcome"] in WHOLE
    assert seen.usage["output"] == told["completion_tokens"] == _made(seen) == stage.engine.tokens
    assert seen.counted is not None
    assert seen.usage["input"] + seen.usage.get("cached_input", 0) == told["prompt_tokens"] == seen.counted.prompt


def test_usage_is_asked_for_the_caller__exact_and_the_caller_sees_none(stage: Stage) -> None:
    order = stage.order("-asked", is_stream=True)
    seen, told = stage.delivered(order)
    stage.report("stays, inject_usage", order, seen)
    assert told is None
    assert seen.row["usage_basis"] == "exact"
    assert seen.row["outcome"] in WHOLE
    assert seen.usage["output"] == _made(seen) == stage.engine.tokens


def test_usage_is_asked_for_a_caller_that_is_killed__the_engine_stops(stage: Stage) -> None:
    order = stage.order("-asked", is_stream=True)
    seen = stage.killed(order, signal.SIGKILL)
    stage.report("SIGKILL, inject_usage", order, seen)
    assert seen.row["outcome"] == "orphan_cut"
    assert seen.usage["output"] == pytest.approx(_made(seen), rel=0.1)


@BOTH_SIGNALS
@BOTH_KINDS
def test_caller_is_killed__the_call_is_cut_and_the_engine_stops(
    stage: Stage, is_stream: bool, number: signal.Signals
) -> None:
    order = stage.order(is_stream=is_stream)
    seen = stage.killed(order, number)
    stage.report(number.name, order, seen)
    assert seen.verdict == ("orphan_cut", "estimated")
    assert seen.row["finished_at"] is None
    assert seen.engine_seconds < stage.engine.stops_within_seconds
    assert _made(seen) < stage.engine.tokens
    assert seen.paid_seconds("avoidable_usd") < stage.engine.stops_within_seconds
    if is_stream:
        assert seen.usage["output"] == pytest.approx(_made(seen), rel=0.1)


@BOTH_KINDS
def test_caller_is_killed_and_the_call_is_followed__the_engine_goes_on(stage: Stage, is_stream: bool) -> None:
    order = stage.order("-followed", is_stream=is_stream, asks_usage=is_stream)
    seen = stage.killed(order, signal.SIGKILL)
    stage.report("SIGKILL, on_departure: follow", order, seen)
    assert seen.verdict == ("orphan_finished", "exact")
    assert seen.usage["output"] == _made(seen) == stage.engine.tokens
    assert seen.reply_seconds == pytest.approx(seen.engine_seconds, abs=ALIKE_SECONDS)
    assert seen.paid_seconds("avoidable_usd") == pytest.approx(seen.engine_seconds, abs=ALIKE_SECONDS)


def test_beside_a_stream__llama_server_computes_an_abandoned_answer_to_its_end(
    stage_of: Callable[[str, str], Stage],
) -> None:
    """It looks for the caller of a whole answer when its queue of results was silent for a second, and a stream never is."""
    stage = stage_of("llama_server", "llama")
    engine = stage.engine
    assert isinstance(engine, LlamaServer)
    order, other = stage.order(), stage.order(is_stream=True, max_tokens=2 * stage.engine.tokens)
    seen, made = stage.killed_beside(order, other, lambda: engine.calls_at_work() == 2)
    stage.report("SIGKILL, beside a stream", order, seen, made)
    assert seen.verdict == ("orphan_cut", "estimated")
    assert seen.row["finished_at"] is None
    assert made == stage.engine.tokens
