"""Early closes that are no loss (DESIGN 4.1): whoever has the dialect's last frame has the answer, however soon it closes."""

import http.client
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.end_to_end import boto3_clients, dialect_clients, documented_wire as wire, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.documented_wire import Transcript
from tests.end_to_end.leaving_scene import BODY, MODES, UNARY, roads
from tests.end_to_end.scripted_provider import Answer
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name

SCRIPT = "seconds=0 chunks=3 prompt=100 output=60 tail=0.1"
"""The provider's stream ends in order a tenth of a second behind its last frame: nobody waits for that who closes."""
IDLE_SECONDS = 0.3
CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.fixture(scope="module")
def road_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], SdkRoad]]:
    with roads(tmp_path_factory.mktemp("early_close"), limits={"downstream_idle_seconds": IDLE_SECONDS}) as by_mode:
        yield by_mode


@pytest.fixture
def road(road_of: Callable[[str], SdkRoad], mode: str) -> SdkRoad:
    return road_of(mode)


class Case(NamedTuple):
    """A stream of one dialect, as an SDK gives it."""

    client: Client
    upstream: str
    model: str
    last: str = ""
    """In the last item that the SDK gives; empty where what ends the stream is no item to it."""
    transcript: Transcript | None = None


FINISHED = re.compile(r'"finish_reason": "')
INCLUDED = {"stream_options": {"include_usage": True}}
LAST_FRAME_IS_AN_ITEM = {
    "google-genai": Case(dialect_clients.genai_content, "gemini", "gemini-2.5-flash", "finish_reason"),
    "google-genai on Vertex": Case(
        dialect_clients.genai_content_on_vertex, "vertex", "gemini-2.5-flash", "finish_reason"
    ),
    "openai responses": Case(stainless_clients.openai_responses, "openai", "gpt-5-mini", "response.completed"),
    "anthropic": Case(stainless_clients.anthropic_messages, "anthropic", "claude-sonnet-5", "message_stop"),
    "anthropic async": Case(stainless_clients.anthropic_messages_async, "anthropic", "claude-sonnet-5", "message_stop"),
    "boto3 converse": Case(boto3_clients.bedrock_converse, "bedrock", CLAUDE, "metadata"),
    "boto3 invoke": Case(boto3_clients.bedrock_invoke, "bedrock", CLAUDE, "message_stop"),
    "ollama": Case(dialect_clients.ollama_chat, "scripted-ollama", wire.OLLAMA.model, "done_reason", wire.OLLAMA),
}
LAST_FRAME_IS_DONE = {
    "openai": Case(stainless_clients.openai_chat, "openai", "gpt-5-mini"),
    "openai async": Case(stainless_clients.openai_chat_async, "openai", "gpt-5-mini"),
    "groq": Case(stainless_clients.groq_chat, "groq", "openai/gpt-oss-120b"),
    "mistral": Case(dialect_clients.mistral_chat, "mistral", "mistral-medium-latest"),
    "cohere": Case(dialect_clients.cohere_chat, "scripted-cohere", wire.COHERE.model, "message-end", wire.COHERE),
    "google-genai interactions": Case(
        dialect_clients.genai_interaction, "scripted-gemini", wire.INTERACTION.model, "completed", wire.INTERACTION
    ),
}
"""`[DONE]`, which SDKs keep for themselves; that of the Interactions API closes right behind it."""
CASES = LAST_FRAME_IS_AN_ITEM | LAST_FRAME_IS_DONE


def in_modes(observed: Mapping[str, Case], *enforced: str) -> pytest.MarkDecorator:
    """All of these clients in `observe`, and some in `enforce`."""
    cases = [("observe", name) for name in observed] + [("enforce", name) for name in enforced]
    ids = [f"{mode}-{name}" for mode, name in cases]
    return pytest.mark.parametrize(("mode", "case"), [(mode, CASES[name]) for mode, name in cases], ids=ids)


def slowly_ending(transcript: Transcript) -> Answer:
    """All of a stream's events, and an end of its framing that takes its time: `0000...`, digit by digit."""
    *events, end = transcript.stream().pieces
    return Answer((*events, *[b"0"] * 10, end))


def asked(road: SdkRoad, case: Case, name: str, **options: object) -> Asking:
    if case.transcript is not None:
        road.provider.script(name, slowly_ending(case.transcript))
    headers = headers_of(name, SCRIPT)
    return Asking(road.through(case.upstream), case.model, headers, is_stream=True, options=options)


def no_loss(road: SdkRoad, name: str, departures: float) -> None:
    row = road.row(name)
    assert (row.outcome, row.left_at, row.left_reason, row.orphaned_usd or 0) == ("delivered", None, None, 0)
    assert row.finished_at is not None
    assert departures_of(road) == departures


def departures_of(road: SdkRoad) -> float:
    return road.sidecar.total("departures_total")


@in_modes(CASES, "openai", "google-genai interactions")
def test_sdk_reads_to_what_it_takes_for_the_end_and_closes__delivered(road: SdkRoad, case: Case) -> None:
    name, before = new_name(), departures_of(road)
    list(case.client(asked(road, case, name)))
    no_loss(road, name, before)


@in_modes(LAST_FRAME_IS_AN_ITEM, "google-genai", "openai responses", "anthropic", "boto3 invoke")
def test_agent_breaks_out_of_its_loop_with_the_last_frame__delivered(road: SdkRoad, case: Case) -> None:
    name, before = new_name(), departures_of(road)
    with closing(case.client(asked(road, case, name))) as items:
        assert any(case.last in json.dumps(item) and is_last(item) for item in items)  # `any` reads no further
    no_loss(road, name, before)


def is_last(item: object) -> bool:
    """Not one that merely has a field of that name."""
    return not (isinstance(item, dict) and item.get("done") is False)


@pytest.mark.parametrize("mode", MODES)
def test_agent_breaks_out_of_its_loop_with_the_usage_of_a_chat__delivered(road: SdkRoad) -> None:
    """The last item that OpenAI's SDK gives where usage was asked for; `[DONE]` comes right behind."""
    name, before = new_name(), departures_of(road)
    case = LAST_FRAME_IS_DONE["openai"]
    with closing(case.client(asked(road, case, name, **INCLUDED))) as items:
        assert any(item["usage"] for item in items)
    no_loss(road, name, before)


def connected(road: SdkRoad) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(road.sidecar.proxy).netloc, timeout=10)


def call_on(connection: http.client.HTTPConnection, name: str) -> None:
    """A call on a connection that is kept."""
    headers = {**headers_of(name), "Content-Type": "application/json"}
    connection.request("POST", f"/gemini/v1beta/models/gemini-2.5-flash:{UNARY}", BODY, headers)
    connection.getresponse().read()


@pytest.mark.parametrize("mode", MODES)
def test_kept_connection_is_closed_by_its_caller__nobody_left(road: SdkRoad) -> None:
    names, before = (new_name(), new_name()), departures_of(road)
    with closing(connected(road)) as connection:
        for name in names:
            call_on(connection, name)
            road.row(name)
    for name in names:
        no_loss(road, name, before)


@pytest.mark.parametrize("mode", MODES)
def test_kept_connection_is_closed_by_us__nobody_left(road: SdkRoad) -> None:
    name, before = new_name(), departures_of(road)
    idle = road.sidecar.total("limits_reached_total", limit="limits.downstream_idle_seconds")
    with closing(connected(road)) as connection:
        call_on(connection, name)
        assert connection.sock.recv(1) == b""
    no_loss(road, name, before)
    assert road.sidecar.total("limits_reached_total", limit="limits.downstream_idle_seconds") == idle + 1


@pytest.mark.parametrize("mode", MODES)
def test_nothing_was_orphaned(road: SdkRoad) -> None:
    """Over all of the above."""
    sidecar = road.sidecar
    assert sidecar.total("departures_total") == sidecar.total("spend_usd_total", fate="orphaned") == 0
    assert sidecar.total("calls_settled_total") == sidecar.total("calls_settled_total", outcome="delivered") > 0


@in_modes({name: CASES[name] for name in ("openai", "openai async", "groq", "mistral")}, "openai")
def test_agent_breaks_out_of_its_loop_with_the_finish_reason_of_a_chat__delivered(road: SdkRoad, case: Case) -> None:
    """All choices have finished: only bookkeeping comes behind it, and many agents do not wait for that."""
    name, before = new_name(), departures_of(road)
    with closing(case.client(asked(road, case, name))) as items:
        assert any(FINISHED.search(json.dumps(item)) for item in items)
    no_loss(road, name, before)
