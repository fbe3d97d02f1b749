"""llama-cpp-python's server stops a stream whose connection is closed, and computes a whole answer to its end, for nobody."""

import signal
from collections.abc import Callable

import pytest

from tests.real.stage import ALIKE_SECONDS, Seen, Stage

LEAST_SECONDS = 1.0
"""Of work for a caller that has left, of three that there are to do."""
LEAST_CPU_SHARE = 0.2
"""Of the seconds in which the engine is at work. On a machine of its own it is 1; others may want the CPU too."""
BOTH_SIGNALS = pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["SIGKILL", "SIGINT"])


@pytest.fixture
def stage(stage_of: Callable[[str, str], Stage]) -> Stage:
    return stage_of("python_server", "python")


def test_without_a_sidecar__a_stream_stops(stage: Stage) -> None:
    assert (
        stage.killed_without_a_sidecar(stage.order(is_stream=True), signal.SIGKILL) < stage.engine.stops_within_seconds
    )


def test_without_a_sidecar__a_whole_answer_is_computed_to_its_end(stage: Stage) -> None:
    assert stage.killed_without_a_sidecar(stage.order(), signal.SIGKILL) > LEAST_SECONDS


def test_caller_stays_for_the_whole_answer__usage_is_exact(stage: Stage) -> None:
    order = stage.order()
    seen, told = stage.delivered(order)
    stage.report("stays", order, seen, stage.engine.tokens)
    assert told is not None
    assert seen.verdict == ("delivered", "exact")
    assert seen.usage == {"input": told["prompt_tokens"], "output": told["completion_tokens"]}
    assert told["completion_tokens"] == stage.engine.tokens


def test_caller_stays_for_a_stream__the_engine_reports_nothing_and_the_row_is_estimated(stage: Stage) -> None:
    order = stage.order(is_stream=True, asks_usage=True)  # this engine ignores the wish
    seen, told = stage.delivered(order)
    stage.report("stays, no usage reported", order, seen, stage.engine.tokens)
    assert told is None
    assert seen.row["usage_basis"] == "estimated"
    assert seen.row["outcome"] in {"delivered", "undelivered"}  # see test_engines_that_stop.py
    assert seen.usage["output"] == pytest.approx(stage.engine.tokens, rel=0.1)


@BOTH_SIGNALS
def test_caller_is_killed_while_it_awaits_the_answer__the_engine_goes_on(stage: Stage, number: signal.Signals) -> None:
    order = stage.order()
    seen = stage.killed(order, number)
    stage.report(number.name, order, seen, stage.engine.tokens)
    _check_that_the_engine_went_on(stage, seen)


def test_caller_loses_patience__the_engine_goes_on(stage: Stage) -> None:
    order = stage.order(timeout_seconds=1.0)
    seen = stage.given_up(order)
    stage.report("timeout of the SDK", order, seen, stage.engine.tokens)
    _check_that_the_engine_went_on(stage, seen)


def _check_that_the_engine_went_on(stage: Stage, seen: Seen) -> None:
    """For as long as the row says, by its CPU clock; and the avoidable dollars are those of the same seconds."""
    assert seen.verdict == ("orphan_finished", "exact")
    assert seen.usage["output"] == stage.engine.tokens
    assert seen.reply_seconds == pytest.approx(seen.engine_seconds, abs=ALIKE_SECONDS)
    assert seen.engine_cpu_seconds > LEAST_CPU_SHARE * seen.engine_seconds > LEAST_CPU_SHARE
    assert seen.paid_seconds("avoidable_usd") == pytest.approx(seen.engine_seconds, abs=ALIKE_SECONDS)


@BOTH_SIGNALS
def test_caller_is_killed_midway_through_a_stream__the_engine_stops(stage: Stage, number: signal.Signals) -> None:
    order = stage.order(is_stream=True)
    seen = stage.killed(order, number)
    stage.report(number.name, order, seen)
    assert seen.verdict == ("orphan_cut", "estimated")
    assert seen.row["finished_at"] is None
    assert seen.engine_seconds < stage.engine.stops_within_seconds


def test_the_facts_are_mistaken__the_row_says_cut_and_promises_no_end(stage: Stage) -> None:
    """Why facts are measured: a whole answer that is cut here costs all of the CPU, and nobody reads the usage."""
    order = stage.order("-mistaken")
    seen = stage.killed(order, signal.SIGKILL)
    stage.report("SIGKILL, told that it stops", order, seen, stage.engine.tokens)
    assert seen.verdict == ("orphan_cut", "estimated")
    assert seen.row["finished_at"] is None
    assert seen.engine_seconds > LEAST_SECONDS
