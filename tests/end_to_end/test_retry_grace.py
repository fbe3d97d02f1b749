"""Where closing the connection stops the work: it is held for as long as the caller's SDK takes to come
again, and then closed."""

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry, Finished
from sidecar.simulator.milestones import Milestone
from tests.end_to_end.asking import KEY, TURN
from tests.end_to_end.raw_calls import OPENAI, desk_at
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

STAINLESS_GRACE_SECONDS = 1.5
"""Behind a first attempt (providers-wire 2)."""
LOOSELY = 0.4
IMPATIENCE_SECONDS = 0.4
LONG = "think=20 seconds=20 on_close=stops"
ENGINE = {"my-vllm": {"dialect": "vllm"}}
MODELS = {"openai": "gpt-5-mini", "my-vllm": "llama3.2"}
AS_STREAM = OPENAI._replace(body={**OPENAI.body, "stream": True})


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("grace"), {"mode": "enforce"}, more_upstreams=ENGINE) as running:
        yield running


def ask(road: SdkRoad, upstream: str, name: str, script: str, *, is_stream: bool = False, retries: int = 0) -> Any:
    """What OpenAI's SDK gives somebody who is soon out of patience."""
    client = openai.OpenAI(
        api_key=KEY, base_url=f"{road.through(upstream)}/v1", timeout=IMPATIENCE_SECONDS, max_retries=retries
    )
    with client:
        return client.chat.completions.create(
            model=MODELS[upstream], messages=TURN, stream=is_stream, extra_headers=headers_of(name, script)
        )


def billed(road: SdkRoad, name: str) -> Entry:
    """The one entry of the bill."""
    road.simulator.reached(name, Milestone.BILLED)
    (entry,) = road.simulator.bill.of(name)
    return entry


def seconds_held(row: CallRecord, entry: Entry) -> float:
    """How long the provider did not learn that the caller had left."""
    assert row.left_at is not None
    assert entry.caller_left_at is not None
    return (entry.caller_left_at - row.left_at) / 1e6


@pytest.mark.parametrize(("upstream", "is_stream"), [("openai", True), ("my-vllm", True), ("my-vllm", False)])
def test_nobody_comes_again__cut_when_the_grace_is_over(road: SdkRoad, upstream: str, is_stream: bool) -> None:
    name = new_name()
    with pytest.raises(openai.APITimeoutError):
        ask(road, upstream, name, LONG, is_stream=is_stream)
    row, entry = road.row(name), billed(road, name)
    assert (row.outcome, entry.finished_how) == ("orphan_cut", Finished.STOPPED)
    assert (row.decision, row.decision_reason) == ("cut", "no_retry_came")
    assert abs(seconds_held(row, entry) - STAINLESS_GRACE_SECONDS) < LOOSELY


def test_caller_of_no_known_family__cut_at_once(road: SdkRoad) -> None:
    desk = desk_at(road, LONG)
    desk.leave(AS_STREAM.having(X_Sidecar_On_Departure="auto"))
    row, entry = road.row(desk.name), billed(road, desk.name)
    assert (row.outcome, row.decision, row.decision_reason) == ("orphan_cut", "cut", "provider_stops")
    assert seconds_held(row, entry) < LOOSELY


def test_caller_that_wants_it_cut__cut_at_once(road: SdkRoad) -> None:
    desk = desk_at(road, LONG)
    desk.leave(AS_STREAM.having(X_Sidecar_On_Departure="cut", X_Stainless_Retry_Count="0"))
    row, entry = road.row(desk.name), billed(road, desk.name)
    assert (row.outcome, row.decision, row.decision_reason) == ("orphan_cut", "cut", "request")
    assert seconds_held(row, entry) < LOOSELY


def test_retry_that_comes_in_time__is_given_it_and_the_provider_sees_no_end(road: SdkRoad) -> None:
    """An engine that stops unary calls too."""
    name = new_name()
    answer = ask(road, "my-vllm", name, "seconds=1 output=20 on_close=stops", retries=1)
    entry, rows = billed(road, name), road.rows(name, 2)
    assert (entry.finished_how, entry.caller_left_at) == (Finished.COMPLETED, None)
    assert answer.usage.completion_tokens == entry.usage["output_tokens"] == 20
    assert [(row.outcome, row.decision) for row in rows] == [("rescued", "hold"), ("joined", None)]
