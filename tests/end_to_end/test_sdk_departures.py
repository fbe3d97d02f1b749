"""An SDK's caller that leaves in the middle of a stream: what becomes of the call, by what is known of its provider.

Where closing the connection stops the work, the call is cut and its figures are estimated from what was seen. Where the work
runs on anyway it is followed to its end, and the figures are the provider's own.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest

from sidecar.lifecycle.record import CallRecord
from sidecar.simulator.bill import Entry, Finished
from sidecar.simulator.milestones import Milestone
from sidecar.simulator.script import OnClose
from tests.end_to_end import boto3_clients, dialect_clients, documented_wire as wire, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.documented_wire import Transcript
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, sdk_road

STEPS = 100
HELD_AFTER = 40
SCRIPT = f"seconds=0.2 chunks={STEPS} output={STEPS} hold={HELD_AFTER}"
"""A token a step, and no more than these until the test says so: the caller leaves behind some of them, whatever the time."""
TAKEN = 20
"""Items that the caller takes."""
WITHIN = Decimal("0.10")
"""How far an estimate may be off (the issue's own bound, of a sum)."""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("departures")) as running:
        yield running


class Leaver(NamedTuple):
    """A client whose caller leaves."""

    client: Client
    upstream: str
    model: str
    script: str = SCRIPT


CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
STOPPED = {
    "openai": Leaver(stainless_clients.openai_chat, "openai", "gpt-5-mini"),
    "openai async": Leaver(stainless_clients.openai_chat_async, "openai", "gpt-5-mini"),
    "openai responses": Leaver(stainless_clients.openai_responses, "openai", "gpt-5-mini"),
    "anthropic": Leaver(stainless_clients.anthropic_messages, "anthropic", "claude-sonnet-5"),
    "anthropic async": Leaver(stainless_clients.anthropic_messages_async, "anthropic", "claude-sonnet-5"),
}
RUN_ON = {
    "google-genai": Leaver(dialect_clients.genai_content, "gemini", "gemini-2.5-flash"),
    "boto3 converse": Leaver(boto3_clients.bedrock_converse, "bedrock", CLAUDE),
    "boto3 invoke": Leaver(boto3_clients.bedrock_invoke, "bedrock", CLAUDE),
    "groq": Leaver(stainless_clients.groq_chat, "groq", "openai/gpt-oss-120b", f"{SCRIPT} usage=last"),
    "mistral": Leaver(dialect_clients.mistral_chat, "mistral", "mistral-medium-latest", f"{SCRIPT} usage=last"),
}


SILENT = {
    "cohere": (dialect_clients.cohere_chat, "cohere", wire.COHERE, 4),
    "ollama": (dialect_clients.ollama_chat, "ollama", wire.OLLAMA, 2),
}
"""Clients of transcripts that stop in the middle, and how many events come before that."""


def leave_midway(road: SdkRoad, leaver: Leaver, on_close: OnClose) -> tuple[CallRecord, Entry]:
    """Take some items and leave, when so much of the answer is made; the row and the provider's bill."""
    name, script = new_name(), f"{leaver.script} on_close={on_close}"
    items = leaver.client(Asking(road.through(leaver.upstream), leaver.model, headers_of(name, script), is_stream=True))
    for _ in range(TAKEN):
        next(items)
    road.simulator.reached(name, Milestone.HELD)
    items.close()
    if on_close is OnClose.RUNS_ON:
        road.simulator.release(name)
    road.simulator.reached(name, Milestone.BILLED)
    (billed,) = road.simulator.bill.of(name)
    return road.row(name), billed


@pytest.mark.parametrize("leaver", STOPPED.values(), ids=STOPPED.keys())
def test_where_closing_stops_the_work__cut_at_once_and_estimated_from_what_was_seen(
    road: SdkRoad, leaver: Leaver
) -> None:
    row, billed = leave_midway(road, leaver, OnClose.STOPS)
    assert billed.finished_how is Finished.STOPPED
    assert (row.outcome, row.finished_at) == ("orphan_cut", None)
    assert (row.basis, row.usage_basis, row.usage_reason) == ("estimated", "estimated", "counted_deltas")
    assert row.usage["output"] == billed.usage["output_tokens"] == HELD_AFTER
    assert row.spend_usd is not None
    assert abs(row.spend_usd - billed.usd) <= WITHIN * billed.usd


@pytest.mark.parametrize("leaver", RUN_ON.values(), ids=RUN_ON.keys())
def test_where_the_work_runs_on__followed_to_its_end_and_exact(road: SdkRoad, leaver: Leaver) -> None:
    row, billed = leave_midway(road, leaver, OnClose.RUNS_ON)
    assert billed.finished_how is Finished.COMPLETED
    assert (row.outcome, row.http_status) == ("orphan_finished", 200)
    assert row.left_reason in ("fin", "rst")  # a reset when a chunk had come that was never read
    assert (row.usage["output"], row.usage_basis) == (STEPS, "exact")
    assert row.spend_usd == billed.usd
    assert row.orphaned_usd is not None
    assert 0 < row.orphaned_usd < billed.usd


@pytest.mark.parametrize("case", SILENT.values(), ids=SILENT.keys())
def test_documented_stream_that_is_left__counted_by_its_deltas(
    road: SdkRoad, case: tuple[Client, str, Transcript, int]
) -> None:
    client, dialect, transcript, count = case
    name = new_name()
    road.provider.script(name, transcript.begun(count))
    items = client(Asking(road.through(f"scripted-{dialect}"), transcript.model, headers_of(name), is_stream=True))
    for _ in range(count):
        next(items)
    items.close()
    row = road.row(name)
    assert (row.outcome, row.usage["output"]) == ("orphan_cut", len(wire.SAID))
    assert (row.usage_basis, row.usage_reason) == ("estimated", "counted_deltas")
