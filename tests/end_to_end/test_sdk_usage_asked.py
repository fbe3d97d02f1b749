"""A stream of OpenAI's dialect whose caller did not ask for usage: estimated, or asked for in its place if it is so set."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sidecar.simulator.milestones import Milestone
from tests.end_to_end import documented_wire as wire, stainless_clients
from tests.end_to_end.asking import Asking
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

MODEL = "gpt-5-mini"
SCRIPT = "seconds=0 prompt=1000 cached=200 output=40 thoughts=20"
"""A chunk for each token of the answer."""
USAGE = {"input": 800, "cached_input": 200, "output": 40, "reasoning": 20}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("usage-asked"), more_upstreams=ASKING) as running:
        yield running


ASKING: dict[str, dict[str, Any]] = {
    "asking": {"dialect": "openai", "provider": "openai", "inject_usage": True},
    "scripted-asking": {"dialect": "openai", "provider": "openai", "inject_usage": True},
    "vllm": {"inject_usage": True},
}


def streamed(base_url: str, name: str, model: str, **options: object) -> list[Any]:
    """The items of a stream, without what is of this one answer's own."""
    asking = Asking(base_url, model, headers_of(name, SCRIPT), is_stream=True, options=options)
    return [{**item, "id": "", "created": 0} for item in stainless_clients.openai_chat(asking)]


def test_without_being_asked__a_stream_is_estimated_by_its_deltas(road: SdkRoad) -> None:
    name = new_name()
    streamed(road.through("openai"), name, MODEL)
    row, (billed,) = road.row(name), road.simulator.bill.of(name)
    assert (row.outcome, row.basis, row.basis_reason) == ("delivered", "estimated", "counted_deltas")
    assert row.usage["output"] == billed.usage["output_tokens"]


def test_asked_in_its_callers_place__a_stream_is_exact_and_its_caller_sees_no_difference(road: SdkRoad) -> None:
    name = new_name()
    directly = streamed(road.simulator.url, new_name(), MODEL)
    through = streamed(road.through("asking"), name, MODEL)
    row, (billed,) = road.row(name), road.simulator.bill.of(name)
    assert through == directly
    assert (row.usage, row.spend_usd, row.basis) == (USAGE, billed.usd, "exact")


def test_asked_by_its_caller__the_usage_is_left_in_the_stream(road: SdkRoad) -> None:
    name, asked = new_name(), {"stream_options": {"include_usage": True}}
    directly = streamed(road.simulator.url, new_name(), MODEL, **asked)
    assert streamed(road.through("asking"), name, MODEL, **asked) == directly
    assert road.row(name).basis == "exact"


def test_documented_stream_that_was_asked__is_what_it_would_have_been(road: SdkRoad) -> None:
    """Not the simulator's doing: here the provider's two streams are written down."""
    unasked, name = new_name(), new_name()
    road.provider.script(unasked, wire.OPENAI_UNASKED.stream())
    road.provider.script(name, wire.OPENAI.stream())
    directly = streamed(road.provider.url, unasked, wire.OPENAI.model)
    through = streamed(road.through("scripted-asking"), name, wire.OPENAI.model)
    (asked_directly,), (asked,) = road.provider.asked(unasked), road.provider.asked(name)
    added = {"stream_options": {"include_usage": True}}
    assert through == directly
    assert json.loads(asked.body) == json.loads(asked_directly.body) | added
    assert road.row(name).spend_usd == wire.OPENAI.usd


def test_engine_that_reports_in_every_chunk__is_exact_also_when_its_caller_leaves(road: SdkRoad) -> None:
    """vLLM's `continuous_usage_stats`: what was made when the caller left is the engine's own count."""
    name = new_name()
    headers = headers_of(name, "seconds=0.2 prompt=1000 output=100 hold=40 on_close=stops")
    items = stainless_clients.openai_chat(Asking(road.through("vllm"), "qwen3:8b", headers, is_stream=True))
    seen = [next(items) for _ in range(20)]
    road.simulator.reached(name, Milestone.HELD)
    items.close()
    row = road.row(name)
    assert not [item for item in seen if "usage" in item]
    assert (row.outcome, row.usage, row.usage_basis) == ("orphan_cut", {"input": 1000, "output": 40}, "at_least")
