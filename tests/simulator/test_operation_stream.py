"""Answers told piece by piece: what is kept back, how they end, and who may leave."""

import json
from typing import Any

import pytest

from sidecar.simulator.operation_stream import events_skipped
from sidecar.simulator.request import Request
from sidecar.simulator.server import RunningSimulator
from tests.simulator.callers import ask
from tests.simulator.operation_clients import FLASH, GPT, billed, seen

BODIES = {
    "/v1/interactions": {"model": FLASH, "input": "hi", "background": True, "stream": True},
    "/v1/responses": {"model": GPT, "input": "hi", "background": True, "stream": True},
}
RESUMED = {"/v1/interactions": "last_event_id=e2", "/v1/responses": "starting_after=1"}


def events(body: bytes) -> list[Any]:
    return [
        json.loads(line[6:]) for line in body.split(b"\n") if line.startswith(b"data: ") and line != b"data: [DONE]"
    ]


@pytest.mark.parametrize(
    ("query", "skipped"),
    [
        ({}, 0),
        ({"starting_after": "7"}, 8),
        ({"last_event_id": "e3"}, 3),
        ({"last_event_id": "nonsense"}, 0),
        ({"starting_after": "-1"}, 0),
    ],
)
def test_who_comes_back__has_had_so_many(query: dict[str, str], skipped: int):
    assert events_skipped(Request("GET", "/", query, {}, "", 0, b"", 0)) == skipped


@pytest.mark.parametrize("path", BODIES)
def test_taken_up__the_same_events_without_those_that_were_had(simulator: RunningSimulator, path: str):
    body = json.dumps(BODIES[path]).encode()
    whole = events(ask(simulator, path, body, script="seconds=0 chunks=3", tag=f"whole {path}").body)
    name = seen(simulator, f"whole {path}").id
    resumed = events(ask(simulator, f"{path}/{name}?stream=true&{RESUMED[path]}", method="GET").body)
    assert resumed == whole[2:]
    assert "completed" in str(resumed[-1].get("type", resumed[-1].get("event_type")))


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("/v1/interactions", ("interaction.completed", "cancelled")),
        ("/v1/responses", ("response.cancelled", "cancelled")),
    ],
)
def test_cancelled_while_somebody_listens__the_stream_says_so(
    simulator: RunningSimulator, path: str, last: tuple[str, str]
):
    tag, quiet = f"heard {path}", {key: value for key, value in BODIES[path].items() if key != "stream"}
    name = ask(simulator, path, json.dumps(quiet).encode(), script="never_ending=1", tag=tag).content["id"]
    ask(simulator, f"{path}/{name}/cancel", b"")
    event = events(ask(simulator, f"{path}/{name}?stream=true", method="GET").body)[-1]
    said = event.get("interaction") or event["response"]
    assert (event.get("type") or event["event_type"], said["status"]) == last


@pytest.mark.parametrize(("path", "last"), [("/v1/interactions", "error"), ("/v1/responses", "response.failed")])
def test_failing__the_stream_says_so(simulator: RunningSimulator, path: str, last: str):
    body, tag = json.dumps(BODIES[path]).encode(), f"failing {path}"
    event = events(ask(simulator, path, body, script="seconds=0 fail_after=2", tag=tag).body)[-1]
    assert (event.get("type") or event["event_type"]) == last
    assert billed(simulator, tag)[2] == "failed"
