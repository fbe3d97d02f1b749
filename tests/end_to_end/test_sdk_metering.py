"""What an SDK is answered through the sidecar is what it is answered directly, and the row is what the provider's bill says."""

import json
import time
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from sidecar.lifecycle.record import CallKind, CallRecord
from sidecar.simulator.prices import PER_MILLION
from tests.end_to_end import boto3_clients, dialect_clients, documented_wire as wire, stainless_clients
from tests.end_to_end.asking import Asking, Client
from tests.end_to_end.bedrock_wire import HOST, MODEL as BEDROCK_MODEL
from tests.end_to_end.dialect_wire import SSE, chunk, head
from tests.end_to_end.documented_wire import Transcript
from tests.end_to_end.scripted_provider import Answer
from tests.end_to_end.sdk_road import SdkRoad, headers_of, new_name, of_any_answer, sdk_road

SCRIPT = "seconds=0 chunks=3 prompt=1000 cached=200 output=100 thoughts=50"
CLAUDE = f"{SCRIPT} cache_write=120 cache_write_hour=30"
UNTIL_THE_END_HAS_COME_SECONDS = 0.01
"""More than it takes the end of a reply to pass, and less than it waits for a reset that says it was not read."""

PARTS = {"input": 800, "cached_input": 200, "output": 100, "reasoning": 50}
WRITES = {"cache_write_input": 120, "cache_write_hour_input": 30}
TOGETHER = {"input": 800, "cached_input": 200, "output": 150}
"""Where thinking is not told from the rest of the answer."""


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SdkRoad]:
    with sdk_road(tmp_path_factory.mktemp("metering"), {"labels": {"allow": ["team"]}}) as running:
        yield running


class Case(NamedTuple):
    """A client of the simulator's, and what its row says."""

    client: Client
    upstream: str
    model: str
    methods: tuple[str, ...]
    """Of an answer in one piece, and of a stream where there is one."""
    usage: Mapping[str, int]
    script: str = SCRIPT
    options: Mapping[str, Any] = {}
    """More arguments when a stream is asked for."""
    basis: str = "exact"


INCLUDED = {"stream_options": {"include_usage": True}}
CHAT = ("chat.completions", "chat.completions")
CASES = {
    "google-genai": Case(
        dialect_clients.genai_content, "gemini", "gemini-2.5-flash", ("generateContent", "streamGenerateContent"), PARTS
    ),
    "google-genai embed": Case(
        dialect_clients.genai_embed, "gemini", "gemini-embedding-001", ("batchEmbedContents",), {"input": 1000}
    ),
    "google-genai on vertex": Case(
        dialect_clients.genai_content_on_vertex, "vertex", "gemini-2.5-pro", ("generateContent", "streamGenerateContent"), PARTS
    ),
    "openai": Case(stainless_clients.openai_chat, "openai", "gpt-5-mini", CHAT, PARTS, options=INCLUDED),
    "openai async": Case(stainless_clients.openai_chat_async, "openai", "gpt-4.1-nano", CHAT, PARTS, options=INCLUDED),
    "openai responses": Case(stainless_clients.openai_responses, "openai", "o4-mini", ("responses", "responses"), PARTS),
    "openai embeddings": Case(
        stainless_clients.openai_embeddings, "openai", "text-embedding-3-small", ("embeddings",), {"input": 1000}
    ),
    "openai at google": Case(
        stainless_clients.openai_chat_at_google, "gemini", "gemini-2.5-flash", CHAT, PARTS, options=INCLUDED
    ),
    "anthropic": Case(
        stainless_clients.anthropic_messages, "anthropic", "claude-sonnet-5", ("messages", "messages"), PARTS | WRITES, CLAUDE
    ),
    "anthropic async": Case(
        stainless_clients.anthropic_messages_async, "anthropic", "claude-haiku-4-5", ("messages", "messages"),
        PARTS | WRITES, CLAUDE,
    ),
    "anthropic on vertex": Case(
        stainless_clients.anthropic_on_vertex, "vertex", "claude-sonnet-5", ("rawPredict", "streamRawPredict"),
        PARTS | WRITES, CLAUDE, basis="estimated",
    ),
    "boto3 converse": Case(
        boto3_clients.bedrock_converse, "bedrock", BEDROCK_MODEL, ("Converse", "ConverseStream"), TOGETHER | WRITES, CLAUDE
    ),
    "boto3 invoke": Case(
        boto3_clients.bedrock_invoke, "bedrock", BEDROCK_MODEL, ("InvokeModel", "InvokeModelWithResponseStream"), PARTS
    ),
    "groq": Case(stainless_clients.groq_chat, "groq", "openai/gpt-oss-120b", CHAT, PARTS, f"{SCRIPT} usage=last"),
    "mistral": Case(dialect_clients.mistral_chat, "mistral", "mistral-medium-latest", CHAT, PARTS, f"{SCRIPT} usage=last"),
}  # fmt: skip
WHOLE = CASES.items()
STREAMS = [(name, case) for name, case in CASES.items() if len(case.methods) > 1]


def answers(client: Client, asking: Asking) -> list[str]:
    """What the SDK gives its caller, without what is of this one answer's own."""
    return [of_any_answer(json.dumps(item, sort_keys=True)) for item in client(asking)]


def asked_both_ways(road: SdkRoad, case: Case, *, is_stream: bool) -> tuple[str, list[str], list[str]]:
    """Ask directly and through the sidecar; the name of the second call, and what either was answered."""
    name, options = new_name(), case.options if is_stream else {}
    direct = Asking(road.simulator.url, case.model, headers_of(new_name(), case.script), is_stream, options=options)
    through = direct._replace(base_url=road.through(case.upstream), headers=headers_of(name, case.script))
    return name, answers(case.client, direct), answers(case.client, through)


def told(row: CallRecord) -> dict[str, Any]:
    """What a row says of what the call was and used."""
    return {
        "provider": row.provider, "dialect": row.dialect, "model": row.model, "kind": row.kind, "method": row.method,
        "usage": row.usage, "outcome": row.outcome, "http_status": row.http_status, "basis": row.basis,
        "usage_basis": row.usage_basis,
    }  # fmt: skip


def expected(case: Case, kind: CallKind) -> dict[str, Any]:
    """What it should say."""
    return {
        "provider": case.upstream, "dialect": case.upstream, "model": case.model, "kind": kind,
        "method": case.methods[kind is CallKind.STREAM], "usage": case.usage, "outcome": "delivered", "http_status": 200,
        "basis": case.basis, "usage_basis": "exact",
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "case"), [
    *(pytest.param(CallKind.UNARY, case, id=name) for name, case in WHOLE),
    *(pytest.param(CallKind.STREAM, case, id=f"{name} stream") for name, case in STREAMS),
])  # fmt: skip
def test_sdk_is_answered_as_directly__and_its_row_is_the_providers_bill(
    road: SdkRoad, case: Case, kind: CallKind
) -> None:
    name, directly, through = asked_both_ways(road, case, is_stream=kind is CallKind.STREAM)
    row, (billed,) = road.row(name), road.simulator.bill.of(name)
    assert through == directly
    assert told(row) == expected(case, kind)
    assert row.spend_usd == billed.usd
    assert row.orphaned_usd == 0


@pytest.mark.parametrize("kind", [CallKind.UNARY, CallKind.STREAM])
@pytest.mark.parametrize("name", ["boto3 converse", "boto3 invoke"])
def test_boto3_that_takes_the_sidecar_for_its_proxy__is_billed_alike(road: SdkRoad, name: str, kind: CallKind) -> None:
    """It asks for AWS's own host, as it has to: that is what it signs."""
    case, caller = CASES[name], new_name()
    headers, is_stream = headers_of(caller, case.script), kind is CallKind.STREAM
    asking = Asking(f"http://{HOST}", case.model, headers, is_stream, proxy=road.sidecar.proxy)
    directly = answers(case.client, Asking(road.simulator.url, case.model, headers, is_stream))
    assert answers(case.client, asking) == directly
    assert told(row := road.row(caller)) == expected(case, kind)
    assert [row.spend_usd] * 2 == [billed.usd for billed in road.simulator.bill.of(caller)]


def test_spend_is_the_list_price_times_what_was_used(road: SdkRoad) -> None:
    """The one sum that is worked out by hand: everybody else's is compared with the simulator's own."""
    name, _, _ = asked_both_ways(road, CASES["anthropic"], is_stream=True)
    per_million = 650 * 2 + 200 * Decimal("0.20") + 120 * Decimal("2.50") + 30 * 4 + 150 * 10
    assert road.row(name).spend_usd == per_million * PER_MILLION


class Documented(NamedTuple):
    """A client of a transcript's, and what its row says."""

    client: Client
    dialect: str
    transcript: Transcript
    methods: tuple[str, ...]


DOCUMENTED = {
    "groq": Documented(stainless_clients.groq_chat, "groq", wire.GROQ, CHAT),
    "mistral": Documented(dialect_clients.mistral_chat, "mistral", wire.MISTRAL, CHAT),
    "cohere": Documented(dialect_clients.cohere_chat, "cohere", wire.COHERE, ("chat", "chat")),
    "ollama": Documented(dialect_clients.ollama_chat, "ollama", wire.OLLAMA, ("chat", "chat")),
    "interactions": Documented(
        dialect_clients.genai_interaction, "gemini", wire.INTERACTION, ("interactions.create", "interactions.create")
    ),
}


@pytest.mark.parametrize("kind", [CallKind.UNARY, CallKind.STREAM])
@pytest.mark.parametrize("case", DOCUMENTED.values(), ids=DOCUMENTED.keys())
def test_documented_answer_reaches_the_sdk_as_directly__and_is_billed_at_list_price(
    road: SdkRoad, case: Documented, kind: CallKind
) -> None:
    name, transcript, is_stream = new_name(), case.transcript, kind is CallKind.STREAM
    road.provider.script(name, transcript.stream() if is_stream else transcript.whole())
    direct = Asking(road.provider.url, transcript.model, headers_of(name), is_stream)
    directly = answers(case.client, direct)
    through = answers(case.client, direct._replace(base_url=road.through(f"scripted-{case.dialect}")))
    row = road.row(name)
    assert through == directly
    assert told(row) == {
        "provider": case.dialect, "dialect": case.dialect, "model": transcript.model, "kind": kind,
        "method": case.methods[is_stream], "usage": transcript.usage, "outcome": "delivered", "http_status": 200,
        "basis": None if transcript.usd is None else "exact", "usage_basis": "exact",
    }  # fmt: skip
    assert row.spend_usd == transcript.usd
    assert (row.unpriced_reason is None) == (transcript.usd is not None)


CLOSING_EARLY = {
    "openai": Documented(stainless_clients.openai_chat, "openai", wire.OPENAI, CHAT),
    "mistral": DOCUMENTED["mistral"],
    "interactions": DOCUMENTED["interactions"],
}


@pytest.mark.parametrize("case", CLOSING_EARLY.values(), ids=CLOSING_EARLY.keys())
def test_sdk_that_closes_behind_the_last_event__has_had_its_answer(road: SdkRoad, case: Documented) -> None:
    """With the end of the framing unread, its kernel sends a reset: that is how these end a stream in order."""
    name, events = new_name(), b"".join(map(chunk, case.transcript.events))
    road.provider.script(name, Answer((head("Transfer-Encoding: chunked", content_type=SSE), events, b"0\r\n\r\n")))
    through = road.through(f"scripted-{case.dialect}")
    items = case.client(Asking(through, case.transcript.model, headers_of(name), is_stream=True))
    next(items)
    time.sleep(UNTIL_THE_END_HAS_COME_SECONDS)
    list(items)
    row = road.row(name)
    assert row.outcome == "delivered"
    assert row.orphaned_usd == 0


def test_azure_is_priced_by_the_deployment_in_the_path(road: SdkRoad) -> None:
    """The body names another model, and nobody's list has Azure's prices: those of the house that made the model are inferred."""
    name, transcript = new_name(), wire.AZURE
    road.provider.script(name, transcript.whole())
    list(stainless_clients.azure_chat(Asking(road.through("scripted-azure"), transcript.model, headers_of(name))))
    row = road.row(name)
    assert (row.dialect, row.provider, row.usage) == ("azure", "azure", transcript.usage)
    assert (row.spend_usd, row.basis, row.basis_reason) == (transcript.usd, "estimated", "price_inferred")


def test_label_that_the_settings_allow_reaches_the_row(road: SdkRoad) -> None:
    name = new_name()
    headers = headers_of(name, SCRIPT, X_Sidecar_Label_Team="search", X_Sidecar_Label_Mood="good")
    list(stainless_clients.openai_chat(Asking(road.through("openai"), "gpt-5-mini", headers)))
    assert road.row(name).labels == {"team": "search"}
