"""A stream that was left midway and is asked for again: what was there is told again at once, and the rest as it is made.

A provider whose work stops when its connection closes (OpenAI's and Anthropic's streams) sees nothing of it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple

import pytest

from sidecar.simulator.bill import Finished
from sidecar.simulator.milestones import Milestone
from tests.end_to_end import dialect_clients, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, of_any_answer, sdk_road

STEPS, HELD_AFTER = 60, 40
"""A token a step, and no more than these until the test says so."""
TAKEN, REPLAYED = 10, 30
"""Items that are taken by who leaves, and by who comes again before anything more is made."""


class Streamer(NamedTuple):
    """A client, and what is known of its provider."""

    client: Client
    upstream: str
    model: str
    on_close: str
    options: Mapping[str, Any] = {}

    def script(self, seconds: float, more: str = "") -> str:
        """What the provider does."""
        return f"seconds={seconds} chunks={STEPS} output={STEPS} on_close={self.on_close}{more}"

    def asking(self, road: SdkRoad, name: str) -> Asking:
        """A question whose answer is held in the middle."""
        headers = headers_of(name, self.script(0.2, f" hold={HELD_AFTER}"))
        return Asking(road.through(self.upstream), self.model, headers, is_stream=True, options=self.options)


USAGE = {"stream_options": {"include_usage": True}}
OPENAI = Streamer(stainless_clients.openai_chat, "openai", "gpt-5-mini", "stops", USAGE)
STREAMERS = {
    "openai": OPENAI,
    "openai async": OPENAI._replace(client=stainless_clients.openai_chat_async),
    "openai responses": OPENAI._replace(client=stainless_clients.openai_responses, options={}),
    "anthropic": Streamer(stainless_clients.anthropic_messages, "anthropic", "claude-sonnet-5", "stops"),
    "google-genai": Streamer(dialect_clients.genai_content, "gemini", "gemini-2.5-flash", "runs_on"),
}


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("streams"), {"mode": "enforce"}) as running:
        yield running


def taken(streamer: Streamer, asking: Asking) -> list[Any]:
    """The first items, and then the caller leaves."""
    with closing(streamer.client(asking)) as left:
        return list(islice(left, TAKEN))


def of_anybody(items: list[Any]) -> str:
    return of_any_answer(json.dumps(items))


@pytest.mark.parametrize("streamer", STREAMERS.values(), ids=STREAMERS.keys())
def test_stream_left_midway_and_asked_for_again__replayed_at_once_and_then_live(
    road: SdkRoad, streamer: Streamer
) -> None:
    name = new_name()
    asking = streamer.asking(road, name)
    taken(streamer, asking)
    road.simulator.reached(name, Milestone.HELD)
    with closing(streamer.client(asking)) as again:
        items = list(islice(again, REPLAYED))  # nothing is made meanwhile
        assert road.simulator.release(name) == 1
        items += again
    undisturbed = headers_of(new_name(), streamer.script(0))
    directly = list(streamer.client(asking._replace(base_url=road.simulator.url, headers=undisturbed)))
    assert of_anybody(items) == of_anybody(directly)
    rows = road.rows(name, 2)
    (billed,) = road.simulator.bill.of(name)
    assert (billed.finished_how, billed.caller_left_at) == (Finished.COMPLETED, None)
    assert [row.outcome for row in rows] == ["rescued", "joined"]
    assert (rows[0].spend_usd, rows[0].usage_basis) == (billed.usd, "exact")


def test_retries_that_leave_too__the_next_one_has_it_from_the_first_byte(road: SdkRoad) -> None:
    name = new_name()
    asking = OPENAI.asking(road, name)
    told = [taken(OPENAI, asking) for _ in range(3)]
    with closing(OPENAI.client(asking)) as last:
        items = list(islice(last, TAKEN))
        road.simulator.reached(name, Milestone.HELD)
        assert road.simulator.release(name) == 1
        told.append(items)
        assert len([*items, *last]) > STEPS
    assert told == [told[0]] * 4
    first, *left_too, joined = road.rows(name, 4)
    assert [row.outcome for row in (first, *left_too, joined)] == ["rescued", "left_early", "left_early", "joined"]
    assert [row.attempt_of for row in (*left_too, joined)] == [first.id] * 3
    assert first.rescued_by == joined.id
    (billed,) = road.simulator.bill.of(name)
    assert billed.caller_left_at is None
